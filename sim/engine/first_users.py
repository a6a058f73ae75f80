"""The first users of a messenger that is new, as its own `seeds` say.

They are drawn in proportion to the share of the time that they would have it if no contact had
it, a / (a + b) (start.py). Users drawn whatever their taste would drop it in the first weeks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.config.sim_config import SimConfig
from sim.engine.state import State, first_ties
from sim.engine.threads import Threads
from sim.kernel.arrays import F64, I64
from sim.kernel.parallel_map import parts, stream
from sim.kernel.rng import purpose_key, uniforms
from sim.rules.fixed_point import TASTE_STEPS
from sim.rules.records import Record, Records
from sim.rules.transition import noise_scale, taste_scale

LEAST = 1e-300  # chance of users who would never have a messenger by themselves: they come last


def give_to_first_users(config: SimConfig, state: State, p: int, threads: Threads) -> None:
    """Give the new messenger `p` to its first users."""
    name, users = config.messengers[p], state.users
    bit = users.aware.dtype.type(1 << p)
    seed, key = config.case.seeds[name], purpose_key(config.seed, 0, f"start.other.{name}")
    n_first = round(seed.users * len(users) / (2 if seed.pattern == "pairs" else 1))
    first = draw_first_users(users, n_first, key, _held_alone(state.params, p), threads)
    if seed.pattern == "pairs":
        connected = first[state.ties.degree[first] > 0]
        friends = state.ties.indices[first_ties(state.ties, connected)]  # their strongest ties
        first = np.union1d(first, friends[users.online[friends] == 1])
    for had in (users.installed, users.account, users.aware):
        had[first] |= bit


def _held_alone(params: Record, p: int) -> Callable[[Records], F64]:
    """Return how likely users are to have `p` if no contact has it, a / (a + b)."""
    rho_in, rho_out = float(params.install_rate), float(params.drop_rate)

    def held(users: Records) -> F64:
        u = params.standalone[users.band, p] + taste_scale(params) * (
            users.taste[:, p] / np.float64(TASTE_STEPS)
        )
        odds = np.exp(u / float(noise_scale(params)))
        return np.asarray(rho_in * odds / (rho_in * odds + rho_out))

    return held


def draw_first_users(
    users: Records, n_first: int, key: np.uint64, chance: Callable[[Records], F64],
    threads: Threads,
) -> I64:  # fmt: skip
    """Return `n_first` users who can install, drawn in proportion to their chance.

    They have the smallest u / chance, where u is the number of a user under `key`.
    """

    def expected(part: tuple[int, int]) -> float:
        some = users[slice(*part)]
        return float(chance(some[some.online == 1]).sum())

    n_likely = sum(stream(expected, parts(len(users)), threads.n_threads))
    likely = (n_first + 6.0 * np.sqrt(n_first) + 10.0) / max(n_likely, 1e-9)
    for bound in (likely, np.inf):  # `likely` has more users below it than needed

        def look(part: tuple[int, int], bound: float = bound) -> tuple[I64, F64]:
            return _able_below(users, *part, bound, key, chance)

        found = stream(look, parts(len(users)), threads.n_threads)
        able, order = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        if len(able) >= n_first:
            break
    return np.asarray(able[np.argsort(order, kind="stable")[:n_first]])


def _able_below(
    users: Records, first: int, last: int, bound: float, key: np.uint64,
    chance: Callable[[Records], F64],
) -> tuple[I64, F64]:  # fmt: skip
    """Return those of some users who can install and have u / chance below `bound`; u / chance."""
    at = first + np.flatnonzero(users.online[first:last] == 1)
    likely = np.maximum(chance(users[at]), LEAST)
    order = uniforms(key, last - first, first)[at - first] / likely
    below = order < bound
    return at[below], order[below]
