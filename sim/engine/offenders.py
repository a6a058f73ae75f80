"""Offenders of one run: whom they can reach, and how they adapt (docs/model.md, 2.12)."""

from __future__ import annotations

import numpy as np

from sim.config.platforms import CHANNELS
from sim.config.settings import BANDS
from sim.config.sim_config import SimConfig
from sim.engine.state import State
from sim.engine.threads import BLOCK, COARSE, Threads, chunks, n_blocks
from sim.kernel.arrays import F32, F64, I64, U64
from sim.kernel.compiled import rule_loop
from sim.rules.abuse import adapt, incidents, profit
from sim.rules.packed_state import USABLE, place, usable
from sim.rules.records import MAX, Environment, Records
from sim.rules.tiles import words_of


def reach(state: State, env: Environment, threads: Threads) -> F64:
    """Return r_k, the share of attempts that arrive: mean over users, (n kinds, P + 1)."""
    n_tiles = state.layout.tiles
    shape = len(chunks(state.n_users)), n_tiles, len(env.availability), USABLE + 1
    counts = np.zeros(shape, np.int64)
    threads.run_chunks(crowd_rows, state.n_users, state.public.choice_state, counts, grain=COARSE)
    bits = np.arange(USABLE + 1)[:, None] >> np.arange(MAX) & 1
    by_tile: F64 = threads.total(counts) @ bits.astype(float)
    by_place = np.concatenate([*by_tile], axis=1)  # users on each messenger, (C, P)
    reached = np.full((len(state.abuse), MAX * n_tiles + 1), float(state.n_users))  # by cellular
    for kind, row in zip(state.abuse, reached, strict=True):
        row[:-1] = (by_place * arriving(int(kind.channel), env)).sum(axis=0)
    return reached / state.n_users


def arriving(channel: int, env: Environment) -> F32:
    """Return the share of attempts that arrive at users of each messenger, (places, P)."""
    abroad = env.place_class[len(env.availability) - 1]  # where nothing is restricted
    has_channel = env.quality[abroad, abroad, channel] > 0.0
    return np.where(has_channel, env.availability[:, channel], np.float32(0.0))


def follow(state: State, env: Environment, threads: Threads) -> None:
    """Let offenders of every kind of abuse adapt in this step."""
    for kind, reached in zip(state.abuse, reach(state, env, threads), strict=True):
        adapt(kind, reached, env.effects)


def start_abuse(config: SimConfig, state: State, env: Environment, threads: Threads) -> None:
    """Write the records of abuse at the start, with conversions that make the start stationary.

    Observed shares are of attempts that arrive, so x_k is proportional to share / r_k. The logit
    best reply x_k ~ profit_k^eps then gives conv_k. Where no attempts were observed, conv_k is the
    mean of the other platforms, times the factor in the configuration.
    """
    for kind, abuse in zip(state.abuse, config.abuse.values(), strict=True):
        kind.channel = CHANNELS.index(abuse.channel)
        kind.rate, kind.response = abuse.adaptation_rate, abuse.response
        kind.elasticity, kind.incident_rate = abuse.elasticity, abuse.incident_rate
        kind.vulnerability[:] = [abuse.vulnerability[band] for band in BANDS]
    for kind, abuse, r in zip(
        state.abuse, config.abuse.values(), reach(state, env, threads), strict=True
    ):
        columns = [*range(len(config.messengers)), -1]
        observed = np.zeros(state.layout.messengers + 1)
        observed[columns] = [abuse.shares.get(name, 0.0) for name in config.carriers]
        relative = np.ones(observed.size)
        relative[columns] = [abuse.conversion.get(name, 1.0) for name in config.carriers]
        _solve(kind, observed, relative, r, env.effects.detection)
    if len(state.abuse):
        sums = np.zeros((n_blocks(state.n_users), len(state.abuse)))
        threads.run(incident_rows, state.n_users, state.users, state.abuse, env, sums)
        expected = sums.sum(axis=0) / state.n_users
        state.abuse.vulnerability /= np.where(expected > 0, expected, 1.0)[:, None]


def _solve(kind: Records, observed: F64, relative: F64, r: F64, detection: F64) -> None:
    """Write conversion and shares of attempts at the start; see `start_abuse`."""
    known = (observed > 0.0) & (r > 0.0) & (detection < 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(known, observed / r, 0.0)
        pays = share ** (1.0 / kind.response) if kind.response > 0.0 else known.astype(float)
        converts = np.where(known, pays / (r * (1.0 - detection)), 0.0)
    average = converts[known].mean() if known.any() else 1.0
    kind.conversion[:] = np.where(known, converts, average * relative)
    earned = np.array([profit(kind, k, r[k], detection[k]) for k in range(r.size)])
    weights = np.where(earned > 0.0, earned**kind.response, 0.0)
    kind.share[:] = weights / weights.sum()
    kind.conversion[:] /= float(kind.share @ earned)  # so that the mean attempt earns 1
    kind.total = 1.0
    kind.arriving = float(kind.share @ r)


@rule_loop
def incident_rows(
    first: int, last: int, users: Records, abuse: Records, env: Environment, sums: F64
) -> None:
    """Add the expected incidents of users to ``sums[block]``, by kind of abuse."""
    for i in range(first, last):
        for a in range(abuse.shape[0]):
            sums[i // BLOCK, a] += incidents(abuse[a], users[i], env)


@rule_loop
def crowd_rows(number: int, cuts: I64, choice_state: U64, counts: I64) -> None:
    """Count users of a task by tile, place and set of messengers in ``counts[number]``."""
    for o in range(counts.shape[1]):
        states = words_of(choice_state, o, counts.shape[1])
        for i in range(cuts[0], cuts[-1]):
            counts[number, o, place(states[i]), usable(states[i])] += 1
