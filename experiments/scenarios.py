"""Run every scenario and set what it costs beside what it moves.

    python -m experiments.scenarios [OVERRIDE ...] > docs/scenarios.md

Prints, as Markdown: levels in every world; for every scenario its effect against its yardstick
(the first in its ``compare_to``) on reach, on harms and on fraud; and a judgement, written by
hand (experiments/scenarios.yaml). Numbers are means over the last whole month of the run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import yaml

from experiments import command
from sim import compare, load_config
from sim.composing.conf import CONF, names
from sim.errors import ConfigError
from sim.observation.months import monthly_mean
from sim.platforms import CELLULAR
from sim.results import Result
from sim.words.units import BAND

COMPOSED = {  # scenarios made to be put on top of others, and what they then add to
    "call_ban+vpn_support": "call_ban",
    "full_block+vpn_support": "full_block",
    "call_ban+mutual_help": "call_ban",
    "call_ban+fraud_only_measures": "call_ban",
}
JUDGEMENTS = Path(__file__).with_suffix(".yaml")
REPLICATIONS = 4
N_MOVED = 3  # changes of reach that are named
SMALL = 0.001  # a change of reach below this is not named [1]
WORDS = {"mau": "monthly", "dau": "daily"}


class World(NamedTuple):
    """One world's monthly means: series by replication, in one month."""

    means: pd.DataFrame  # index platform, channel, measure; columns replication

    def sum(self, measure: str, platform: str | None = None, channel: str = "any") -> pd.Series:
        """Return one series, summed over platforms if none is named."""
        rows = self.means.xs((channel, measure), level=("channel", "measure"))
        return rows.sum() if platform is None else rows.loc[platform]


class Effect(NamedTuple):
    """A world beside its yardstick."""

    yardstick: str
    here: World
    there: World
    newly_exposed: float

    def of(self, measure: str, platform: str | None = None, channel: str = "any") -> pd.Series:
        """Return the paired differences of a series, one a replication."""
        return self.here.sum(measure, platform, channel) - self.there.sum(
            measure, platform, channel
        )

    def ratio(self, measure: str) -> float:
        """Return the median relative change of a series, summed over platforms."""
        return float((self.here.sum(measure) / self.there.sum(measure) - 1.0).median())


def main(overrides: list[str]) -> None:
    """Print the page."""
    try:
        worlds, effects, month = run_all(overrides)
        config = load_config(f"replications={REPLICATIONS}", *overrides)
    except ConfigError as error:
        sys.exit(str(error))
    judgements = yaml.safe_load(JUDGEMENTS.read_text(encoding="utf-8"))
    labels = {name: platform.label for name, platform in config.platforms.items()}
    print("# What every scenario does, and what it costs\n")
    print(f"Made by `{command.line('scenarios', overrides)}`; ", end="")
    print(f"{config.population.n_users:,} users, {config.replications} replications.")
    print(INTRODUCTION.format(month=f"{month:%B %Y}"))
    print("\n## Levels\n")
    for line in level_table(worlds, labels):
        print(line)
    print("\n## Effects\n")
    for line in effect_table(effects, labels):
        print(line)
    print(NOTES)
    print("\n## Judgement\n\nWritten by hand, after a look at the numbers of the default run.")
    for name in (*worlds, *(name for name in effects if name not in worlds)):
        print(f"\n### {name}\n\n{story(name)}\n\n{judgements[name].strip()}")


def run_all(overrides: list[str]) -> tuple[dict[str, World], dict[str, Effect], pd.Timestamp]:
    """Run every scenario; return worlds and effects by name, and the month they are of.

    A yardstick is run once, with all scenarios that are held against it as its counterfactuals:
    pairing is the same from either side.
    """
    for override in overrides:
        if override.lstrip("+~").startswith(("policy=", "scenario=")):  # a yardstick would have it
            raise ConfigError(f"{override}: allowed: what is the same in all scenarios")
    given = (f"replications={REPLICATIONS}", *overrides)
    yardsticks: dict[str, list[str]] = {}
    for name in names("scenario"):
        for other in load_config(f"+scenario={name}", *given).compare_to[:1]:
            yardsticks.setdefault(other, []).append(name)
    worlds: dict[str, World] = {}
    effects: dict[str, Effect] = {}
    for yardstick, held in yardsticks.items():
        result = compare(
            load_config(f"+scenario={yardstick}", f"compare_to=[{','.join(held)}]", *given)
        )
        month = last_month(result)
        worlds |= {name: world(result, name, month) for name in (yardstick, *held)}
        effects |= {
            name: Effect(
                yardstick, worlds[name], worlds[yardstick],
                _exposed(result, name, "no_longer_exposed", month),
            )
            for name in held
        }  # fmt: skip
    for name, yardstick in COMPOSED.items():
        chosen = f"+scenario=[{name.replace('+', ',')}]"
        result = compare(load_config(chosen, f"compare_to=[{yardstick}]", *given))
        here, there = (world(result, n, month) for n in (name, yardstick))
        newly = _exposed(result, yardstick, "newly_exposed", month)
        effects[name] = Effect(yardstick, here, there, newly)
    in_order = [*names("scenario"), *COMPOSED]
    return (
        {name: worlds[name] for name in names("scenario")},
        {name: effects[name] for name in in_order if name in effects},
        month,
    )


def story(name: str) -> str:
    """Return what a scenario says of itself in its first line; of composed ones, each in turn."""
    stories = []
    for part in name.split("+"):
        lines = (CONF / "scenario" / f"{part}.yaml").read_text(encoding="utf-8").splitlines()
        stories.append(lines[1].removeprefix("# "))
    return " ".join(stories)


def last_month(result: Result) -> pd.Timestamp:
    """Return the last month with monthly reach."""
    t = result.timeseries
    month = t.loc[t["measure"] == "mau", "date"].max()
    if pd.isna(month):
        raise ConfigError("the run holds no whole month")
    return pd.Timestamp(month)


def world(result: Result, scenario: str, month: pd.Timestamp) -> World:
    """Return the monthly means of all series of one world."""
    t = result.timeseries
    mine = t[(t["scenario"] == scenario) & (t["group"] == "all")]
    names = mine["platform"].astype(str) + "/" + mine["channel"].astype(str)
    names += "/" + mine["measure"].astype(str)
    flat = mine[["date", "replication", "value"]].assign(platform=names)
    is_monthly = mine["measure"] == "mau"
    both = pd.concat([flat[is_monthly], monthly_mean(flat[~is_monthly])])
    values = both[both["date"] == month].pivot_table(
        index="platform", columns="replication", values="value"
    )
    keys = [name.split("/") for name in values.index]
    return World(
        values.set_axis(pd.MultiIndex.from_tuples(keys, names=["platform", "channel", "measure"]))
    )


def _exposed(result: Result, other: str, measure: str, month: pd.Timestamp) -> float:
    """Return the share of people who changed sides on exposure at the end of a month."""
    e = result.effects
    e = e[(e["counterfactual"] == other) & (e["group"] == "all") & (e["measure"] == measure)]
    e = e[(e["date"] >= month) & (e["date"] < month + pd.offsets.MonthBegin(1))]
    return float(e["median"].iloc[-1])


def level_table(worlds: dict[str, World], labels: dict[str, str]) -> Iterator[str]:
    """Yield the table of levels: reach and what it costs, per cent."""
    messengers = [name for name in labels if name != CELLULAR]
    heads = [f"{labels[name]}, monthly / daily" for name in messengers]
    heads += ["VPN", "exposure", "secure, messages / calls"]
    yield "| scenario | " + " | ".join(heads) + " |"
    yield "|---" * (len(heads) + 1) + "|"
    for name, one in worlds.items():
        get = partial(_level, one)
        cells = [f"{get('mau', p)} / {get('dau', p)}" for p in messengers]
        cells += [get("vpn"), get("exposure")]
        cells += [" / ".join(get("secure", "any", c) for c in ("message", "call"))]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _level(one: World, measure: str, platform: str = "any", channel: str = "any") -> str:
    return f"{100 * one.sum(measure, platform, channel).median():.1f}"


def effect_table(effects: dict[str, Effect], labels: dict[str, str]) -> Iterator[str]:
    """Yield the table of effects, a line a scenario."""
    yield "| scenario (against) | " + " | ".join(COLUMNS) + " |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for name, effect in effects.items():
        cells = (write(effect, labels) for write in COLUMNS.values())
        yield f"| {name} ({effect.yardstick}) | " + " | ".join(cells) + " |"


def _moved(effect: Effect, labels: dict[str, str]) -> str:
    """Name the largest changes of reach, each messenger once, with their bands."""
    changes = []
    for platform in labels:
        if platform != CELLULAR:
            both = [(effect.of(measure, platform), measure) for measure in WORDS]
            change, measure = max(both, key=lambda pair: abs(pair[0].median()))
            changes.append((change, f"{labels[platform]} {WORDS[measure]}"))
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


def _points(measure: str, *channels: str) -> Callable[[Effect, dict[str, str]], str]:
    """Return a writer of effects in percentage points, by channel."""

    def write(effect: Effect, _: dict[str, str]) -> str:
        medians = (effect.of(measure, "any", c).median() for c in channels or ("any",))
        return " / ".join(_signed(m, 1) for m in medians)

    return write


def _fraud(effect: Effect, _: dict[str, str]) -> str:
    measures = ("attempts", "incidents", "losses")
    return " / ".join(_signed(effect.ratio(f"fraud_{m}"), 0) for m in measures)


def _signed(share: float, digits: int) -> str:
    """Write a share as signed per cent; what rounds to nothing is +0."""
    return f"{round(100 * share, digits) + 0.0:+.{digits}f}"


BOTH = ("message", "call")
COLUMNS: dict[str, Callable[[Effect, dict[str, str]], str]] = {
    "reach (90 % band)": _moved,
    "VPN": _points("vpn"),
    "exposure": _points("exposure"),
    "newly exposed": lambda effect, _: f"{100 * effect.newly_exposed:.1f}",
    "isolated, messages / calls": _points("isolation", *BOTH),
    "cut off, messages / calls": _points("cut_off", *BOTH),
    "secure, messages / calls": _points("secure", *BOTH),
    "welfare": lambda effect, _: f"{effect.of('welfare', 'any').median():+.3f}",
    "fraud: attempts / incidents / losses, %": _fraud,
}

INTRODUCTION = """
Levels and effects are of {month}, the last whole month of the run, when all that is dated has
happened; reach was observed until February 2026 (docs/record.md), so nothing here was held against
data. Effects are paired differences, scenario minus yardstick with the same random numbers, median
over replications. None is a forecast; parameter and model error are in no band."""

NOTES = """
Reach, VPN, isolated, cut off: percentage points of people aged 12+; of reach the three largest
changes, monthly or daily, are named. Exposure: points of communication open to the state. Newly
exposed: per cent of people who are exposed here and not under the yardstick. Secure: points of
what can be said (ties by weight, times how well the best shared messenger works) on messengers
that the state cannot read. Isolated, cut off:
who has lost over 30 % of reachable, of secure contacts since the start. Welfare: utils, mean
logsum of what one can use, blind to coercion and to being read. Fraud: attempts that arrive,
incidents to expect and losses, per cent."""


if __name__ == "__main__":
    main(command.overrides("scenarios", __doc__))
