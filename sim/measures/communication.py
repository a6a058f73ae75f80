"""Measures of communication: how much goes over which platform, and what the state can read."""

from __future__ import annotations

import numpy as np

from sim.config.platforms import CELLULAR
from sim.measures.measure import Measure
from sim.measures.sums import Sums
from sim.rules.records import F64


def _exposure(sums: Sums) -> F64:
    """Return the share of communication that the state can read, by channel and in all."""
    access = np.array([env.effects.access for env in sums.envs])
    use = sums.of("use")[..., : access.shape[1]].copy()
    visible = np.array([shares @ one for shares, one in zip(use, access, strict=True)])
    total = use.sum(axis=-1)
    in_all = visible.sum(-1) / total.sum(-1)
    return np.concatenate([visible / total, in_all[..., None]], axis=-1)


MEASURES = (
    Measure(
        "use", "1", "communication a day; all of the average person is 1",
        platform="carrier", channel="each",
        value=lambda sums: sums.mean("use"),
        lines={(CELLULAR, "call"): "Ordinary phone calls"},
        definition=(
            "communication per person and day, as a share of what a person says in all on "
            "average. Over users who have contacts, all platforms and both channels sum to the "
            "mean of how much these users happen to talk: to 1.00 among 10,000 users, to 0.96 "
            "among 600, to less or more in a small group. The sum is the same in every step and "
            "scenario, so divide by it to compare groups"
        ),
    ),
    Measure(
        "exposure", "1", "communication that the state can read, of all communication",
        channel="each and any",
        value=_exposure,
        lines={("any", "any"): "Readable by the state"}, form="percent",
        axis="% of communication", is_harm=True,
        definition=(
            "share of communication on platforms that the state can read, weighted by how much "
            "of it the state can read there (`state_access`; once a platform complies, the degree "
            "of its compliance)"
        ),
        word="readable by the state",
        words=(
            "% of communication that the state can read: over the ordinary phone, and over "
            "messengers that it has access to."
        ),
    ),
)  # fmt: skip
