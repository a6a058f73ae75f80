"""The values of the series observed in every step, from what users of each cell add up to.

They are worked out for some steps at once: numpy takes as long for one as for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.engine.tally import (
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
from sim.kernel.octets import WIDTH
from sim.measures.abuse import abuse_by_cell
from sim.measures.cells import Cells
from sim.rules.records import CELLULAR, F64, MAX, Now, Records


class Seen(NamedTuple):
    """What one step left."""

    cells: F64  # (n_cells, N_COLUMNS) sums over users, see tally.py
    abuse: Records  # ABUSE (n kinds,) as it stood
    now: Now


def step_values(
    seen: Sequence[Seen], cells: Cells, n_messengers: int, costly: Sequence[int]
) -> F64:
    """Return the values of `measures.step_series`, shape (n steps, n groups, n series).

    Parameters
    ----------
    costly : sequence of int
        The kinds of abuse that take money.
    """
    columns, nows = np.array([*range(n_messengers), CELLULAR]), [step.now for step in seen]
    by_cell = np.array([step.cells for step in seen])
    counts, sums = cells.counts[:, None], _by_group(by_cell, cells)
    has = sums[..., HAS : HAS + 2 * WIDTH].sum(-1, keepdims=True)
    attempts, incidents = _abuse(seen, by_cell, nows, cells)
    loss = np.array([float(now.force.loss) for now in nows])[:, None, None]
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
                _exposure(sums, nows),
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


def _by_group(by_cell: F64, cells: Cells) -> F64:
    """Sum (n steps, n_cells, ...) to (n steps, n groups, ...)."""
    return np.ascontiguousarray(np.moveaxis(cells.by_group(np.moveaxis(by_cell, 0, 1)), 1, 0))


def _exposure(sums: F64, nows: Sequence[Now]) -> F64:
    """Return the share of talk that the state can read, by channel and in all."""
    by_channel = sums[..., USE:HAS].reshape(*sums.shape[:2], 2, WIDTH)
    use = by_channel[..., : MAX + 1].copy()
    visible = np.array([talk @ now.force.access for talk, now in zip(use, nows, strict=True)])
    total = use.sum(axis=-1)
    in_all = visible.sum(-1) / total.sum(-1)
    return np.concatenate([visible / total, in_all[..., None]], axis=-1)


def _abuse(
    seen: Sequence[Seen], by_cell: F64, nows: Sequence[Now], cells: Cells
) -> tuple[list[F64], list[F64]]:
    """Return attempts by platform, and incidents, of each kind of abuse by group."""
    has = by_cell[..., HAS : HAS + 2 * WIDTH].reshape(*by_cell.shape[:2], 2, WIDTH)[..., :MAX]
    kinds = np.array([step.abuse for step in seen]).view(np.recarray)
    found = [abuse_by_cell(kinds[:, a], has, nows, cells) for a in range(kinds.shape[1])]
    attempts = [_by_group(arrived, cells) for arrived, _ in found]
    return attempts, [cells.by_group_of_rows(expected)[..., None] for _, expected in found]
