"""The finding of a run in one sentence, made from its facts: who moves, and where calls go.

It is never more certain than its interval: a change whose interval holds zero is no change, and
one whose ends would be told in different words is told with "probably".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from math import isnan

from sim.base.numbers import Number
from sim.config.platforms import CELLULAR
from sim.config.sim_config import SimConfig
from sim.config.titles import capital, scenario_title
from sim.measures.series import Series
from sim.policies.policy import Policy

Changes = Mapping[Series, Number]  # relative to the first counterfactual
COUNT = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
HARDLY, FEW, ALL = 0.01, 0.075, 0.95  # shares below or above which no tenths are told
TOLD = 0.05  # share of calls, messages or people from which the second clause tells of it
MOST = 2 / 3  # of what is displaced


def finding(
    config: SimConfig, after: dt.date, levels: Mapping[Series, Number], changes: Changes
) -> str:
    """Return the finding, a title without a full stop.

    Parameters
    ----------
    config : SimConfig
    after : date
        The month that is told.
    levels, changes : mapping of Number
        In that month: the series in the scenario, and what it changes, if it is compared.
    """
    title = scenario_title(config, config.scenario)
    when = f"{after:%B %Y}"
    if not config.compare_to:
        name, level = max(_daily(config, levels), key=lambda one: one[1].median)
        label, people = config.platforms[name].printed, in_ten(level.median)
        return capital(f"{title}: {people} people open {label} daily in {when}")
    if all(is_nought(change) for _, change in _daily(config, changes)):
        return capital(f"{title} changes nothing of who opens which app by {when}")
    focus = focused(config, after, changes)
    moved = _moved(config, focus, levels, changes)
    told = next(_consequences(config, focus, levels, changes), "")
    alone = "in one run, " if isnan(changes[daily(focus)].low) else ""
    return capital(f"{alone}{title} {moved}{told}")


def is_nought(change: Number) -> bool:
    """Return whether a change is zero in all replications, but for rounding."""
    ends = (change.median, change.low, change.high)
    return all(abs(end) < 1e-9 for end in ends if not isnan(end))


def daily(messenger: str) -> Series:
    """Return the series of the daily reach of a messenger."""
    return Series(messenger, "any", "dau")


def focused(config: SimConfig, after: dt.date, changes: Changes) -> str:
    """Return the messenger that the finding is about.

    Of those that the scenario restricts and its counterfactual does not, the one that loses most.
    Else, of those that its policies name, or of all, the one whose daily reach changes most.
    """
    differing = list(_differing(config, after))
    failures = [p for one in differing for p in (one.restricts(), one.shuts(config)) if p]
    by_change = {name: change.median for name, change in _daily(config, changes)}
    restricted = by_change.keys() & {name for failure in failures for name in failure.platforms}
    if restricted and min(by_change[name] for name in restricted) < 0.0:
        return min(sorted(restricted), key=by_change.__getitem__)
    named = by_change.keys() & {name for one in differing for name in one.named()}
    return max(sorted(restricted or named or by_change), key=lambda name: abs(by_change[name]))


def in_ten(share: float) -> str:
    """Return how many of people or users a share is, in words: ``about three in ten``."""
    if share < HARDLY:
        return "hardly any"
    if share < FEW:
        return "few"
    return "nearly all" if share >= ALL else f"about {COUNT[max(1, round(10 * share))]} in ten"


def _daily(config: SimConfig, numbers: Mapping[Series, Number]) -> Iterator[tuple[str, Number]]:
    return ((name, numbers[daily(name)]) for name in config.messengers)


def _differing(config: SimConfig, after: dt.date) -> Iterator[Policy]:
    """Yield policies begun by the month that differ between scenario and counterfactual."""
    here, there = config.policies, config.counterfactuals[config.compare_to[0]]
    for name in {**here, **there}:
        if here.get(name) != there.get(name):
            found = here.get(name) or there[name]
            if (found.start.year, found.start.month) <= (after.year, after.month):
                yield found


def _moved(
    config: SimConfig, focus: str, levels: Mapping[Series, Number], changes: Changes
) -> str:
    """Return the predicate: how many leave the messenger, or come to it."""
    label, change = config.platforms[focus].printed, changes[daily(focus)]
    if not change.is_clear:
        return f"does not clearly change how many people open {label} daily"
    there = levels[daily(focus)].median - change.median
    of = there if change.median < 0.0 and there > 0.0 else 1.0
    probably, people = _hedge(change, of), in_ten(abs(change.median) / of)
    if change.median < 0.0:
        return f"{probably}moves {people} daily users off {label}"
    return f"{probably}brings {people} people to {label}"


def _hedge(number: Number, of: float = 1.0) -> str:
    """Return ``probably`` if the ends of the interval would be told in other words."""
    if isnan(number.low):
        return ""
    ends = {in_ten(abs(end) / of) for end in (number.low, number.median, number.high)}
    return "" if len(ends) == 1 else "probably "


def _consequences(
    config: SimConfig, focus: str, levels: Mapping[Series, Number], changes: Changes
) -> Iterator[str]:
    """Yield second clauses, the most telling first: where calls go, who gains, who loses."""
    went = {
        channel: _heirs(config, focus, channel, changes)
        for channel in ("call", "message")
        if _at_least(levels[Series("any", channel, "displaced")], TOLD)
    }
    if len({*went.values()}) == 1 and all(went.values()):
        yield f": {' and '.join(f'{channel}s' for channel in went)} go mostly to {_first(went)}"
    for channel, heirs in went.items():
        if heirs:
            yield f": {channel}s go mostly to {heirs}"
    gains = [(number, name) for name, number in _daily(config, changes) if name != focus]
    gain, name = max(gains, default=(Number(0.0, 0.0, 0.0, "percent"), ""))
    if _at_least(gain, HARDLY):
        label = config.platforms[name].printed
        yield f": {_hedge(gain)}{in_ten(gain.median)} people come to {label}"
    worse = levels[Series("any", "any", "worse_off")]
    if _at_least(worse, TOLD):
        yield f": {_hedge(worse)}{in_ten(worse.median)} people are worse off"


def _first(went: Mapping[str, str]) -> str:
    return next(iter(went.values()))


def _heirs(config: SimConfig, focus: str, channel: str, changes: Changes) -> str:
    """Return what takes most of a channel's displaced part; nothing if that is not clear.

    Nor if it is a messenger that people leave, whose users of today call there more.
    """
    gains = {
        name: change.median
        for name in config.carriers
        if (change := changes.get(Series(name, channel, "use"))) and _at_least(change, 0.0)
    }
    best = sorted(gains, key=lambda name: -gains[name])[:2]
    if best and gains[best[0]] >= MOST * sum(gains.values()):
        best = best[:1]
    is_most = sum(gains[name] for name in best) >= MOST * sum(gains.values())
    is_left = focus in best and changes[daily(focus)].median < 0.0
    return " and ".join(_carrier(config, name) for name in best) if is_most and not is_left else ""


def _carrier(config: SimConfig, name: str) -> str:
    return "the ordinary phone" if name == CELLULAR else config.platforms[name].printed


def _at_least(number: Number, least: float) -> bool:
    """Return whether a number is above `least` over its whole interval."""
    return bool((number.median if isnan(number.low) else number.low) > least)
