"""Messengers renumbered, or with room for more: what must follow, and nothing else."""

import dataclasses

import numpy as np
import pytest

from sim.engine.threads import Threads
from sim.kernel.vec16 import WIDTH
from sim.rules import adoption, circumvention
from sim.rules.packed_state import (
    FEAR_BIT,
    FEAR_WIDTH,
    HABIT_WIDTH,
    PLACE_BIT,
    USABLE,
    aware_of,
    stories_of,
)
from sim.rules.records import CELLULAR, EFFECTS, MAX, PARAMS, records
from tests.helpers.chats import values_of
from tests.helpers.metamorphic import GAIN, SINGLE, by_messenger, in_the_ban, talked
from tests.helpers.toys import chats_by_messenger, converse
from tests.helpers.worlds import belief_of, keys

ORDER = [3, 0, 4, 1, 2, 5]  # the messenger that takes each place
BITS = ("installed", "second", "account", "aware", "mandated", "revising", "alert")


def permuted_bits(bits, order=ORDER):
    """Return bits with messenger order[k] in place k."""
    return sum((bits >> np.uint8(p) & 1) << np.uint8(k) for k, p in enumerate(order))


def permuted_halves(low, high):
    """Return what contacts see of somebody with the messengers in their new places."""
    fears = [low >> FEAR_BIT + FEAR_WIDTH * p & 2**FEAR_WIDTH - 1 for p in ORDER]
    habits = [high >> HABIT_WIDTH * p & 2**HABIT_WIDTH - 1 for p in ORDER]
    new = int(permuted_bits(np.uint8(low & USABLE))) | low & 0xFF << PLACE_BIT
    new |= sum(f << FEAR_BIT + FEAR_WIDTH * k for k, f in enumerate(fears))
    return new, sum(h << HABIT_WIDTH * k for k, h in enumerate(habits))


def renumbered(state):
    """Return `state` with the messengers in their new places."""
    state, params = state.copy(), records(PARAMS, 1)
    users, params[0] = state.users, state.params
    for name in BITS:
        users[name] = permuted_bits(users[name])
    for name in ("taste", "habit", "belief"):
        users[name] = users[name][:, ORDER]
    for name in ("standalone", "prior", "base_openings", "habit_openings", "mandate_openings",
                 "pair_appeal"):  # fmt: skip
        params[name][0] = state.params[name][..., ORDER]
    halves = permuted_halves(int(state.params.abroad_low[0]), int(state.params.abroad_high[0]))
    params.abroad_low[0, 0], params.abroad_high[0, 0] = halves
    somewhere = state.chats.platform < MAX
    places = np.argsort(ORDER)[state.chats.platform[somewhere]]
    state.chats.platform[somewhere] = places
    state = dataclasses.replace(state, params=params[0])
    state.publish(Threads(1))
    return state


def renumbered_env(env):
    """Return what is in force with the messengers in their new places."""
    effects = records(EFFECTS, 1)
    effects[0] = env.effects
    for name in ("passing", "trend", "trend_openings", "awareness", "trial", "preinstall",
                 "onboarding"):  # fmt: skip
        effects[name][0] = env.effects[name][ORDER]
    for name in ("access", "detection"):
        effects[name][0] = env.effects[name][[*ORDER, CELLULAR]]
    for name in ("unreadable", "varied"):
        effects[name][0] = permuted_bits(np.int64(env.effects[name]))
    return env._replace(
        effects=effects[0],
        availability=np.ascontiguousarray(env.availability[:, :, ORDER]),
        attraction=np.ascontiguousarray(env.attraction[..., ORDER]),
        quality=np.ascontiguousarray(env.quality[..., ORDER]),
        pairs=by_messenger(env.pairs)[ORDER].ravel(),
    )


def test_renumbering_messengers_renumbers_what_is_done_and_nothing_else():
    run = in_the_ban()
    env, state = run.env, run.state
    before, after = talked(state, env), talked(renumbered(state), renumbered_env(env))
    assert after.value == pytest.approx(before.value[:, ORDER], rel=SINGLE, abs=GAIN)
    assert after.use == pytest.approx(before.use[:, :, [*ORDER, CELLULAR]], rel=SINGLE, abs=1e-7)
    assert after.openings == pytest.approx(before.openings[:, ORDER], rel=1e-5, abs=1e-6)
    assert (chats_by_messenger(after) == chats_by_messenger(before)[:, ORDER]).all()
    for name in ("reachable", "secure", "abroad", "welfare", "helpers"):
        assert after[name] == pytest.approx(before[name], rel=SINGLE), name


def worth(user, step_record, env, params):
    """Return the utilities of installing at the values of a talk."""
    values = step_record.value.copy()
    adoption.weigh(0, user, step_record, env, params, keys(0))
    step_record.value = values
    return np.array([adoption.install_utility(step_record, p, params) for p in range(MAX)])


def test_renumbering_messengers_renumbers_what_they_are_worth_and_believed_to_be():
    """Utility of installing, of a VPN, of a chat; beliefs after a talk with a contact."""
    run = in_the_ban()
    env, state = run.env, run.state
    new_env, new = renumbered_env(env), renumbered(state)
    step_records, new_step_records = talked(state, env), talked(new, new_env)
    for i in range(0, state.n_users, 7):
        mine, theirs = state.users[i], new.users[i]
        u = worth(mine, step_records[i], env, state.params)
        v = worth(theirs, new_step_records[i], new_env, new.params)
        assert v == pytest.approx(u[ORDER], rel=1e-5, abs=1e-5)
        content = [
            circumvention.content_regained(user, n, s.params)
            for user, n, s in ((mine, env, state), (theirs, new_env, new))
        ]
        assert content[1] == pytest.approx(content[0], rel=1e-5)
        for s, said in ((state, step_records[i]), (new, new_step_records[i])):
            converse(i, s.public.belief_state, said, s.ties, keys(3))
        (mind,), (new_belief_state,) = step_records[i].peer, new_step_records[i].peer
        heard = [belief_of(mind, p) for p in range(MAX)]
        assert [belief_of(new_belief_state, k) for k in range(MAX)] == [heard[p] for p in ORDER]
        assert aware_of(new_belief_state) == permuted_bits(np.uint8(aware_of(mind)))
        assert stories_of(new_belief_state) == stories_of(mind)
    for g in range(0, len(state.chats.platform), 5):
        u = values_of(g, state.users, state.chats, env, state.params)
        v = values_of(g, new.users, new.chats, new_env, new.params)
        assert v[:5] == pytest.approx(u[ORDER[:5]], rel=1e-6)


@pytest.mark.parametrize("size", [2 * WIDTH, 6 * WIDTH])
def test_the_size_of_the_tables_does_not_matter(size):
    run = in_the_ban()
    assert run.env.n_pairs == WIDTH
    pairs = np.zeros((MAX, 2, 2, size), np.float32)
    pairs[..., :WIDTH] = by_messenger(run.env.pairs)
    larger = run.env._replace(pairs=pairs.ravel(), n_pairs=size)
    assert (talked(run.state, larger) == talked(run.state, run.env)).all()
