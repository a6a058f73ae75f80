"""Take a change apart: the effect of a scenario with one mechanism switched off at a time.

    python -m experiments.decompose [+scenario=call_ban] [OVERRIDE ...]

Prints, as Markdown, the effect of a scenario (the scenario minus its first counterfactual) on
reach and on its costs in the case's headline month, and by how much each mechanism changes it:
the effect of a model without the mechanism, minus that of the whole model, replication by
replication. Each model without a mechanism is started again from the observed shares. The changes
do not add up to the effect, for mechanisms work together.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from experiments import command
from sim import Result, compare, load_config
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.units import BAND
from sim.config.mechanisms import MECHANISMS
from sim.report.summary import every_monthly_series, months


class Column(NamedTuple):
    """A series whose effect is shown."""

    label: str
    platform: str
    channel: str
    measure: str
    factor: float  # from the table's unit to the printed one
    digits: int
    unit: str


COLUMNS = (
    Column("WhatsApp, daily", "whatsapp", "any", "dau", 100, 1, "points"),
    Column("Telegram, daily", "telegram", "any", "dau", 100, 1, "points"),
    Column("Max, monthly", "max", "any", "mau", 100, 1, "points"),
    Column("imo, monthly", "imo", "any", "mau", 100, 1, "points"),
    Column("VPN", "any", "any", "vpn", 100, 1, "points"),
    Column("exposure by phone", "any", "any", "exposure_phone", 100, 1, "points"),
    Column("exposure on apps", "any", "any", "exposure_apps", 100, 1, "points"),
    Column("displaced calls", "any", "call", "displaced", 100, 1, "points"),
    Column("worse off", "any", "any", "worse_off", 100, 1, "points"),
    Column("no means of calling", "any", "call", "no_means", 100, 2, "points"),
    Column("welfare", "any", "any", "welfare", 1, 2, "utils"),
)
NOTHING = "-"  # stands for a change that cannot be told from none
EFFECT = """
Each number is the median over replications; in brackets stands their 90 % band, from the 5 % to
the 95 % quantile. Reach (daily, monthly), VPN and worse off are points of people aged 12+,
exposure is points of communication that the state can read, displaced points of calls, no means
points of ties; [measures.md](measures.md) defines them. All replications are of one synthetic
society, and the bands hold no error of parameters or of the model.
"""
CHANGES = """
The effect in a model without the mechanism, minus the effect in the whole model: median and 90 %
band of these differences, replication by replication. A change with the sign of the effect says
that the mechanism holds the effect down; a change with the other sign, that the mechanism adds to
it. A dash stands where the band holds zero or the change rounds to zero. What policies do by
themselves, such as mandates and bans, is no mechanism and acts in every row. The changes do not
add up to the effect, because mechanisms work together. Each model without a mechanism is started
again from the observed shares.
"""


def main(overrides: list[str]) -> None:
    """Print the page."""
    chosen = overrides if any("scenario=" in o for o in overrides) else ["+scenario=call_ban"]
    given = [*chosen, *(o for o in overrides if o not in chosen)]
    with exit_status_of_errors():
        result = compare(load_config(*given))
        whole = effects(result)
        without = {
            name: effects(compare(load_config(*given, *mechanism.off)))
            for name, mechanism in MECHANISMS.items()
        }
    config = result.config
    month = months(result)[1]
    print(f"# What makes the effect of {config.scenario}\n")
    print(f"Made by `{command.line('decompose', given)}`;")
    print(f"{config.population.n_users:,} users, {config.replications} replications.\n")
    print(f"## The effect: {config.scenario} minus {config.compare_to[0]}, {month:%B %Y}")
    print(EFFECT)
    print("| | effect (90 % band) |\n|---|---|")
    for c in COLUMNS:
        print(f"| {c.label}, {c.unit} | {banded(whole[c.label], c.digits)} |")
    print("\n## What changes without a mechanism")
    print(CHANGES)
    print("| without | " + " | ".join(f"{c.label}, {c.unit}" for c in COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, lacking in without.items():
        cells = [changed(lacking[c.label] - whole[c.label], c.digits) for c in COLUMNS]
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("\n## The mechanisms, and how each is switched off\n")
    for name, mechanism in MECHANISMS.items():
        print(f"- **{name}**: {mechanism.description} (off: `{' '.join(mechanism.off)}`)")


def effects(result: Result) -> pd.DataFrame:
    """Return the effect in the headline month, as the report tells it: a column a series.

    Raises
    ------
    ConfigError
        If nothing is compared, or no whole month was run.
    """
    if not result.config.compare_to:
        raise ConfigError(f"{result.config.scenario}: compared with nothing; set compare_to")
    month = months(result)[1]
    if month is None:
        raise ConfigError("the run holds no whole month")
    here, there, *_ = every_monthly_series(result).values()
    effect = (here - there).loc[month]  # rows: series, columns: replications
    return pd.DataFrame(
        {c.label: c.factor * effect.loc[c.platform, c.channel, c.measure] for c in COLUMNS}
    )


def banded(values: pd.Series, digits: int) -> str:
    """Write the median and the band of what replications gave."""
    numbers = values.quantile(list(BAND.values()))
    low, median, high = (f"{round(number, digits) + 0.0:+.{digits}f}" for number in numbers)
    return f"{median} ({low} to {high})"


def changed(change: pd.Series, digits: int) -> str:
    """Write a change, or a dash where replications do not tell it from none."""
    low, median, high = change.quantile(list(BAND.values()))
    if low <= 0.0 <= high or round(median, digits) == 0.0:
        return NOTHING
    return banded(change, digits)


if __name__ == "__main__":
    main(command.overrides("decompose", __doc__))
