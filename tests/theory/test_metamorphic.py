"""What must hold of communication and its value at any state (docs/model.md)."""

import dataclasses
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.threads import Threads
from sim.kernel.compiled import jit_loop
from sim.kernel.vec16 import WIDTH, any_bits, gather, load, splat, store
from sim.rules.availability import availability
from sim.rules.choice_memory import working_memory
from sim.rules.packed_state import USABLE
from sim.rules.records import CALL, CELLULAR, MAX, MESSAGE, ORDINARY, PARAMS, SENSITIVE, records
from sim.rules.tie import Contacts, pair_terms, terms, tie_factors
from sim.rules.tie_lanes import classes_of, load_factors, load_tables, own_pairs
from tests.helpers.metamorphic import GAIN, SINGLE, by_messenger, in_the_ban, talked, utils, values
from tests.helpers.ties import csr, equal_ties
from tests.helpers.toys import considered, in_steps, toy_env, toy_params, toy_state, toy_users
from tests.helpers.worlds import F32


def test_use_of_a_channel_sums_to_one_for_whoever_has_ties():
    run = in_the_ban()
    has_ties = run.state.ties.degree > 0
    use = talked(run.state, run.env).use.astype(float)
    use[:, MESSAGE, CELLULAR] /= run.state.params.sms_share  # the others are not sent
    use = use.sum(axis=2)
    assert use[has_ties] == pytest.approx(1, rel=SINGLE)
    assert has_ties.sum() > 250


@jit_loop
def see(mine, other, choice_state, env, params, s, seen):
    """Write exp(v) and Z of ties as their ends `mine` see them, (3, MAX + 1, n ties).

    Of messages, sensitive messages and calls; Z last.
    """
    t, pairs = terms(env, params), env.pairs
    for at in range(0, len(mine), WIDTH):
        low, high = gather(choice_state, load(mine, at))
        contact_low, contact_high = gather(choice_state, load(other, at))
        offered = any_bits(low & USABLE)
        load_tables(t, s)
        load_factors(low, high, offered, t, s)
        pair = own_pairs(low, env.place_class, t) + classes_of(contact_low, env.place_class, t)
        nobody = splat(0.0)
        z_message, z_call = splat(t.out_message), splat(t.out_call)
        contacts = Contacts(contact_low, contact_high, pair, nobody, z_message, z_call)
        z_sensitive = z_message
        for p in range(MAX):
            if offered >> p & 1:
                has = (low & contact_low & (1 << p)) != 0
                by = pair_terms(p, has, pair, pairs, t)
                x, y, v = tie_factors(p, by, contacts, s)
                store(seen[0, p], at, x)
                store(seen[1, p], at, y)
                store(seen[2, p], at, v)
                z_message, z_sensitive, z_call = z_message + x, z_sensitive + y, z_call + v
        store(seen[0, MAX], at, z_message)
        store(seen[1, MAX], at, z_sensitive)
        store(seen[2, MAX], at, z_call)


@cache
def ends():
    """Return exp(v) and Z of every tie from both ends, and what arrives by channel."""
    run = in_the_ban()
    state, params, ties = run.state, run.state.params, run.state.ties
    (indptr, contacts), n = csr(ties), state.n_users
    users = np.repeat(np.arange(n, dtype=np.uint32), ties.degree)
    rank = np.arange(len(users)) - indptr[users]
    nobody = np.full(-len(users) % WIDTH, n, np.uint32)
    both = [np.concatenate([ids, nobody]) for ids in (users, contacts)]
    mine, other = (np.zeros((3, MAX + 1, len(both[0])), np.float32) for _ in range(2))
    see(*both, state.public.choice_state, run.env, params, working_memory(), mine)
    see(*reversed(both), state.public.choice_state, run.env, params, working_memory(), other)
    mine, other = mine[:, :, : len(users)], other[:, :, : len(users)]
    # what is sent over p, as the other end of the tie sees it
    weight = ties.rank_weight[rank].astype(float) / ties.rank_total[ties.degree[users]]
    out = np.array([params.outside[c] for c in (MESSAGE, MESSAGE, CALL)])
    phone = np.broadcast_to(out[:, None, None], (3, 1, len(users)))
    chosen = np.concatenate([other[:, :MAX], phone], axis=1) / other[:, MAX:].astype(float)
    by_topic = chosen @ weight
    received = np.array([params.topic_share @ by_topic[[ORDINARY, SENSITIVE]], by_topic[2]])
    received[MESSAGE, CELLULAR] *= params.sms_share
    return mine, other, received


def test_both_ends_of_a_tie_see_the_same_choice_bit_for_bit():
    mine, other, _ = ends()
    assert (mine == other).all()
    assert len(np.unique(mine[0, MAX])) > 500  # and not because all ties were alike


def test_what_is_sent_over_a_messenger_is_received_over_it():
    run, (_, _, received) = in_the_ban(), ends()
    at_home = run.state.copy()
    at_home.users.abroad[:] = 0  # what goes abroad arrives at nobody here
    at_home.publish(Threads(1))
    sent = talked(at_home, run.env).use.astype(float).sum(axis=0)
    assert sent == pytest.approx(received, rel=F32)
    assert (received[:, [0, 1, 2, CELLULAR]] > 1).all()


def test_a_user_without_ties_values_no_messenger_and_says_nothing():
    params = toy_params(2, network_value=5.0)
    users = toy_users(3, 2)
    users.installed[:], users.revising[:] = 0b11, 0b11
    env = toy_env([[1.2, 0.6], [0.3, 0.3]])
    step_records = talked(toy_state(users, equal_ties([[], [2], [1]]), params), env)
    assert not step_records.value[0].any()
    assert not step_records.use[0].any()
    assert step_records.welfare[0] == 0
    assert step_records.helpers[0] == 0
    assert (step_records.value[1, :2] > 0).all()


@pytest.mark.parametrize("user", [0, 1])
def test_a_user_without_ties_has_no_use_for_a_vpn_to_talk(user):
    """User 1 has a contact, and then there is one."""
    q = np.array([[[0.3, 0.3], [0.1, 0.1]], [[0.9, 0.9], [0.9, 0.9]]])
    users = toy_users(3, 2)
    users.installed[:], users.place[:] = 0b11, 1
    params = toy_params(2, vpn_value=2.0, vpn_rate=1e6)
    state = toy_state(users, equal_ties([[], [2], [1]]), params)
    env = toy_env([[1.2, 0.6], [0.3, 0.3]], (2.0, 3.0), q)
    considered(user, state, env)
    assert (state.step_records.vpn_gain[user] > 0) == (user == 1)


# The names of the messengers carry no meaning.


@pytest.mark.parametrize(("channel", "shift"), [(MESSAGE, 1.3), (CALL, -0.8)])
def test_a_constant_on_all_values_of_a_channel_changes_welfare_alone(channel, shift):
    run = in_the_ban()
    state, params, pairs = run.state, records(PARAMS, 1), run.env.pairs.copy()
    params[0] = state.params
    params.outside[0, channel] *= np.exp(shift)
    params.outside_abroad[0, channel] *= np.exp(shift)
    by_messenger(pairs)[:, 0, channel] *= np.exp(shift)
    lifted = dataclasses.replace(state, params=params[0])
    before, after = talked(state, run.env), talked(lifted, run.env._replace(pairs=pairs))
    assert after.value == pytest.approx(before.value, rel=SINGLE, abs=GAIN)
    for name in ("use", "openings", "reachable"):
        assert after[name] == pytest.approx(before[name], rel=SINGLE, abs=1e-7), name
    has_ties = state.ties.degree > 0
    gain = (after.welfare.astype(float) - before.welfare)[has_ties]
    calls = state.users.call_share[has_ties].astype(float)
    share = calls if channel == CALL else 1 - calls
    assert gain == pytest.approx(share * shift, abs=1e-5)


@settings(deadline=None, max_examples=50)
@given(values, st.tuples(utils, utils))
def test_a_clone_takes_the_share_that_the_logit_gives_it(values, outside):
    """Independence of irrelevant alternatives: a share s splits to s / (1 + s) twice."""

    def use(options):
        n = len(options)
        users = toy_users(2, n)
        users.installed[:] = users.account
        params = toy_params(n, outside=np.exp(outside))
        return talked(
            toy_state(users, equal_ties([[1], [0]]), params), toy_env(np.transpose(options))
        ).use[0].astype(float)  # fmt: skip

    alone, cloned = use(values), use([*values, values[-1]])
    k = len(values) - 1
    split = alone[:, k] / (1 + alone[:, k])
    assert cloned[:, k] == pytest.approx(split, rel=SINGLE)
    assert cloned[:, k + 1] == pytest.approx(split, rel=SINGLE)
    left = [*range(k), CELLULAR]
    ratio = cloned[:, left] * (1 + alone[:, [k]])
    assert ratio == pytest.approx(alone[:, left], rel=SINGLE)


grades = st.floats(0, 1)
levels_of_three = st.lists(st.floats(0, 1, width=32), min_size=9, max_size=9)


@settings(deadline=None, max_examples=100)
@given(
    st.tuples(grades, grades), st.integers(0, 1), st.lists(st.integers(0, 7), min_size=3,
    max_size=3), st.tuples(grades, grades), st.floats(0, 8), levels_of_three, levels_of_three,
    grades,
)  # fmt: skip
def test_a_restriction_never_raises_the_value_of_what_it_hits(
    pair, channel, sets, lifted, loss, habits, fears, sensitive
):
    """Nor does it ever lower the value of a rival, or raise welfare; whatever habits and fears."""
    circumvention, efficacy = lifted

    def step_records(grade):
        q = np.ones((2, 2, 3))
        for vpn in range(2):
            q[vpn, channel, 0] = availability(grade, circumvention, efficacy, vpn)
        users = toy_users(3, 3)
        users.installed[:], users.place[:], users.revising[:] = sets, [0, 1, 0], 0b111
        users.habit[:, :3], users.type[:] = in_steps(habit=np.reshape(habits, (3, 3))), -1
        users.belief[:, :3] = in_steps(belief=8 * np.reshape(fears, (3, 3)) - 4)
        users.concern[:] = in_steps(concern=3.0)
        params = toy_params(
            3, outside=np.exp([-1.0, 1.0]), topic_share=[1 - sensitive, sensitive],
            habit_value=2.0, chilling_value=1.0,
        )  # fmt: skip
        state = toy_state(users, equal_ties([[1, 2], [0, 2], [0, 1]]), params)
        a = [[1.2, 1.0, 0.8], [0.3, 0.0, 1.2]]
        return talked(state, toy_env(a, (loss, loss), q))

    low, high = (step_records(grade) for grade in sorted(pair))
    assert (high.value[:, 0] <= low.value[:, 0] + GAIN).all()
    assert (high.value[:, 1:] >= low.value[:, 1:] - GAIN).all()
    assert (high.welfare <= low.welfare + GAIN).all()
