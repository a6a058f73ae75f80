"""Small configured worlds for tests, and the random numbers and states that they are made of."""

from functools import cache

import numpy as np

from sim import load_config
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.kernel.rng import purpose_key, random_bits, refined_uniform, step_key
from sim.measures.series import step_series
from sim.model.simulation import Simulation
from sim.population.districts import district_starts
from sim.rules.packed_state import (
    FEAR_BIT,
    FEAR_STEPS,
    FEAR_WIDTH,
    HABIT_BIT,
    HABIT_STEPS,
    HABIT_WIDTH,
    LOG_ODDS_STEPS,
    MAX_LOG_ODDS,
)
from sim.rules.records import (
    PURPOSES,
)

SEED = 1
SMALL = 300  # users
F32 = 4e-6  # relative: sums over ties are taken in single precision, term after term


@cache
def world(*overrides):
    """Return the configuration and the start of a small world; both are shared, never changed."""
    config = load_config(f"population.n_users={SMALL}", *overrides)
    return config, prepare(config, Threads(1))


def simulation(config, start, replication=0, n_threads=1, engine=None):
    """Return a run that has not taken a step."""
    threads = Threads(n_threads)
    return Simulation(
        PolicySchedule(config), start.copy(), replication, engine or CompiledEngine(threads),
        threads,
    )  # fmt: skip


def advanced(run, n_steps):
    """Take steps; returns the run."""
    for _ in range(n_steps):
        run.step()
    return run


def outcome(run):
    """Return all bits of where a run stands and of what it has recorded, by name.

    Names are those of fields of records (``users.place``), of measures (``steps.vpn``), and of
    the rest (``choice_state``).
    """
    seen = run.recorder.observations
    arrays = dict(zip(("platform", "moved", "bound"), run.state.chats, strict=False))
    words, belief_state, *_ = run.state.public
    arrays |= {"words": words, "minds": belief_state, "abuse": run.state.abuse}
    users = run.state.users
    arrays |= {f"users.{field}": users[field] for field in users.dtype.names}
    measures = [series.measure for series in step_series(run.config)]
    steps = np.array(seen.steps)
    for measure in measures:
        columns = [k for k, other in enumerate(measures) if other == measure]
        arrays[f"steps.{measure}"] = steps[:, :, columns]
    arrays["months"] = np.array([values for _, values in seen.months])
    arrays["flows"] = np.array([flow.table for flow in seen.flows])
    arrays["exposed"] = np.array([flags for _, flags in seen.exposed])
    arrays["benefits"] = np.array(seen.benefits)
    return {name: np.ascontiguousarray(array).tobytes() for name, array in arrays.items()}


def different(one, other):
    """Return the names under which two outcomes differ."""
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != other[name]}


def keys(step, seed=SEED):
    """Return the keys of all purposes in a step."""
    return np.array([step_key(purpose_key(seed, 0, p), step) for p in PURPOSES], np.uint64)


def belief_of(mind, p):
    """Return the belief in a mind that the state reads messenger `p` [log-odds]."""
    return float(int(mind) >> (16 + 8 * p) & 0xFF) / LOG_ODDS_STEPS - MAX_LOG_ODDS


def habit_level(word, p):
    """Return the level of habit in messenger `p` that a word shows, 0 to 31."""
    return int(word) >> HABIT_BIT + HABIT_WIDTH * p & HABIT_STEPS


def fear_level(word, p):
    """Return the level of fear of being read on messenger `p` that a word shows, 0 to 7."""
    return int(word) >> FEAR_BIT + FEAR_WIDTH * p & FEAR_STEPS


def districts(region):
    """Return the district of each user, from the users' regions."""
    sizes = np.diff(district_starts(region))
    return np.repeat(np.arange(sizes.size), sizes)


def uniform_draws(purpose, n, slot, step=0):
    """Return uniform draws of users 0 to `n` - 1 in `slot`; eight bits refuse most events."""
    key = keys(step)[purpose]
    bits = [np.uint64(random_bits(key, i)) for i in range(n)]
    return np.array([refined_uniform(bits[i], key, i, slot) for i in range(n)])
