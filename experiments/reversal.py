"""Recovery after a restriction is lifted, and the time at which a society tips.

    python -m experiments.reversal [OVERRIDE ...] > docs/reversal.md

Prints, as Markdown, what of the effect of a ban that is lifted after four months is gone at the
end of the run (``ban_then_lift`` against the same push without a ban), and when, in several
worlds, the messengers that the state reads become primary for more than half of all people.
"""

from __future__ import annotations

import pandas as pd

from experiments import command
from experiments.run_outcomes import HALF, readable
from sim import Result, compare, load_config, run
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.config.sim_config import SimConfig
from sim.runs.outcomes import regained, time_to_tip

LIFTED = "ban_then_lift"
TIPPING = ("mandate_only", "call_ban", "as_happened", "full_block", "vpn_crackdown")
SERIES = (
    ("WhatsApp, daily reach", "whatsapp", "any", "dau", 100.0, "points"),
    ("Telegram, daily reach", "telegram", "any", "dau", 100.0, "points"),
    ("imo, daily reach", "imo", "any", "dau", 100.0, "points"),
    ("Max, daily reach", "max", "any", "dau", 100.0, "points"),
    ("cellular calls", "cellular", "call", "use", 1.0, "a person a day"),
    ("exposure by phone", "any", "any", "exposure_phone", 100.0, "points"),
    ("exposure on apps", "any", "any", "exposure_apps", 100.0, "points"),
    ("displaced calls", "any", "call", "displaced", 100.0, "points"),
    ("worse off", "any", "any", "worse_off", 100.0, "points"),
    ("no means of calling", "any", "call", "no_means", 100.0, "points"),
    ("calls that can succeed in private", "any", "call", "secure", 100.0, "points"),
    ("welfare", "any", "any", "welfare", 1.0, "utils"),
    ("VPN", "any", "any", "vpn", 100.0, "points"),
)


def main(overrides: list[str]) -> None:
    """Print the page."""
    with exit_status_of_errors():
        config = load_config(f"+scenario={LIFTED}", *overrides)
        lift = lift_of(config)
        lifted = compare(config)
        worlds = [run(load_config(f"+scenario={name}", *overrides)) for name in TIPPING]
    print("# What comes back, and what tips\n")
    print(f"Made by `{command.line('reversal', overrides)}`; ", end="")
    print(f"{config.population.n_users:,} users, {config.replications} replications, median.\n")
    print(f"## A ban of calls, lifted on {lift:%d %B %Y}\n")
    print(f"Effect of {LIFTED} against {config.compare_to[0]}, which has the same push of Max.\n")
    print("| | | when lifted | at the end of the run | gone |\n|---|---|---|---|---|")
    for label, *series, scale, unit in SERIES:
        path = scale * effect(lifted, *series)
        before = pd.Timestamp(config.start)
        gone = regained(path, before, lift - pd.Timedelta(days=config.step_days))
        at_lift = path.asof(lift - pd.Timedelta(days=config.step_days))
        cells = (f"{at_lift:+.2f}", f"{path.iloc[-1]:+.2f}", f"{100 * gone:.0f} %")
        print(f"| {label} | {unit} | {' | '.join(cells)} |")
    print(f"\nThe end of the run is {(config.end - lift.date()).days // 7} weeks after the lift.")
    print("\n## When messengers that the state reads are primary for over half\n")
    print("| scenario | from the week of | in how many of the replications |\n|---|---|---|")
    for result in worlds:
        print(f"| {result.config.scenario} | {' | '.join(tipping(result))} |")


def lift_of(config: SimConfig) -> pd.Timestamp:
    """Return the day on which the restriction of calls ends; a ConfigError if it never does."""
    ban = config.policies.get("call_restriction")
    if ban is None or ban.stop is None:
        raise ConfigError(f"{config.scenario}: policies.call_restriction has no stop")
    return pd.Timestamp(ban.stop)


def effect(result: Result, platform: str, channel: str, measure: str) -> pd.Series:
    """Return the median effect by step, index date, against the first counterfactual."""
    e = result.effects
    rows = e[
        (e["group"] == "all") & (e["counterfactual"] == result.config.compare_to[0])
        & (e["platform"] == platform) & (e["channel"] == channel) & (e["measure"] == measure)
    ]  # fmt: skip
    return rows.set_index("date")["median"].sort_index()


def tipping(result: Result) -> tuple[str, str]:
    """Return when a world tips (median of those that do) and how often."""
    dates = time_to_tip(result.timeseries, readable(result.config), HALF)
    when = dates.dropna()
    middle = f"{when.quantile(0.5, interpolation='lower'):%d %B %Y}" if len(when) else "never"
    return middle, f"{len(when)} of {len(dates)}"


if __name__ == "__main__":
    main(command.overrides("reversal", __doc__))
