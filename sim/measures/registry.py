"""All measures by name, in the order of the tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.base.errors import ConfigError
from sim.base.units import SUCCESSORS, Meaning
from sim.config.sim_config import SimConfig
from sim.engine.accumulators import SLOTS
from sim.kernel.arrays import F64
from sim.measures import abuse, communication, contacts, people, reach
from sim.measures.measure import Measure, Series, Users
from sim.measures.sums import Sums
from sim.rules.records import layout

FAMILIES = (reach, communication, contacts, people, abuse)
BUILT_IN: dict[str, Measure] = {one.name: one for family in FAMILIES for one in family.MEASURES}
MONTHLY = tuple(one.name for one in BUILT_IN.values() if one.is_monthly)  # dated by the month
_registered: dict[str, Measure] = {}


def register_measure(measure: Measure) -> Measure:
    """Add a measure of your own to all runs of this process; return it.

    It has `value`, `of_user`, or both, and is observed in every step. Tables, effects, units and
    the report have it as they have built-in ones. One of the same name that was registered before
    gives way to it.

    Raises
    ------
    ConfigError
        If its name is that of a built-in one or no name, or nothing says how to compute it.
    """
    name = measure.name
    if not name.isidentifier():
        raise ConfigError(f"measure {name!r}: allowed: letters, digits and _, as my_measure")
    if name in {**BUILT_IN, **SLOTS, **SUCCESSORS}:
        raise ConfigError(f"measure {name}: there is one of this name; allowed: another name")
    if BUILT_IN.get(name.rpartition("_")[2], BUILT_IN["dau"]).abuse:
        raise ConfigError(f"measure {name}: names a measure of abuse; allowed: another name")
    if measure.every != "step" or measure.abuse:
        raise ConfigError(
            f"measure {name}: every={measure.every}, abuse={measure.abuse!r}; allowed: "
            "every=step, abuse=''"
        )
    if measure.value is None and measure.of_user is None:
        raise ConfigError(f"measure {name}: neither value nor of_user; allowed: one or both")
    _registered[name] = measure
    return measure


def unregister_measure(name: str) -> None:
    """Remove a measure that was registered."""
    del _registered[name]


def measures() -> list[Measure]:
    """Return all measures, registered ones last."""
    return [*BUILT_IN.values(), *_registered.values()]


def registered_measures() -> list[Measure]:
    """Return the measures that were registered in this process."""
    return list(_registered.values())


def described_measures() -> dict[str, dict[str, str]]:
    """Return what registered measures are, for the records of a run."""
    return {one.name: {"unit": one.unit, "meaning": one.meaning} for one in _registered.values()}


def refuse_registered_measures(where: str, allowed: str) -> None:
    """Refuse to run where measures registered in this process are not known.

    Raises
    ------
    ConfigError
        If there are any.
    """
    if _registered:
        raise ConfigError(
            f"{where}: other processes do not know the registered measures "
            f"{', '.join(_registered)}; allowed: {allowed}"
        )


def summed_by_user() -> list[Measure]:
    """Return the measures whose values of users have to be added up in every step."""
    return [one for one in measures() if one.value is None]


def step_series(config: SimConfig) -> list[Series]:
    """Return the series observed in every step, in the order of `step_values`."""
    return _series(config, "step")


def month_series(config: SimConfig) -> list[Series]:
    """Return the series observed once a calendar month."""
    return _series(config, "month")


def paired_measures(every: str) -> list[Measure]:
    """Return the measures that compare two scenarios each ``step`` or ``month``."""
    return [one for one in measures() if one.every == f"paired {every}"]


def _series(config: SimConfig, every: str) -> list[Series]:
    return [s for one in measures() if one.every == every for s in one.series(config)]


def values(sums: Sums, every: str) -> F64:
    """Return the values of the step or month series, shape (n steps, n groups, n series)."""
    config = sums.config
    with np.errstate(invalid="ignore", divide="ignore"):  # a group may be empty: NaN
        found = [
            _picked(one, one.value(sums, *kind), 2, config) if one.value else sums.mean(one.name)
            for one in measures()
            if one.every == every
            for kind in ([(k,) for k, _ in one.kinds(config)] if one.abuse else [()])
        ]
    return np.concatenate([some.reshape(*some.shape[:2], -1) for some in found], axis=-1)


def of_user(measure: Measure, seen: Users) -> np.ndarray[Any, Any]:
    """Return a measure of each user: (n,), with an axis of channels, one of platforms, if any."""
    assert measure.of_user is not None
    return _picked(measure, np.asarray(measure.of_user(seen)), 1, seen.config)


def _picked(
    measure: Measure, values: np.ndarray[Any, Any], outer: int, config: SimConfig
) -> np.ndarray[Any, Any]:
    """Return the platforms of the case, from values with some outer axes: they are checked."""
    lanes, shape = lanes_of(measure, config), values.shape[outer:]
    channels = () if measure.channel == "any" else (len(measure.channels),)
    size = (*channels, *([cellular_column(config) + 1] if lanes else []))
    fits = len(shape) == len(size) and shape[: len(channels)] == channels
    if not fits or (lanes and shape[-1] <= max(lanes)):
        of = "user" if outer == 1 else "step and group"
        raise ConfigError(
            f"measure {measure.name}: values of shape {shape} for each {of}; allowed: {size}, "
            f"as platform={measure.platform}, channel={measure.channel}"
        )
    return values[..., lanes] if lanes else values


def cellular_column(config: SimConfig) -> int:
    """Return the column of cellular on an axis of platforms: the one after all tiles."""
    return layout(config.tiles).messengers


def lanes_of(measure: Measure, config: SimConfig) -> list[int]:
    """Return where the platforms of a case stand on an axis of platforms; [] without one."""
    if measure.platform == "any":
        return []
    n = len(config.messengers)
    return [*range(n), *([cellular_column(config)] if measure.platform == "carrier" else [])]


def find(name: str) -> Measure:
    """Return the measure of a name in tables; those of abuse are named KIND_attempts etc.

    Raises
    ------
    KeyError
        If there is no such measure.
    """
    if name in SUCCESSORS:
        raise KeyError(f"{name}: there is no such measure any more; allowed: {SUCCESSORS[name]}")
    known: dict[str, Measure] = {**BUILT_IN, **_registered}
    if name in known and not known[name].abuse:
        return known[name]
    found = known[name.rpartition("_")[2]]
    if not found.abuse:
        raise KeyError(name)
    return found


def meaning(name: str) -> Meaning:
    """Return unit and meaning of a measure in tables; raise KeyError if there is none."""
    found = find(name)
    kind = f"{name.rpartition('_')[0]}: " if found.abuse else ""
    return Meaning(found.unit, f"{kind}{found.meaning}")


def meaning_of(name: str) -> Meaning:
    """Return unit and meaning of a measure in a table that may come from another process."""
    try:
        return meaning(name)
    except KeyError:
        return Meaning("", "registered by the script that made the run: see its manifest.json")
