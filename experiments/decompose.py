"""Take a change apart: the effect of a scenario with one mechanism switched off at a time.

    python -m experiments.decompose [+scenario=call_ban] [OVERRIDE ...]

Prints, as Markdown, the effect (scenario minus its first counterfactual) on reach and its costs
in the case's headline month, for the whole model and without each mechanism. Each world without
a mechanism is started anew from the observed shares. Effects of mechanisms do not add up: they
work together.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from experiments import command
from sim import compare, load_config
from sim.errors import ConfigError
from sim.mechanisms import MECHANISMS
from sim.results import Result
from sim.words.summary import every_monthly_series, months


class Column(NamedTuple):
    """A series whose effect is shown."""

    label: str
    platform: str
    channel: str
    measure: str
    factor: float  # from the table's unit to the printed one
    unit: str


COLUMNS = (
    Column("WhatsApp, daily", "whatsapp", "any", "dau", 100, "points"),
    Column("Telegram, daily", "telegram", "any", "dau", 100, "points"),
    Column("Max, monthly", "max", "any", "mau", 100, "points"),
    Column("imo, monthly", "imo", "any", "mau", 100, "points"),
    Column("VPN", "any", "any", "vpn", 100, "points"),
    Column("exposure", "any", "any", "exposure", 100, "points"),
    Column("isolated, calls", "any", "call", "isolation", 100, "points"),
    Column("welfare", "any", "any", "welfare", 1, "utils"),
)


def main(overrides: list[str]) -> None:
    """Print the table."""
    chosen = overrides if any("scenario=" in o for o in overrides) else ["+scenario=call_ban"]
    given = [*chosen, *(o for o in overrides if o not in chosen)]
    try:
        whole = compare(load_config(*given))
        rows = {"whole model": effects(whole)}
        for name, mechanism in MECHANISMS.items():
            rows[f"without {name}"] = effects(compare(load_config(*given, *mechanism.off)))
    except ConfigError as error:
        sys.exit(str(error))
    config = whole.config
    month = months(whole)[1]
    print(f"# What makes the effect of {config.scenario}\n")
    print(f"Made by `{command.line('decompose', given)}`: effect against ")
    print(f"{config.compare_to[0]}, {month:%B %Y}, median of {config.replications} replications.")
    print("\n| | " + " | ".join(f"{c.label}, {c.unit}" for c in COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(f"{e:+.2f}" for e in row) + " |")
    print()
    for name, mechanism in MECHANISMS.items():
        print(f"- **{name}**: {mechanism.story} (off: `{' '.join(mechanism.off)}`)")


def effects(result: Result) -> list[float]:
    """Return the effect in each column, of the headline month, as the report tells it."""
    if not result.config.compare_to:
        raise ConfigError(f"{result.config.scenario}: compared with nothing; set compare_to")
    month = months(result)[1]
    if month is None:
        raise ConfigError("the run holds no whole month")
    here, there, *_ = every_monthly_series(result).values()
    effect = (here - there).median(axis=1).loc[month]
    return [c.factor * float(effect.loc[c.platform, c.channel, c.measure]) for c in COLUMNS]


if __name__ == "__main__":
    main(command.overrides("decompose", __doc__))
