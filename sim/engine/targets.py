"""What the start has to reach: monthly reach and awareness by age band."""

from __future__ import annotations

import numpy as np

from sim.config.settings import BANDS
from sim.config.sim_config import SimConfig
from sim.engine.state import State
from sim.engine.threads import Threads
from sim.kernel.arrays import F64
from sim.kernel.parallel_map import parts, stream
from sim.rules.records import N_BANDS, Records

MOST_HELD = 0.9  # of those whom a messenger has reached
FULL = 0.975  # no band is put above this share of those who can install


def reach_targets(config: SimConfig, state: State, threads: Threads) -> F64:
    """Return the target of monthly reach by messenger and band, shape (P, N_BANDS); 0 if none.

    The logits of the profile by age are shifted until the total is the observed reach. Where this
    exceeds the users of a band who can install, the rest is spread over the other bands.
    """
    counts, online = count_by_band(state.users, threads)
    share = counts / counts.sum()
    cap = FULL * online / np.maximum(counts, 1)
    targets = np.zeros((state.layout.messengers, N_BANDS))
    for name, start in config.case.observed_shares.items():
        profile = np.clip([start.profile[band] for band in BANDS], 1e-6, 1 - 1e-6)
        logit = np.log(profile / (1 - profile))
        low, high = -30.0, 30.0
        for _ in range(60):
            middle = (low + high) / 2
            row = np.minimum(cap, 1 / (1 + np.exp(-(logit + middle))))
            low, high = (middle, high) if row @ share < start.reach else (low, middle)
        targets[config.messengers.index(name)] = row
    return targets


def count_by_band(users: Records, threads: Threads) -> tuple[F64, F64]:
    """Return the number of users by band, and of those who are online; both (N_BANDS,)."""

    def count(part: tuple[int, int]) -> F64:
        some = users[slice(*part)]
        bands = some.band.copy()
        return np.array([np.bincount(bands, has, N_BANDS) for has in (None, some.online)])

    by_part = np.array(list(stream(count, parts(len(users)), threads.n_threads)))
    counts, online = by_part.sum(axis=0)
    return counts, online


def reached(config: SimConfig, held: F64) -> F64:
    """Return the share of the users online of each band whom a messenger has reached, A.

    By word of mouth alone it reaches lambda_w A (1 - A) more a day, as contacts who know of it are
    met by chance. So reach that grew by the rate g up to the start leaves 1 - A = g / lambda_w.

    Parameters
    ----------
    held : array of shape (P, N_BANDS)
        Share of the users online who have it; at most 0.9 of those reached.
    """
    aware = np.ones_like(held)
    for name, share in config.case.observed_shares.items():
        if share.earlier is not None:
            days = (config.start - share.earlier.date).days
            growth = np.log(share.reach / share.earlier.reach) / days
            told = config.behaviour.word_of_mouth
            not_yet = growth / told if growth < told else float(growth > 0.0)
            p = config.messengers.index(name)
            aware[p] = np.clip(held[p] / MOST_HELD, 1.0 - not_yet, 1.0)
    return aware
