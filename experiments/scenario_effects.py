"""Levels and paired effects of scenarios over replications, and the tables that show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import pandas as pd

from sim.base.units import BAND, REACHES
from sim.config.platforms import CELLULAR, CHANNELS

N_MOVED = 3  # changes of reach that are named
SMALL = 0.001  # a change of reach below this is not named [1]
READ_BY, OF_TIES = ("phone", "apps"), ("no_means", "secure")


class Levels(NamedTuple):
    """Monthly means of one scenario: series by replication, in one month."""

    means: pd.DataFrame  # index platform, channel, measure; columns replication

    def sum(self, measure: str, platform: str | None = None, channel: str = "any") -> pd.Series:
        """Return one series, summed over platforms if none is named."""
        rows = self.means.xs((channel, measure), level=("channel", "measure"))
        return rows.sum() if platform is None else rows.loc[platform]


class Spread(NamedTuple):
    """What replications gave: the median, and half of the width of the 90 % band."""

    median: float
    half: float

    @classmethod
    def of(cls, values: pd.Series) -> Spread:
        """Return that of numbers, one a replication."""
        low, high = values.quantile([BAND["low"], BAND["high"]])
        return cls(float(values.median()), float(high - low) / 2.0)


class Effect(NamedTuple):
    """A scenario with its counterfactual."""

    counterfactual: str
    here: Levels
    there: Levels
    newly_exposed: Spread

    def of(self, measure: str, platform: str | None = None, channel: str = "any") -> pd.Series:
        """Return the paired differences of a series, one a replication."""
        return self.here.sum(measure, platform, channel) - self.there.sum(
            measure, platform, channel
        )

    def ratio(self, measure: str) -> pd.Series:
        """Return the relative changes of a series, summed over platforms, one a replication."""
        return self.here.sum(measure) / self.there.sum(measure) - 1.0


def level_table(levels: dict[str, Levels], labels: dict[str, str]) -> Iterator[str]:
    """Yield the table of levels: reach and what it costs, per cent."""
    messengers = [name for name in labels if name != CELLULAR]
    heads = [f"{labels[name]}, monthly / daily" for name in messengers]
    heads += ["VPN", "exposure, phone / apps", "no means, messages / calls"]
    heads += ["secure, messages / calls"]
    yield "| scenario | " + " | ".join(heads) + " |"
    yield "|---" * (len(heads) + 1) + "|"
    for name, one in levels.items():
        get = partial(_level, one)
        cells = [f"{get('mau', p)} / {get('dau', p)}" for p in messengers]
        cells += [get("vpn"), " / ".join(get(f"exposure_{by}") for by in READ_BY)]
        cells += [" / ".join(get(name, "any", c) for c in CHANNELS) for name in OF_TIES]
        yield f"| {name} | " + " | ".join(cells) + " |"


def level_spread(levels: dict[str, Levels], labels: dict[str, str]) -> str:
    """Say how wide the bands of levels are."""
    reach = [(measure, name, "any") for measure in REACHES for name in labels if name != CELLULAR]
    others = [("vpn", "any", "any"), *((f"exposure_{by}", "any", "any") for by in READ_BY)]
    others += [(name, "any", channel) for name in OF_TIES for channel in CHANNELS]
    widest = (
        max(Spread.of(100 * one.sum(*of)).half for one in levels.values() for of in group)
        for group in (reach, others)
    )
    return "± {:.1f} points of reach, ± {:.1f} points in the other columns".format(*widest)


def _level(one: Levels, measure: str, platform: str = "any", channel: str = "any") -> str:
    return f"{100 * one.sum(measure, platform, channel).median():.1f}"


def effect_table(effects: dict[str, Effect], labels: dict[str, str]) -> Iterator[str]:
    """Yield the table of effects, a line a scenario."""
    heads = ["reach (90 % band)", *(column.title for column in COLUMNS)]
    yield "| scenario (compared with) | " + " | ".join(heads) + " |"
    yield "|---" * (len(heads) + 1) + "|"
    for name, effect in effects.items():
        cells = (_moved(effect, labels), *(column.write(effect) for column in COLUMNS))
        yield f"| {name} ({effect.counterfactual}) | " + " | ".join(cells) + " |"


def _moved(effect: Effect, labels: dict[str, str]) -> str:
    """Name the largest changes of reach, each messenger once, with their bands."""
    changes = []
    for platform in labels:
        if platform != CELLULAR:
            both = [(effect.of(measure, platform), measure) for measure in REACHES]
            change, measure = max(both, key=lambda pair: abs(pair[0].median()))
            changes.append((change, f"{labels[platform]} {REACHES[measure]}"))
    changes.sort(key=lambda pair: -abs(pair[0].median()))
    named = [
        f"{name} {_banded(change)}"
        for change, name in changes[:N_MOVED]
        if abs(change.median()) >= SMALL
    ]
    return "; ".join(named) or "nothing"


def _banded(change: pd.Series) -> str:
    low, high = (100 * change).quantile([BAND["low"], BAND["high"]])
    return f"{100 * change.median():+.1f} ({low:+.1f} to {high:+.1f})"


def effect_spread(effects: dict[str, Effect]) -> str:
    """Say how wide the bands of effects are, where the table shows none."""
    widest = (
        f"{column.title} ± {column.scale * half:.{max(column.digits, 1)}f}"
        for column in COLUMNS
        for half in [max(told.half for e in effects.values() for told in column.of(e))]
    )
    return "; ".join(widest)


class Column(NamedTuple):
    """Numbers of the table of effects: one series or several."""

    title: str
    of: Callable[[Effect], list[Spread]]
    scale: float = 100.0
    digits: int = 1
    sign: str = "+"

    def write(self, effect: Effect) -> str:
        """Write the medians."""
        numbers = (round(self.scale * told.median, self.digits) for told in self.of(effect))
        return " / ".join(f"{number + 0.0:{self.sign}.{self.digits}f}" for number in numbers)


def _of(measure: str, *channels: str) -> Callable[[Effect], list[Spread]]:
    return lambda effect: [
        Spread.of(effect.of(measure, "any", channel)) for channel in channels or ("any",)
    ]


def _exposures(effect: Effect) -> list[Spread]:
    return [Spread.of(effect.of(f"exposure_{by}", "any")) for by in READ_BY]


def _fraud(effect: Effect) -> list[Spread]:
    return [Spread.of(effect.ratio(f"fraud_{m}")) for m in ("attempts", "incidents", "losses")]


COLUMNS = (  # after that of reach, which has its own bands
    Column("VPN", _of("vpn")),
    Column("exposure, phone / apps", _exposures),
    Column("newly exposed", lambda effect: [effect.newly_exposed], sign="-"),
    Column("displaced, messages / calls", _of("displaced", *CHANNELS)),
    Column("worse off", _of("worse_off")),
    Column("no means, messages / calls", _of("no_means", *CHANNELS), 100.0, 2),
    Column("secure, messages / calls", _of("secure", *CHANNELS)),
    Column("welfare", _of("welfare"), 1.0, 3),
    Column("fraud: attempts / incidents / losses, %", _fraud, 100.0, 0),
)
