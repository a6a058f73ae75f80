"""Attempts and incidents of abuse by cell, from who is on which messenger in a step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.engine.offenders import arriving
from sim.measures.cells import Cells
from sim.rules.records import F64, MAX, Now, Records


def abuse_by_cell(kind: Records, has: F64, nows: Sequence[Now], cells: Cells) -> tuple[F64, F64]:
    """Return the attempts that arrive, by platform, and the incidents to expect, by step and cell.

    Parameters
    ----------
    kind : records ABUSE (n steps,)
        One kind as it stood in each step.
    has : array of shape (n steps, n_cells, 2, MAX)
        Users on each messenger without and with a VPN.
    nows : sequence of n steps
    """
    place, channel = 2 * cells.region, int(kind.channel[0])
    arrives = np.array([arriving(channel, now) for now in nows])
    reached = np.empty((*has.shape[:2], MAX + 1))
    reached[..., MAX] = cells.sizes
    reached[..., :MAX] = has[:, :, 0] * arrives[:, place] + has[:, :, 1] * arrives[:, place + 1]
    attempts = (kind.total[:, None] * kind.share)[:, None] * reached
    detection = np.array([now.force.detection for now in nows])
    earned = kind.share * kind.conversion * (1.0 - detection)
    pays = np.array([people @ one for people, one in zip(reached, earned, strict=True)])
    expected = kind.total[:, None] * kind.vulnerability[:, cells.band] * pays
    return attempts / kind.arriving[:, None, None], expected
