"""Run every scenario and show its costs together with its effects on adoption.

    python -m experiments.scenarios [OVERRIDE ...] > docs/scenarios.md

Prints, as Markdown: levels in every scenario; for each its effect relative to its counterfactual
(the first in its ``compare_to``) on reach, on harms and on fraud; how wide the bands of both are;
and a judgement, written by hand (experiments/scenarios.yaml). Numbers are means over the last
whole month of the run, and medians over replications.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

from experiments import command
from experiments.scenario_effects import (
    Effect,
    Levels,
    Spread,
    effect_spread,
    effect_table,
    level_spread,
    level_table,
)
from sim import Result, compare, load_config
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.config.conf import CONF, names
from sim.report.summary import monthly_series

COMPOSED = {  # scenarios made to be put on top of others, and what they then add to
    "call_ban+vpn_support": "call_ban",
    "full_block+vpn_support": "full_block",
    "call_ban+mutual_help": "call_ban",
    "call_ban+fraud_only_measures": "call_ban",
}
JUDGEMENTS = Path(__file__).with_suffix(".yaml")
REPLICATIONS = 40  # of fewer, hardly more than half lie within the band of 90 %


def main(overrides: list[str]) -> None:
    """Print the page."""
    with exit_status_of_errors():
        levels, effects, month = run_all(overrides)
        config = load_config(f"replications={REPLICATIONS}", *overrides)
    judgements = yaml.safe_load(JUDGEMENTS.read_text(encoding="utf-8"))
    labels = {name: platform.label for name, platform in config.platforms.items()}
    print("# What every scenario does, and what it costs\n")
    print(f"Made by `{command.line('scenarios', overrides)}`; ", end="")
    print(f"{config.population.n_users:,} users, {config.replications} replications.")
    print(INTRODUCTION.format(month=f"{month:%B %Y}"))
    print(f"\n## Levels\n{LEVELS.format(spread=level_spread(levels, labels))}\n")
    for line in level_table(levels, labels):
        print(line)
    print(f"\n## Effects\n{EFFECTS}\n")
    for line in effect_table(effects, labels):
        print(line)
    print(NOTES.format(spread=effect_spread(effects)))
    print(f"\n## Judgement\n{JUDGEMENT}")
    for name in (*levels, *(name for name in effects if name not in levels)):
        print(f"\n### {name}\n\n{description(name)}\n\n{judgements[name].strip()}")


def run_all(overrides: list[str]) -> tuple[dict[str, Levels], dict[str, Effect], pd.Timestamp]:
    """Run every scenario; return levels and effects by name, and their month.

    Raises
    ------
    ConfigError
        If an override is refused, or one is a policy or scenario.
    """
    for override in overrides:
        if override.lstrip("+~").startswith(
            ("policy=", "scenario=")
        ):  # a counterfactual would have it
            raise ConfigError(f"{override}: allowed: what is the same in all scenarios")
    given = (f"replications={REPLICATIONS}", *overrides)
    pairs = {
        name: load_config(f"+scenario={name}", *given).compare_to for name in names("scenario")
    }
    compared = {name: others[0] for name, others in pairs.items() if others} | COMPOSED
    levels: dict[str, Levels] = {}
    effects: dict[str, Effect] = {}
    for name, counterfactual in compared.items():
        chosen = f"+scenario=[{name.replace('+', ',')}]"
        result = compare(load_config(chosen, f"compare_to=[{counterfactual}]", *given))
        month = last_month(result)
        here, there = (
            monthly_levels(result, scenario, month)
            for scenario in (result.config.scenario, counterfactual)
        )
        levels |= {name: here, counterfactual: there}
        newly = _exposed(result, counterfactual, "newly_exposed", month)
        effects[name] = Effect(counterfactual, here, there, newly)
    in_order = [*names("scenario"), *COMPOSED]
    return (
        {name: levels[name] for name in names("scenario")},
        {name: effects[name] for name in in_order if name in effects},
        month,
    )


def description(name: str) -> str:
    """Return what a scenario says of itself in its first line; of composed ones, each in turn."""
    stories = []
    for part in name.split("+"):
        lines = (CONF / "scenario" / f"{part}.yaml").read_text(encoding="utf-8").splitlines()
        stories.append(lines[1].removeprefix("# "))
    return " ".join(stories)


def last_month(result: Result) -> pd.Timestamp:
    """Return the last month with monthly reach; a ConfigError if there is none."""
    t = result.timeseries
    month = t.loc[t["measure"] == "mau", "date"].max()
    if pd.isna(month):
        raise ConfigError("the run holds no whole month")
    return pd.Timestamp(month)


def monthly_levels(result: Result, scenario: str, month: pd.Timestamp) -> Levels:
    """Return the monthly means of all series of one scenario."""
    return Levels(monthly_series(result.timeseries, scenario).loc[month])


def _exposed(result: Result, other: str, measure: str, month: pd.Timestamp) -> Spread:
    """Return the share of people who changed sides on exposure at the end of a month."""
    e = result.effects
    e = e[(e["counterfactual"] == other) & (e["group"] == "all") & (e["measure"] == measure)]
    e = e[(e["date"] >= month) & (e["date"] < month + pd.offsets.MonthBegin(1))]
    median, low, high = e[["median", "low", "high"]].iloc[-1].astype(float)
    return Spread(median, (high - low) / 2.0)


INTRODUCTION = """
Levels and effects are means over {month}, the last whole month of the run, when every dated event
has happened, and medians over replications. Reach was observed until February 2026
([record.md](record.md)), so no number on this page was compared with data, and none is a forecast.
The bands are over replications of one synthetic society and cover chance alone, not uncertainty
about parameters or the model: a difference whose band excludes zero may still rest on an
assumption."""

LEVELS = """
Per cent. Reach (monthly / daily) and VPN: of people aged 12+. Exposure: of all communication, what
the state can read as calls and SMS, and on apps. No means: ties, by weight, with neither an app
that works nor an affordable phone. Secure: of what people have to say, what they could say on
messengers that the state cannot read (ties by weight, times how well the best shared messenger
works). Half the width of the widest 90 % band over replications is {spread}."""

EFFECTS = """
Scenario minus its counterfactual, the scenario that it is compared with (in brackets). Both draw
the same random numbers, so the differences are paired. Of scenarios joined by +, the second is put
on top of the first."""

NOTES = """
- *Reach*: percentage points of people aged 12+; the three largest changes of reach, monthly or
  daily, each with its 90 % band. Changes below a tenth of a point are not named.
- *VPN, worse off*: points of people aged 12+. Worse off are people to whom their means of
  communication are worth much less than in the counterfactual.
- *Displaced*: per cent of messages and of calls that go by other means than there.
- *Exposure, no means, secure*: points of what is defined under the levels.
- *Newly exposed*: per cent of people who are exposed here and not in the counterfactual.
- *Welfare*: utils, the mean value of what one can use (a logsum), blind to coercion and to being
  read.
- *Fraud*: per cent by which attempts that arrive, expected incidents and losses change.

Half the width of the widest 90 % band over replications in each column: {spread}.

[howto_report.md](howto_report.md) explains the words, [measures.md](measures.md) defines them."""

JUDGEMENT = """
Written by hand, after a look at the numbers of the default run: how plausible a scenario is
given what was observed, here or elsewhere, and where it rests on an assumption."""


if __name__ == "__main__":
    main(command.overrides("scenarios", __doc__))
