"""Runs of the production rules against exact results (science/model.md 5: T1, T2, T9, T10).

A share is compared at 4 standard errors. They come from theory, never from the run: for crowds
from the linear noise of their mean-field step (`theory.mean_field_errors`), checked to hold there.
"""

import numpy as np
import pytest

from sim.compiled import jit_loop
from sim.engines import CompiledEngine, Threads
from sim.inversion import talk_rows
from sim.rng import purpose_key, step_key, uniform, uniforms
from sim.rules.adoption import revise
from sim.rules.choice import communicate
from sim.rules.records import ACCEPT, MAX, SCRATCH, records
from sim.rules.word import pack
from sim.state import make_ties
from sim.world.graph import Graph
from tests import theory
from tests.worlds import (
    SEED, Crowd, by_band, equal_ties, keys, toy_now, toy_rules, toy_state, toy_users,
)  # fmt: skip

OUTSIDE, SHARES = np.array([-1.0, 1.0]), np.array([0.8, 0.2])  # message, call
THREADS = Threads(1)
ENGINE = CompiledEngine(THREADS)

# T1: one messenger, U = B + beta L x with L the value of a contact who has it.

N_CROWD, N_STEPS, BURN = 20_000, 300, 150
DAILY = 0.4  # hazard of reconsidering
ONE = np.array([[1.2], [0.3]])
VALUE = theory.log_sums(ONE, OUTSIDE, SHARES) @ [-1, 1]


def binary(a, b, share):
    """Return a crowd with U = a + b x, and its step."""
    rules = toy_rules(
        1, outside=np.exp(OUTSIDE), network_value=b / VALUE, standalone=by_band(a),
        install_rate=DAILY, drop_rate=DAILY,
    )  # fmt: skip
    crowd, now = Crowd(N_CROWD, [1 - share, share], rules), toy_now(ONE)

    def step(k):
        ENGINE.look(crowd.state, now, keys(k))
        ENGINE.act(crowd.state, now, keys(k))
        return crowd.mix()[1]

    return crowd, step


def binary_error(a, b, x):
    def chain_at(shares):
        utilities = np.array([0.0, a + b * shares[1]])
        return theory.revisions(utilities, -np.expm1(-DAILY))

    errors = theory.mean_field_errors(chain_at, np.array([1 - x, x]), N_CROWD, N_STEPS)
    return errors[1]


@pytest.mark.parametrize(
    ("a", "b", "start", "root"),
    [(-2.5, 5, 0.1, 0), (-2.5, 5, 0.9, 2), (-3.2, 6, 0.95, 2), (-3.2, 6, 0.5, 0), (-4, 6, 0.9, 0)],
)
def test_t1_a_well_mixed_crowd_settles_at_the_logit_fixed_point(a, b, start, root):
    x = theory.logit_fixed_points(a, b)[root]
    _, step = binary(a, b, start)
    seen = [step(k) for k in range(BURN + N_STEPS)]
    error = binary_error(a, b, x)
    print(f"T1 a={a} b={b}: theory {x:.6f}, run {np.mean(seen[BURN:]):.5f}, s.e. {error:.5f}")
    assert abs(np.mean(seen[BURN:]) - x) < 4 * error


def test_t1_the_crowd_jumps_up_and_down_at_different_spinodals():
    b, (_, (a_up, a_down)) = 6, theory.logit_spinodals(6)
    crowd, step = binary(-3.6, b, 0.05)
    k = 0

    def settled(a):
        nonlocal k
        crowd.state.rules.standalone[0] = a
        for k in range(k, k + BURN):
            share = step(k)
        return share

    rising = {a: settled(a) for a in (-3.3, -3.0, a_up - 0.05, a_up + 0.05)}
    falling = {a: settled(a) for a in (-3.0, a_down + 0.05, a_down - 0.05)}
    low = [rising[a] for a in (-3.3, -3.0, a_up - 0.05)]
    print(f"T1 hysteresis: rising {rising}, falling {falling}")
    assert max(low) < 0.211325 < 0.788675 < rising[a_up + 0.05]
    assert falling[a_down - 0.05] < 0.211325 < 0.788675 < falling[a_down + 0.05]
    assert rising[-3.0] < 0.1 < 0.9 < falling[-3.0]  # the same world, two histories
