"""Numbers stored as multiples of a unit: what is read is what was written, to half a unit."""

import numpy as np
import pytest

from sim.engine import accumulators
from sim.kernel.compiled import jit_loop
from sim.kernel.vec8 import read, write
from sim.population.population import TASTE_UNIT
from sim.rules import beliefs, fixed_point, habit
from sim.rules.packed_state import pack_belief_state
from sim.rules.records import MAX, NEWS, STEP_RECORD, records
from tests.helpers.ties import equal_ties
from tests.helpers.toys import someone, toy_accumulators, toy_params, toy_state, toy_users

pytestmark = pytest.mark.interpreted


@jit_loop
def read_all(user, tastes, habits, beliefs):
    write(tastes, fixed_point.tastes(user))
    write(habits, fixed_point.habits(user))
    write(beliefs, fixed_point.beliefs(user))


@jit_loop
def write_habits(user, habits):
    fixed_point.set_habits(user, read(habits))


def test_tastes_are_read_in_the_unit_in_which_worlds_draw_them():
    user, (found, *rest) = (
        someone(taste=[1.0, -0.5, 1 / 32, 0, 127 / 32, -9.0]), np.zeros((3, MAX), np.float32),
    )  # fmt: skip
    read_all(user, found, *rest)
    assert found.tolist() == [1.0, -0.5, 1 / 32, 0.0, 127 / 32, -4.0]
    assert TASTE_UNIT * fixed_point.TASTE_STEPS == 1.0


@pytest.mark.parametrize("share", [0.0, 1e-6, 0.3, 0.70000001, 1.0])
def test_shares_are_kept_to_half_a_step_and_none_is_above_all(share):
    assert (
        abs(fixed_point.share_steps(share) / fixed_point.SHARE_STEPS - share)
        <= 0.5 / fixed_point.SHARE_STEPS
    )
    assert fixed_point.share_steps(np.float32(1.0000001)) == fixed_point.SHARE_STEPS


def months(openings, days, scale, opened):
    """Add openings to months; returns who was seen in each."""
    step_record, seen = records(STEP_RECORD, 1)[0], np.zeros((1, len(days), 1, accumulators.WIDTH))
    step_record.openings[:] = openings
    nothing = [np.zeros(0)] * 3
    accumulators.add_months(
        0,
        0,
        0,
        step_record,
        accumulators.Accumulators(
            1, *nothing, opened, np.array(days), np.array(scale), np.zeros(0), seen
        ),
    )
    return seen[0, :, 0]


def test_openings_of_a_month_are_kept_to_half_a_step_and_those_below_are_lost():
    step, opened = 1 / fixed_point.OPENED_STEPS, np.zeros((1, MAX), np.uint16)
    openings = np.array([0.0, 0.3, 0.49 * step / 7, 0.51 * step / 7, 2.0, 9.0], np.float32)
    for k in range(1, 4):
        assert not months(openings, [7.0], [0.0], opened).any()
        expected = 7.0 * k * openings.astype(float)
        assert np.abs(opened[0, [0, 1]] * step - expected[[0, 1]]).max() <= 0.5 * k * step
        assert opened[0, 2:4].tolist() == [0, k]  # by half a step or less nothing moves
        assert opened[0, 4] == min(round(expected[4] / step), 65535)
        assert opened[0, 5] == 65535  # sixteen times: seen
    seen = months(openings, [2.0, 5.0], [1.0, 0.0], opened)
    total = 21 * openings[1].astype(float) + 2 * openings[1].astype(float)
    assert seen[0, 1] == pytest.approx(1 - np.exp(-total), abs=2 * step)
    assert seen[0, 5] > 1 - 2e-7
    assert not seen[1].any()
    assert opened[0, 1] == np.rint(5 * openings[1].astype(float) / step)  # of the month begun


def test_the_sums_of_a_block_are_carried_to_those_of_its_chunk_and_begin_anew():
    state = toy_state(toy_users(3, 2), equal_ties([[]] * 3), toy_params(2))
    added = toy_accumulators(state)
    sums, rng = accumulators.block_sums(added), np.random.default_rng(6)
    assert sums.numbers.dtype == np.float32
    added.sums[0], expected = 2.0**30, np.full(added.sums.shape[1:], 2.0**30)
    for _ in range(3):  # what single precision, and two bytes, could not hold together
        sums.numbers[:] = rng.integers(0, 2**16, sums.numbers.shape) + 0.25
        counts = sums.counts[:, : accumulators.N_COUNTS]  # of one tile
        counts[:] = rng.integers(1, 2**16, counts.shape)
        expected += np.hstack([sums.numbers, counts])
        accumulators.flush(sums, 0, added)
        assert not sums.numbers.any()
        assert not sums.counts.any()
    assert (added.sums[0] == expected).all()


def test_sums_of_chunks_are_added_in_their_order_and_cleared():
    rng = np.random.default_rng(8)
    by_chunk = rng.normal(size=(32, 9, accumulators.N_COLUMNS)) * 10.0 ** rng.integers(
        -9, 9, (32, 9, 1)
    )
    counts = by_chunk[..., accumulators.HAS :]
    counts[:] = rng.integers(0, 2**40, counts.shape)
    by_chunk[rng.random((32, 9)) < 0.7] = 0.0  # nobody of the chunk is in the cell
    expected, sums = by_chunk.sum(axis=0), np.zeros(by_chunk.shape[1:])
    accumulators.reduce(by_chunk, sums)
    assert sums.tobytes() == expected.tobytes()
    assert not by_chunk.any()


def test_habits_and_beliefs_are_what_was_written_to_half_a_step_up_to_their_ends():
    user, rng = someone(), np.random.default_rng(3)
    for _ in range(200):
        habits, beliefs = rng.random(MAX, np.float32), rng.uniform(-15.9, 15.9, MAX)
        write_habits(user, habits)
        for p in range(MAX):
            fixed_point.set_belief(user, p, beliefs[p])
        kept = np.array(
            [(fixed_point.habit(user, p), fixed_point.belief(user, p)) for p in range(MAX)]
        )
        # .504: a product of single precision may be off by .004 steps
        assert np.abs(kept[:, 0] - habits).max() <= 0.504 / fixed_point.SHARE_STEPS
        assert np.abs(kept[:, 1] - beliefs).max() <= 0.5 / fixed_point.BELIEF_STEPS
        before = user.habit.tolist(), user.belief.tolist()
        write_habits(user, kept[:, 0].astype(np.float32))  # what is read is written as it was
        for p in range(MAX):
            fixed_point.set_belief(user, p, kept[p, 1])
        assert (user.habit.tolist(), user.belief.tolist()) == before
    for number, end in (
        (np.inf, 16 - 1 / fixed_point.BELIEF_STEPS),
        (-np.inf, -16.0),
        (16.0, None),
    ):
        fixed_point.set_belief(user, 0, number)
        assert fixed_point.belief(user, 0) == (end or 16 - 1 / fixed_point.BELIEF_STEPS)
    for number in (0.0, 1.0):
        write_habits(user, np.full(MAX, number, np.float32))
        assert fixed_point.habit(user, 0) == number


def test_how_much_one_talks_and_skill_are_read_as_they_were_written_up_to_their_ends():
    assert fixed_point.intensity(someone(intensity=1.0)) == 1.0
    assert (
        abs(fixed_point.intensity(someone(intensity=0.1234)) - 0.1234)
        <= 0.5 / fixed_point.INTENSITY_STEPS
    )
    assert fixed_point.intensity(someone(intensity=99.0)) == 32 - 1 / fixed_point.INTENSITY_STEPS
    assert (
        abs(fixed_point.concern(someone(concern=0.4321)) - 0.4321)
        <= 0.5 / fixed_point.CONCERN_STEPS
    )
    assert fixed_point.concern(someone(concern=99.0)) == 64 - 1 / fixed_point.CONCERN_STEPS
    assert abs(fixed_point.skill(someone(skill=-1.2345)) + 1.2345) <= 0.5 / fixed_point.SKILL_STEPS
    assert [fixed_point.skill(someone(skill=s)) for s in (-40.0, 40.0)] == [
        -32.0, 32 - 1 / fixed_point.SKILL_STEPS,
    ]  # fmt: skip


def test_all_messengers_at_once_are_written_as_one_by_one():
    rng, one = np.random.default_rng(4), np.float32(1.0)
    params, step_record = (
        toy_params(MAX, peer_rate=0.05, forget_rate=0.01),
        records(STEP_RECORD, 1)[0],
    )
    memory, follow, forget = np.array([0.7, 0.3, 0.1], np.float32)
    habits, believed = np.zeros((2, MAX), np.float32)
    for _ in range(100):
        user = someone(habit=rng.uniform(0, 1, MAX), belief=rng.uniform(-18, 18, MAX))
        other, prior = user.copy(), rng.uniform(-3, 3, MAX)
        step_record.use[:, :MAX], step_record.peer[0] = (
            rng.uniform(0, 1 / MAX, (2, MAX)),
            pack_belief_state(someone()),
        )
        params.prior[:] = prior
        read_all(user, np.zeros(MAX, np.float32), habits, believed)
        assert habits == pytest.approx(
            [fixed_point.habit(user, p) for p in range(MAX)], rel=1.2e-7
        )
        assert believed.tolist() == [fixed_point.belief(user, p) for p in range(MAX)]
        habit.remember(user, step_record, params, memory)
        beliefs.update_beliefs(user, step_record, records(NEWS, 0), follow, forget, params)
        for p in range(MAX):  # all in single precision
            used = (one - user.call_share) * step_record.use[
                0, p
            ] + user.call_share * step_record.use[1, p]
            env = memory * habits[p] + (one - memory) * used
            other.habit[p] = np.rint(env * np.float32(fixed_point.SHARE_STEPS))
            old = believed[p]
            fixed_point.set_belief(
                other, p, old + (follow * (0 - old) + forget * (params.prior[1, p] - old))
            )
        assert user.habit.tolist() == other.habit.tolist()
        assert user.belief.tolist() == other.belief.tolist()


def test_a_habit_that_moves_by_less_than_half_a_step_stays():
    step_record, params, memory = (
        records(STEP_RECORD, 1)[0],
        toy_params(2),
        np.float32(np.exp(-0.01 * 7)),
    )
    dead = 0.5 / (1 - memory)  # steps around present use within which nothing moves
    assert 7 < dead < 8
    for steps in range(20):
        user = someone()
        user.habit[0] = steps
        for _ in range(300):
            habit.remember(user, step_record, params, memory)
        assert user.habit[0] == min(steps, 7)
