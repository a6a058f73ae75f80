"""What must hold of communication and its value at any state (docs/model.md)."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.compiled import jit_loop
from sim.engines import Threads, n_blocks
from sim.inversion import talk_rows
from sim.rules.availability import availability
from sim.rules.choice import tie_values
from sim.rules.records import CALL, CELLULAR, MAX, MESSAGE, RULES, SCRATCH, records
from sim.rules.word import usable
from tests.worlds import (
    advanced,
    equal_ties,
    simulation,
    toy_now,
    toy_rules,
    toy_state,
    toy_users,
    world,
)  # fmt: skip

SINGLE = 1e-6  # relative: talks are kept in single precision


@cache
def in_the_ban():
    """Return a run in the twentieth week of ``call_ban``, everything reconsidered."""
    run = advanced(simulation(*world("+scenario=call_ban")), 20)
    run.state.users.revising[:] = 2 ** len(run.config.messengers) - 1
    return run


def talked(state, now):
    """Return what users say at a state that is left as it is."""
    state = state.copy()
    scratch = records(SCRATCH, n_blocks(state.n_users))
    Threads(1).run(
        talk_rows, state.n_users, state.users, state.talks, state.words, state.ties, now,
        state.rules, 0.0, scratch,
    )  # fmt: skip
    return state.talks


def test_use_of_a_channel_sums_to_one_for_whoever_has_ties():
    run = in_the_ban()
    has_ties = np.diff(run.state.ties.indptr) > 0
    use = talked(run.state, run.now).use.astype(float).sum(axis=2)
    assert use[has_ties] == pytest.approx(1, rel=SINGLE)
    assert has_ties.sum() > 250


@jit_loop
def both_ends(words, ties, now, rules, s, mine, other, received):
    """Write exp(v) and Z of every tie from both ends, and what arrives by channel."""
    for i in range(len(words)):
        first, last = ties.indptr[i], ties.indptr[i + 1]
        for tie in range(first, last):
            j = ties.indices[tie]
            shared = usable(words[i]) & usable(words[j])
            s.x[:] = 0.0
            mine[tie, 12], mine[tie, 13] = tie_values(words[i], words[j], shared, now, rules, s)
            mine[tie, :12] = s.x.ravel()
            s.x[:] = 0.0
            z = tie_values(words[j], words[i], shared, now, rules, s)
            other[tie, 12], other[tie, 13] = z
            other[tie, :12] = s.x.ravel()
            weight = ties.rank_weight[tie - first] / ties.rank_total[last - first]
            for c in range(2):  # what i sends over p, as j's end of the tie sees it
                received[c, :MAX] += weight * s.x[c] / z[c]
                received[c, CELLULAR] += weight * rules.outside[c] / z[c]


@cache
def ends():
    run = in_the_ban()
    state, n_ties = run.state, len(run.state.ties.indices)
    mine, other = np.zeros((n_ties, 14)), np.zeros((n_ties, 14))
    received = np.zeros((2, MAX + 1))
    both_ends(
        state.words, state.ties, run.now, state.rules, records(SCRATCH, 1)[0], mine, other,
        received,
    )  # fmt: skip
    return mine, other, received


def test_both_ends_of_a_tie_see_the_same_choice_bit_for_bit():
    mine, other, _ = ends()
    assert (mine == other).all()
    assert len(np.unique(mine[:, 12])) > 1000  # and not because all ties were alike


def test_what_is_sent_over_a_messenger_is_received_over_it():
    run, (_, _, received) = in_the_ban(), ends()
    sent = talked(run.state, run.now).use.astype(float).sum(axis=0)
    assert sent == pytest.approx(received, rel=SINGLE)
    assert (received[:, [0, 1, 2, CELLULAR]] > 1).all()


def test_a_user_without_ties_values_no_messenger_and_says_nothing():
    rules = toy_rules(2, network_value=5.0)
    users = toy_users(3, 2)
    users.installed[:], users.revising[:] = 0b11, 0b11
    now = toy_now([[1.2, 0.6], [0.3, 0.3]])
    talks = talked(toy_state(users, equal_ties([[], [2], [1]]), rules), now)
    assert not talks.value[0].any()
    assert not talks.use[0].any()
    assert talks.welfare[0] == 0
    assert (talks.value[1, :2] > 0).all()


# The names of the messengers carry no meaning.


def permuted_bits(bits, order):
    """Return bits with messenger order[k] in place k."""
    return sum((bits >> np.uint8(p) & 1) << np.uint8(k) for k, p in enumerate(order))


def test_renumbering_messengers_renumbers_what_is_done_and_nothing_else():
    run, order = in_the_ban(), [3, 0, 4, 1, 2, 5]
    now, state = run.now, run.state.copy()
    before = talked(state, now)
    users = state.users
    for name in ("installed", "account", "aware", "mandated", "revising"):
        users[name] = permuted_bits(users[name], order)
    for name in ("taste", "habit"):
        users[name] = users[name][:, order]
    state.show()
    rules = records(RULES, 1)
    rules[0] = state.rules
    for name in ("standalone", "type_taste", "base_openings", "habit_openings"):
        rules[name][0] = state.rules[name][order]
    rules.mandate_openings[0] = state.rules.mandate_openings[order]
    renumbered = now._replace(
        availability=now.availability[:, :, order],
        attraction=now.attraction[:, :, :, order],
        works=permuted_bits(now.works, order),
    )
    renamed = type(state)(users, state.talks, state.words, state.ties, rules[0])
    after = talked(renamed, renumbered)
    assert after.value == pytest.approx(before.value[:, order], rel=SINGLE, abs=1e-7)
    assert after.use == pytest.approx(before.use[:, :, [*order, CELLULAR]], rel=SINGLE, abs=1e-7)
    assert after.openings == pytest.approx(before.openings[:, order], rel=1e-5, abs=1e-6)
    assert after.reachable == pytest.approx(before.reachable, rel=SINGLE)
    assert after.welfare == pytest.approx(before.welfare, rel=SINGLE)


@pytest.mark.parametrize(("channel", "shift"), [(MESSAGE, 1.3), (CALL, -0.8)])
def test_a_constant_on_all_values_of_a_channel_changes_welfare_alone(channel, shift):
    run = in_the_ban()
    state, rules, attraction = run.state, records(RULES, 1), run.now.attraction.copy()
    rules[0] = state.rules
    rules.outside[0, channel] *= np.exp(shift)
    attraction[:, :, channel] *= np.exp(shift)
    lifted = type(state)(state.users, state.talks, state.words, state.ties, rules[0])
    before, after = talked(state, run.now), talked(lifted, run.now._replace(attraction=attraction))
    for name in ("use", "value", "openings", "reachable"):
        assert after[name] == pytest.approx(before[name], rel=SINGLE, abs=1e-7), name
    has_ties = np.diff(state.ties.indptr) > 0
    gain = (after.welfare.astype(float) - before.welfare)[has_ties]
    assert gain == pytest.approx(state.rules.channel_share[channel] * shift, abs=1e-5)


utils = st.floats(-2, 2)
values = st.lists(st.tuples(utils, utils), min_size=2, max_size=3)


@settings(deadline=None, max_examples=50)
@given(values, st.tuples(utils, utils))
def test_a_clone_takes_the_share_that_the_logit_gives_it(values, outside):
    """Independence of irrelevant alternatives: a share s splits to s / (1 + s) twice."""

    def use(options):
        n = len(options)
        users = toy_users(2, n)
        users.installed[:] = users.account
        rules = toy_rules(n, outside=np.exp(outside))
        return talked(
            toy_state(users, equal_ties([[1], [0]]), rules), toy_now(np.transpose(options))
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


@settings(deadline=None, max_examples=100)
@given(
    st.tuples(grades, grades), st.integers(0, 1), st.lists(st.integers(0, 7), min_size=3,
    max_size=3), st.tuples(grades, grades), st.floats(0, 8),
)  # fmt: skip
def test_a_restriction_never_raises_the_value_of_what_it_hits(pair, channel, sets, lifted, loss):
    """Nor does it ever lower the value of a rival."""
    circumvention, efficacy = lifted

    def value(grade):
        q = np.ones((2, 2, 3))
        for vpn in range(2):
            q[vpn, channel, 0] = availability(grade, circumvention, efficacy, vpn)
        users = toy_users(3, 3)
        users.installed[:], users.place[:], users.revising[:] = sets, [0, 1, 0], 0b111
        rules = toy_rules(3, outside=np.exp([-1.0, 1.0]))
        state = toy_state(users, equal_ties([[1, 2], [0, 2], [0, 1]]), rules)
        a = [[1.2, 1.0, 0.8], [0.3, 0.0, 1.2]]
        return talked(state, toy_now(a, (loss, loss), q)).value

    low, high = (value(grade) for grade in sorted(pair))
    assert (high[:, 0] <= low[:, 0] * (1 + SINGLE)).all()
    assert (high[:, 1:] >= low[:, 1:] * (1 - SINGLE)).all()
