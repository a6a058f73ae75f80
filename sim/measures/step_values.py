"""The values of the series observed in every step, from what users of each cell add up to.

They are worked out for some steps at once: numpy takes as long for one as for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.engine.accumulators import (
    ABROAD,
    ACCOUNT,
    CHATS,
    CUT_OFF,
    DAU,
    EXPOSED_USERS,
    HAS,
    HAS_ABROAD,
    INSTALLED,
    ISOLATED,
    MANDATED,
    PRIMARY,
    REACHABLE,
    SECOND,
    SECURE,
    USE,
    VICTIMS,
    VPN,
    WELFARE,
)
from sim.kernel.vec8 import WIDTH
from sim.measures.abuse import abuse_by_stratum
from sim.measures.strata import Strata
from sim.rules.records import CELLULAR, F64, MAX, Environment, Records


class StepSums(NamedTuple):
    """What one step left."""

    strata: F64  # (n_cells, N_COLUMNS) sums over users, see accumulators.py
    abuse: Records  # ABUSE (n kinds,) as it stood
    env: Environment


def step_values(
    seen: Sequence[StepSums], strata: Strata, n_messengers: int, costly: Sequence[int]
) -> F64:
    """Return the values of `measures.step_series`, shape (n steps, n groups, n series).

    Parameters
    ----------
    costly : sequence of int
        The kinds of abuse that take money.
    """
    columns, envs = np.array([*range(n_messengers), CELLULAR]), [step.env for step in seen]
    by_stratum = np.array([step.strata for step in seen])
    counts, sums = strata.counts[:, None], _by_group(by_stratum, strata)
    has = sums[..., HAS : HAS + 2 * WIDTH].sum(-1, keepdims=True)
    attempts, incidents = _abuse(seen, by_stratum, envs, strata)
    loss = np.array([float(env.effects.loss) for env in envs])[:, None, None]
    with np.errstate(invalid="ignore", divide="ignore"):  # a group may be empty: NaN
        mean = sums / counts
        return np.concatenate(
            [
                *(
                    mean[..., k : k + n_messengers]
                    for k in (DAU, INSTALLED, ACCOUNT, MANDATED, SECOND, CHATS)
                ),
                mean[..., PRIMARY + columns],
                *(mean[..., USE + c * WIDTH + columns] for c in range(2)),
                _exposure(sums, envs),
                *(mean[..., k : k + 2] for k in (REACHABLE, SECURE, ISOLATED, CUT_OFF)),
                sums[..., ABROAD : ABROAD + 2] / sums[..., [HAS_ABROAD]],
                mean[..., [WELFARE]],
                has / counts,
                mean[..., [VPN, EXPOSED_USERS]],
                *(arrived[..., columns] / counts for arrived in attempts),
                *(expected / counts for expected in incidents),
                mean[..., [VICTIMS + a for a in range(len(incidents))]],
                *(incidents[a] / counts * loss for a in costly),
            ],
            axis=-1,
        )


def _by_group(by_stratum: F64, strata: Strata) -> F64:
    """Sum (n steps, n_cells, ...) to (n steps, n groups, ...)."""
    return np.ascontiguousarray(np.moveaxis(strata.by_group(np.moveaxis(by_stratum, 0, 1)), 1, 0))


def _exposure(sums: F64, envs: Sequence[Environment]) -> F64:
    """Return the share of communication that the state can read, by channel and in all."""
    by_channel = sums[..., USE:HAS].reshape(*sums.shape[:2], 2, WIDTH)
    use = by_channel[..., : MAX + 1].copy()
    visible = np.array(
        [shares @ env.effects.access for shares, env in zip(use, envs, strict=True)]
    )
    total = use.sum(axis=-1)
    in_all = visible.sum(-1) / total.sum(-1)
    return np.concatenate([visible / total, in_all[..., None]], axis=-1)


def _abuse(
    seen: Sequence[StepSums], by_stratum: F64, envs: Sequence[Environment], strata: Strata
) -> tuple[list[F64], list[F64]]:
    """Return attempts by platform, and incidents, of each kind of abuse by group."""
    has = by_stratum[..., HAS : HAS + 2 * WIDTH].reshape(*by_stratum.shape[:2], 2, WIDTH)[
        ..., :MAX
    ]
    kinds = np.array([step.abuse for step in seen]).view(np.recarray)
    found = [abuse_by_stratum(kinds[:, a], has, envs, strata) for a in range(kinds.shape[1])]
    attempts = [_by_group(arrived, strata) for arrived, _ in found]
    return attempts, [strata.by_group_of_rows(expected)[..., None] for _, expected in found]
