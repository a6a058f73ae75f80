"""Measures of contacts: whom people can reach, in private, at all, or by no means."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.config.sim_config import SimConfig
from sim.kernel.arrays import F64
from sim.measures.measure import Measure, Users
from sim.measures.sums import Sums
from sim.measures.thresholds import DEAR
from sim.rules.records import Environment


def _without(
    config: SimConfig, envs: Iterable[Environment], home: F64, has_abroad: F64, reachable: F64,
    abroad: F64,
) -> F64:  # fmt: skip
    """Return the weight of ties that are out of reach and where the phone is not affordable.

    Parameters
    ----------
    home, has_abroad : array (..., 1)
        Weight of ties in the country, and whether there is a contact abroad.
    reachable, abroad : array (..., 2)
        How well messengers reach all contacts by weight, and the one abroad.
    """
    price = np.array([env.effects.price[:, -1] for env in envs])
    dear_at_home, dear_abroad = price >= DEAR, price + config.population.abroad.call_price >= DEAR
    weight = config.population.abroad.weight
    missed_at_home = home - reachable + weight * abroad
    missed_abroad = weight * (has_abroad - abroad)
    dear_at_home, dear_abroad = (
        dear.reshape(len(price), *(1 for _ in home.shape[1:-1]), 2)
        for dear in (dear_at_home, dear_abroad)
    )
    missed = dear_at_home * missed_at_home + dear_abroad * missed_abroad
    return np.asarray(np.maximum(missed, 0.0))


def _no_means(sums: Sums) -> F64:
    names = ("home_ties", "has_abroad", "reachable", "abroad")
    home, has_abroad, reachable, abroad = (sums.mean(name) for name in names)
    return _without(
        sums.config, sums.envs, home[..., None], has_abroad[..., None], reachable, abroad
    )


def _no_means_of_user(seen: Users) -> F64:
    weight = seen.config.population.abroad.weight
    records, has_abroad = seen.step_records, seen.users.abroad[:, None].astype(float)
    home = (records.partner != np.arange(len(records)))[:, None] * (1.0 - weight * has_abroad)
    return _without(seen.config, [seen.env], home, has_abroad, records.reachable, records.abroad)


MEASURES = (
    Measure(
        "reachable", "1", "attempts to talk by messenger that can succeed",
        channel="each",
        value=lambda sums: sums.mean("reachable"),
        of_user=lambda seen: seen.step_records.reachable,
        definition=(
            "share of attempts to talk by messenger that can succeed: over weighted ties, the "
            "availability of the shared messenger that works best between the two, 0 where none "
            "is shared"
        ),
    ),
    Measure(
        "secure", "1", "the same on a messenger of which the state reads less than half",
        channel="each",
        value=lambda sums: sums.mean("secure"), of_user=lambda seen: seen.step_records.secure,
        definition="the same over messengers of which the state reads less than half",
    ),
    Measure(
        "no_means", "1", "ties without any means that works and is affordable",
        channel="each",
        value=_no_means, of_user=_no_means_of_user,
        lines={("any", "call"): "No means of calling", ("any", "message"): "No means of writing"},
        form="percent", axis="% of ties", is_harm=True,
        definition=(
            "share of ties, by weight, on which the phone is not affordable and no shared "
            "messenger works (or the share of attempts that fail on the one that works best), "
            "mean over users. "
            f"The phone is not affordable where it costs {DEAR:g} utils or more: abroad "
            "(`population.abroad.call_price`), and at home under a policy `price`"
        ),
        word="no means",
        words=(
            "% of ties, the closer ones counting for more, on which people can neither use an app "
            "nor afford the phone, as with most contacts abroad."
        ),
    ),
    Measure(
        "reachable_abroad", "1", "attempts to reach somebody close abroad that can succeed",
        channel="each",
        value=lambda sums: sums.of("abroad") / sums.of("has_abroad")[..., None],
        definition=(
            "share of attempts to reach somebody close abroad by messenger that can succeed, mean "
            "over those who have one"
        ),
    ),
)  # fmt: skip
