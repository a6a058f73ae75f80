"""Measures of abuse: attempts that arrive, incidents, victims and losses, by kind of abuse."""

from __future__ import annotations

import numpy as np

from sim.base.units import PEOPLE
from sim.engine.offenders import arriving
from sim.kernel.arrays import F64
from sim.measures.measure import Measure
from sim.measures.sums import Sums


def _reached(sums: Sums, number: int) -> F64:
    """Return the users whom a kind can reach, by platform: (n steps, n strata, P + 1)."""
    strata = sums.strata
    place, channel = 2 * strata.region, int(sums.kind(number).channel[0])
    arrives = np.array([arriving(channel, env) for env in sums.envs])
    has = sums.of_strata("has")[..., : arrives.shape[-1]]  # without and with a VPN
    reached = np.empty((*has.shape[:2], has.shape[-1] + 1))
    reached[..., -1] = strata.sizes
    reached[..., :-1] = has[:, :, 0] * arrives[:, place] + has[:, :, 1] * arrives[:, place + 1]
    return reached


def _attempts(sums: Sums, number: int) -> F64:
    """Return the attempts that arrive, by platform."""
    kind, reached = sums.kind(number), sums.once(_reached, number)
    arrived = (kind.total[:, None] * kind.share)[:, None] * reached
    return sums.per_user(sums.by_group(arrived / kind.arriving[:, None, None]))


def _incidents(sums: Sums, number: int) -> F64:
    """Return the incidents to expect."""
    kind, reached = sums.kind(number), sums.once(_reached, number)
    detection = np.array([env.effects.detection for env in sums.envs])
    earned = kind.share * kind.conversion * (1.0 - detection)
    pays = np.array([users @ one for users, one in zip(reached, earned, strict=True)])
    expected = kind.total[:, None] * kind.vulnerability[:, sums.strata.band] * pays
    return sums.per_user(sums.strata.by_group_of_rows(expected))


def _losses(sums: Sums, number: int) -> F64:
    """Return the incidents to expect, times the share of losses that banks do not hold back."""
    loss = np.array([float(env.effects.loss) for env in sums.envs])
    return np.asarray(sums.once(_incidents, number) * loss[:, None])


MEASURES = (
    Measure(
        "attempts", "1", "attempts that arrive, a person; all platforms are 1 at the start",
        abuse="every", platform="carrier",
        value=_attempts,
        definition="attempts that arrive, per person; all platforms sum to 1 at the start",
    ),
    Measure(
        "incidents", "1", "incidents to expect, a person; 1 at the start",
        abuse="every",
        value=lambda sums, number: sums.once(_incidents, number),
        lines={("any", "any"): "{kind}, incidents"},
        definition=(
            "expected incidents (attempts that arrive, are not stopped and succeed), per person; "
            "1 at the start"
        ),
    ),
    Measure(
        "victims", PEOPLE, "people who have fallen for it since the start",
        abuse="every",
        value=lambda sums, number: sums.mean("victims")[..., number],
        definition=(
            "share of users who have fallen for it since the start, drawn user by user"
        ),
    ),
    Measure(
        "losses", "1", "losses that banks do not hold back, a person; 1 at the start",
        abuse="money",
        value=_losses,
        lines={("any", "any"): "{kind}, losses"},
        definition="incidents times the share of losses that banks do not hold back",
    ),
)  # fmt: skip
