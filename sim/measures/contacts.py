"""Measures of contacts: whom people can reach, in private, at all, or by no means."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.config.sim_config import SimConfig
from sim.measures.measure import Measure, Users
from sim.measures.sums import Sums
from sim.measures.thresholds import DEAR
from sim.rules.records import F64, Environment


def _is_dear(config: SimConfig, envs: Iterable[Environment]) -> F64:
    """Return 1 where the phone is not affordable: (n steps, 2), at home, then abroad."""
    price = np.array([env.effects.price[:, -1] for env in envs])
    abroad = config.population.abroad.call_price
    return np.array([price >= DEAR, price + abroad >= DEAR], float)


def _no_means(sums: Sums) -> F64:
    """Return the weight of ties without means by the weight of all ties, by channel."""
    weight = sums.config.population.abroad.weight
    at_home, abroad = _is_dear(sums.config, sums.envs)[:, :, None]
    home, has_abroad = (sums.of(name)[..., None] for name in ("home_ties", "has_abroad"))
    reached_there = weight * sums.of("abroad")
    lacking = at_home * (home - sums.of("reachable") + reached_there)
    lacking = lacking + abroad * (weight * has_abroad - reached_there)
    return np.asarray(np.maximum(lacking, 0.0) / (home + weight * has_abroad))


def _no_means_of_user(seen: Users) -> F64:
    """Return the same of each user; NaN: has no ties."""
    weight = seen.config.population.abroad.weight * seen.users.abroad[:, None].astype(float)
    (at_home,), (abroad,) = _is_dear(seen.config, [seen.env])
    records = seen.step_records
    home = (records.partner != np.arange(len(records)))[:, None] * (1.0 - weight)
    reached_there = weight * records.abroad
    lacking = at_home * (home - records.reachable + reached_there)
    lacking = lacking + abroad * (weight - reached_there)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.maximum(lacking, 0.0) / (home + weight))


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
            "messenger works (or the share of attempts that fail on the one that works best). "
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
