"""Availability: the share of attempts on a platform and channel that succeed (docs/model.md, 2.2).

q = 1 - r (1 - e0) (1 - e V),      q_ij = q_i q_j between two users

People get used to failure e within the time tau_e. Until then it is a surprise:

    F = max(0, (1 - q) - e),           e' = ((1 - q) - e) / tau_e
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel import aligned
from sim.kernel.arrays import F32, F64, I32
from sim.kernel.vec16 import SPAN, WIDTH
from sim.rules.declare import DERIVED, Parameter

PARAMETERS = (
    Parameter(
        "failure_memory",
        15.0,
        1,
        1000,
        "days",
        "tau_e",
        "time until people are used to failure",
        "assumption",
        storage=DERIVED,
    ),
)
MAX_PLACES = 256  # a choice state has eight bits for the place


def availability(restriction: F64, circumvention: F64, efficacy: float, vpn: F64) -> F64:
    """Return q = 1 - r (1 - e0) (1 - e V); the arguments are broadcast.

    A shutdown multiplies q by 1 - s, see sim/engine/policy_schedule.py.

    Parameters
    ----------
    restriction : array
        r, grade of the restriction.
    circumvention : array
        e0, built-in circumvention of the messenger.
    efficacy : float
        e, share of a restriction that a VPN lifts.
    vpn : array
        V, 1 with a VPN and 0 without.
    """
    return 1.0 - restriction * (1.0 - circumvention) * (1.0 - efficacy * vpn)


def surprise(failing: F64, used: F64, days: float, memory: float) -> tuple[F64, F64]:
    """Return F, its mean over a step, and what people are used to at the end of the step, e.

    Parameters
    ----------
    failing : array
        1 - q, constant in the step.
    used : array of the same shape
        e at the beginning of the step.
    days : float
        Length of the step.
    memory : float
        tau_e [days].
    """
    away, kept = failing - used, np.exp(-days / memory)
    return np.maximum(0.0, away) * (1.0 - kept) * (memory / days), failing - kept * away


class PairTables(NamedTuple):
    """Numbers of a tie by the places of its ends; K classes of places with equal availability."""

    place_class: I32  # (256,) class by place, in the order of places
    attraction: F32  # (K, K, 2, P) q_i q_j exp(a_pc - gamma_c (1 - q_i q_j))
    quality: F32  # (K, K, 2, P) q_i q_j, 0 where the messenger lacks the channel
    pairs: F32  # flat (P, 2, 2, S): messenger; attraction, quality; channel; pair of classes
    n_pairs: int  # S, more than K^2: a register or whole tables; entries beyond K^2 are 0
    varied: int  # set of messengers whose availability differs by class
    regional: int  # 1: places differ by more than a VPN (the lowest bit of a place)


def pair_tables(q: F64, values: F64, losses: F64) -> PairTables:
    """Return the tables of C places and P messengers by pairs of classes of places.

    Parameters
    ----------
    q : array of shape (C, 2, P)
        Availability by place, channel and messenger; the last place is abroad.
    values : array of shape (2, P)
        a_pc; -inf where the messenger lacks the channel [utils].
    losses : array of shape (2,)
        gamma_c [utils].
    """
    rows: dict[bytes, int] = {}
    classes = [rows.setdefault(place.tobytes(), len(rows)) for place in q]
    place_class = aligned.zeros(MAX_PLACES, np.int32)
    place_class[: len(q)] = classes
    kinds = q[[classes.index(k) for k in range(len(rows))]]
    both = kinds[:, None] * kinds[None]
    attractions = both * np.exp(values - losses[:, None] * (1.0 - both))
    quality = np.where(np.isfinite(values), both, 0.0)
    tables = attractions.astype(np.float32), quality.astype(np.float32)
    n_pairs = len(rows) ** 2
    size = WIDTH if n_pairs < WIDTH else (n_pairs // SPAN + 1) * SPAN
    pairs = aligned.zeros((values.shape[1], 2, 2, size), np.float32)
    for k, t in enumerate(tables):
        pairs[:, k, :, :n_pairs] = t.reshape(n_pairs, *values.shape).transpose(2, 1, 0)
    differs = np.logical_or(*((t != t[:1, :1]).any(axis=(0, 1, 2)) for t in tables))
    here = np.arange(len(q) - 1)
    regional = int((place_class[here] != place_class[here & 1]).any())
    varied = sum(1 << int(p) for p in np.flatnonzero(differs))
    return PairTables(place_class, *tables, pairs.ravel(), pairs.shape[-1], varied, regional)
