"""The four numbers of a report's first screen, each of 100, and the costs that stand beside them.

They are levels and changes of the later month, without decimals; tables have the decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from typing import NamedTuple

from sim.base.numbers import Number
from sim.measures.series import Series
from sim.report.facts import Facts
from sim.report.finding import daily, focused
from sim.report.opened import Opened, opened

READ = [Series("any", "any", f"exposure_{by}") for by in ("phone", "apps")]
STRANDED = Series("any", "call", "no_means")
WELFARE = Series("any", "any", "welfare")
ONE, STEADY = "one run: no interval", "chance moves it by less than 1"
OTHERWISE = "go by other means, or not at all"


class Tile(NamedTuple):
    """One number with its interval, where its bar begins and how wide it is [%], and more."""

    number: str
    of: str
    clause: str
    interval: str
    low_end: float
    width: float
    more: Opened = ()


def tiles(found: Facts) -> list[Tile]:
    """Return the tiles: who left, who came, what goes by other means, who is worse off.

    A scenario that is compared with nothing has levels: the two largest messengers, what the
    state can read, and who has no means of calling.
    """
    if not found.changes:
        return list(_levels(found))
    channel = max(("call", "message"), key=lambda one: found.levels[_displaced(one)].median)
    return [
        *(_reach(found, name) for name in _two(found)),
        _level(
            found, _displaced(channel), f"of 100 {channel}s", "go by other means, or not at all"
        ),
        _level(found, Series("any", "any", "worse_off"), "of 100 people", "are worse off"),
    ]


def beside(found: Facts) -> str:
    """Return what the state reads, who is without means, and welfare, in one sentence."""
    numbers = found.changes or found.levels
    phone, apps = (numbers[one] for one in READ)
    if not found.changes:
        return (
            f"The state can read {_count(phone)} of 100 calls and messages by phone and "
            f"{_count(apps)} on apps."
        )
    return (
        f"Of 100 calls and messages, the state can read {_more(phone)} by phone and "
        f"{_more(apps)} on apps. Of 100 close ties, {_more(numbers[STRANDED])} have no means of "
        f"calling. {_welfare(numbers[WELFARE])}."
    )


def _two(found: Facts) -> Iterator[str]:
    """Yield the messenger of the finding, and the one that changes most in the other direction."""
    config, changes = found.config, found.changes
    focus = focused(config, found.after, changes)
    yield focus
    sign = 1.0 if changes[daily(focus)].median < 0.0 else -1.0
    others = [name for name in config.messengers if name != focus]
    yield from sorted(others, key=lambda name: -sign * changes[daily(name)].median)[:1]


def _reach(found: Facts, name: str) -> Tile:
    change, label = found.changes[daily(name)], found.config.platforms[name].printed
    of, clause = "of 100 people", f"more or fewer open {label} daily: not clear which"
    if change.is_clear:
        of = f"{'fewer' if change.median < 0.0 else 'more'} of 100 people"
        clause = f"open {label} daily"
    return _tile(change, of, clause)._replace(more=opened(found, daily(name), found.changes))


def _levels(found: Facts) -> Iterator[Tile]:
    config, levels = found.config, found.levels
    largest = sorted(config.messengers, key=lambda name: -levels[daily(name)].median)[:2]
    for name in largest:
        label = config.platforms[name].printed
        yield _level(found, daily(name), "of 100 people", f"open {label} daily")
    phone, _ = READ
    more = max(READ, key=lambda one: levels[one].median)
    where = "by phone" if more is phone else "on apps"
    yield _level(found, more, "of 100 calls and messages", f"can be read by the state {where}")
    yield _level(found, STRANDED, "of 100 close ties", "have no means of calling")


def _displaced(channel: str) -> Series:
    return Series("any", channel, "displaced")


def _level(found: Facts, series: Series, of: str, clause: str) -> Tile:
    tile = _tile(found.levels[series], of, clause)
    return tile._replace(more=opened(found, series, found.levels))


def _tile(number: Number, of: str, clause: str) -> Tile:
    """Return a tile of a share; a change is told by its size, its clause tells the direction."""
    low, middle, high = (100.0 * end for end in (number.low, number.median, number.high))
    if isnan(low):
        return Tile(_whole(abs(middle)), of, clause, ONE, 0.0, abs(middle))
    if not number.is_clear:
        interval = f"{_whole(low)} to {_whole(high)}"
        return Tile(_whole(abs(middle)), of, clause, interval, 0.0, max(-low, high))
    low, high = sorted((abs(low), abs(high)))
    ends = _whole(low), _whole(high)
    interval = f"{ends[0]} to {ends[1]}" if ends[0] != ends[1] else STEADY
    return Tile(_whole(abs(middle)), of, clause, interval, low, high - low)


def _whole(percent: float) -> str:
    """Write a percentage without decimals; one that is not quite 0 is under 1."""
    if 0.0 < abs(percent) < 0.5:
        return "under 1"
    return f"{percent:.0f}".replace("-0", "0").replace("-", "\N{MINUS SIGN}")


def _count(number: Number) -> str:
    return _whole(100.0 * number.median)


def _more(number: Number) -> str:
    """Return a change of a share as a count: ``6 more``."""
    if not number.is_clear or number.median == 0.0:
        return "no clear number more or fewer"
    return f"{_whole(abs(100.0 * number.median))} {'more' if number.median > 0 else 'fewer'}"


def _welfare(change: Number) -> str:
    if not change.is_clear:
        return "The welfare index shows no clear change"
    way = "rises" if change.median > 0.0 else "falls"
    return f"The welfare index {way} by {abs(change.median):.2f} (it is blind to pressure)"
