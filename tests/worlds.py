"""Worlds for tests: small configured ones, and toys whose rules and ties are set by hand."""

from functools import cache

import numpy as np

from sim import load_config
from sim.conditions import Conditions
from sim.engines import CompiledEngine, Threads
from sim.rng import purpose_key, step_key
from sim.rules.availability import fill_tables
from sim.rules.records import (
    FORCE,
    MANDATE,
    MAX,
    N_BANDS,
    PURPOSES,
    RULES,
    TALK,
    USER,
    Now,
    Ties,
    records,
)  # fmt: skip
from sim.simulation import Simulation
from sim.start import prepare
from sim.state import State

SEED = 1
SMALL = 300  # users


@cache
def world(*overrides):
    """Return the configuration and the start of a small world; both are shared, never changed."""
    config = load_config(f"population.n_users={SMALL}", *overrides)
    return config, prepare(config, Threads(1))


def simulation(config, start, replication=0, n_threads=1, engine=None):
    """Return a run that has not taken a step."""
    threads = Threads(n_threads)
    return Simulation(
        Conditions(config), start, replication, engine or CompiledEngine(threads), threads
    )


def advanced(run, n_steps):
    """Take steps; returns the run."""
    for _ in range(n_steps):
        run.step()
    return run


def outcome(run):
    """Return all bits of what a run has recorded and of where it stands."""
    state, recorder = run.state, run.recorder
    arrays = [state.users, state.talks, state.words, *recorder.observations.steps]
    arrays += [values for _, values in recorder.observations.months] + [
        f.table for f in recorder.observations.flows
    ]
    return [np.ascontiguousarray(a).tobytes() for a in arrays]


def keys(step, seed=SEED):
    """Return the keys of all purposes in a step."""
    return np.array([step_key(purpose_key(seed, 0, p), step) for p in PURPOSES], np.uint64)


def toy_users(n, n_messengers):
    """Return users online, aware and registered everywhere, with nothing installed."""
    users = records(USER, n)
    users.online[:], users.intensity[:] = 1, 1
    users.aware[:] = users.account[:] = 2**n_messengers - 1
    return users


def someone(**traits):
    """Return a user of two messengers: online, aware and registered, with `traits`."""
    users = toy_users(1, 2)
    for name, value in traits.items():
        users[name][0] = value
    return users[0]


def toy_rules(n_messengers, **values):
    """Return rules under which nothing happens but what `values` say."""
    rules = records(RULES, 1)
    rules.n_messengers[:] = n_messengers
    rules.pull[:] = rules.outside[:] = 1.0
    rules.channel_share[:] = 0.8, 0.2
    rules.pair_appeal[:] = -np.inf
    for name, value in values.items():
        rules[name][0] = value
    return rules[0]


def toy_state(users, ties, rules):
    """Return a state whose words show the users."""
    state = State(users, records(TALK, len(users)), np.zeros(len(users), np.uint64), ties, rules)
    state.show()
    return state


def toy_now(values, losses=(0.0, 0.0), q=None, days=1.0):
    """Return what is in force where a_cp is `values`, (2, P), and availability `q`, (C, 2, P)."""
    n = np.shape(values)[1]
    q = np.ones((1, 2, n)) if q is None else q
    a, full_q = np.full((2, MAX), -np.inf), np.ones((len(q), 2, MAX))
    a[:, :n], full_q[:, :, :n] = values, q
    force = records(FORCE, 1)[0]
    force.days, force.passing[:], force.trend_openings[:] = days, 1.0, 1.0
    c = len(full_q)
    tables = np.empty((c, *full_q.shape)), np.empty((c, c, 2), np.uint8)
    fill_tables(full_q, a, np.array(losses), *tables)
    return Now(force, full_q, *tables, records(MANDATE, 0))


def by_band(*values):
    """Return stand-alone values, the same in every band, as rules hold them."""
    padded = np.zeros((MAX, N_BANDS))
    padded[: len(values)] = np.reshape(values, (-1, 1))
    return padded


def equal_ties(rows):
    """Return ties of equal weight in every row; `rows` lists the contacts of each user."""
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.array([j for row in rows for j in row], np.uint32)
    longest = max([1, *map(len, rows)])
    return Ties(indptr, indices, np.ones(longest), np.arange(longest + 1.0))


class Crowd:
    """`n` users who all talk to everybody: the mean field, exactly.

    A contact matters by its word only, and there are few words: behind the users stand 2^P
    dummies, one with each set of messengers, and everyone's ties lead to these, with the share
    of the crowd that has the set as weight. The rules run as in any world.
    """

    def __init__(self, n, shares, rules):
        self.n, self.n_sets = n, len(shares)
        sets = np.arange(self.n_sets)
        users = toy_users(n + self.n_sets, rules.n_messengers)
        users.installed[:n] = np.searchsorted(np.cumsum(shares[:-1]), (np.arange(n) + 0.5) / n)
        users.installed[n:], users.online[n:] = sets, 0
        indptr = np.minimum(np.arange(n + self.n_sets + 1), n) * self.n_sets
        indices = np.tile(n + sets, n).astype(np.uint32)
        ties = Ties(indptr, indices, np.zeros(self.n_sets), np.ones(self.n_sets + 1))
        self.state = toy_state(users, ties, rules)
        self.mix()

    def mix(self):
        """Let ties weigh what the crowd has now; returns the shares of the sets."""
        shares = np.bincount(self.state.users.installed[: self.n], minlength=self.n_sets) / self.n
        self.state.ties.rank_weight[:] = shares
        return shares
