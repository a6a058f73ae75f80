"""Attempts and incidents of abuse by cell, from who is on which messenger in a step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.engine.offenders import arriving
from sim.measures.strata import Strata
from sim.rules.records import F64, MAX, Environment, Records


def abuse_by_stratum(
    kind: Records, has: F64, envs: Sequence[Environment], strata: Strata
) -> tuple[F64, F64]:
    """Return the attempts that arrive, by platform, and the incidents to expect, by step and cell.

    Parameters
    ----------
    kind : records ABUSE (n steps,)
        One kind as it stood in each step.
    has : array of shape (n steps, n_cells, 2, MAX)
        Users on each messenger without and with a VPN.
    envs : sequence of n steps
    """
    place, channel = 2 * strata.region, int(kind.channel[0])
    arrives = np.array([arriving(channel, env) for env in envs])
    reached = np.empty((*has.shape[:2], MAX + 1))
    reached[..., MAX] = strata.sizes
    reached[..., :MAX] = has[:, :, 0] * arrives[:, place] + has[:, :, 1] * arrives[:, place + 1]
    attempts = (kind.total[:, None] * kind.share)[:, None] * reached
    detection = np.array([env.effects.detection for env in envs])
    earned = kind.share * kind.conversion * (1.0 - detection)
    pays = np.array([people @ one for people, one in zip(reached, earned, strict=True)])
    expected = kind.total[:, None] * kind.vulnerability[:, strata.band] * pays
    return attempts / kind.arriving[:, None, None], expected
