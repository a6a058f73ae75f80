"""What is on record of a case since its first policy, as levels, and what a run says of it.

Every figure of reach, of apps installed or of VPN use is compared as a level; a change is made one
by applying it to the start. Of several waves of one pollster the later ones are changes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sim import run
from sim.config.sim_config import SimConfig
from sim.kernel.arrays import F64
from sim.observation.observed import observations
from sim.observation.residuals import available, readings
from sim.observation.waves import as_waves

LEVEL_OF = {  # operators that are scored, and the operators of their levels
    "monthly_reach": "monthly_reach",
    "daily_reach": "daily_reach",
    "installed": "installed",
    "vpn_use": "vpn_use",
    "monthly_reach_change": "monthly_reach",
    "daily_reach_change": "daily_reach",
    "installed_change": "installed",
}
ROUGH = 10.0  # figures with a larger standard deviation are too rough to score [points]
RESTRICTED = 0.9  # share of messages that passes, mean over the period of a figure
SETTLING = 63  # days without changes from which the start is read: one whole month in any case


class CaseRecord(NamedTuple):
    """The scored figures of a case.

    Attributes
    ----------
    config : SimConfig
        Of the scenario in which everything happens that is known to have happened.
    observed : DataFrame
        Rows of `observations`.
    levels : DataFrame, a row a figure
        case, strength, date, platform, operator, base, bound; observed, sigma and bias (of the
        source), start (of the simulated level, which was solved at the observed one) [points];
        is_restricted (whether its messages are by then).
    scale, shift : ndarray, shape (n_figures,)
        A level in points is scale (figure + shift).
    """

    config: SimConfig
    observed: pd.DataFrame
    levels: pd.DataFrame
    scale: F64
    shift: F64

    @classmethod
    def of(cls, config: SimConfig) -> CaseRecord:
        """Read the record of a case; the start is simulated with its configuration."""
        observed = scored(config)
        is_change = observed["until"].notna()
        rough = observed["sigma"].where(~is_change, 0.0) * 100.0 > ROUGH
        observed, is_change = observed[~rough], is_change[~rough]
        start = levels_at_start(config, observed)
        in_points = observed["in_points"].to_numpy(bool)
        scale = 100.0 * np.where(is_change & ~in_points, start, 1.0)
        shift = np.where(in_points, start, np.where(is_change, 1.0, 0.0))
        levels = pd.DataFrame(
            {
                "case": config.case.name, "strength": config.case.strength,
                "date": observed["until"].fillna(observed["date"]),
                "platform": observed["platform"], "operator": observed["operator"].map(LEVEL_OF),
                "base": observed["base"], "bound": observed["bound"],
                "observed": scale * (observed["value"] + shift),
                "sigma": scale * observed["sigma"], "bias": scale * observed["bias"],
                "start": 100.0 * start, "is_restricted": is_restricted(config, observed),
            }
        )  # fmt: skip
        return cls(config, observed, levels, scale, shift)

    def simulated(self, timeseries: pd.DataFrame) -> F64:
        """Return the levels that each run says [points], shape (n_figures, n_runs).

        NaN where a run lacks the series.
        """
        read = readings(timeseries, self.observed).to_numpy()
        return np.asarray(self.scale[:, None] * (read + self.shift[:, None]))


def scored(config: SimConfig) -> pd.DataFrame:
    """Return the observed figures that are scored, columns as of `observations`.

    Those to be fitted, and those of the press, which are all that some cases have: of the time
    from the first policy on (or the end of one that stands), that is with the middle of their
    period after it.
    """
    observed = observations(config)
    observed = as_waves(observed[observed["date"] >= pd.Timestamp(config.start).replace(day=1)])
    changes = [p.stop if p.standing else p.start for p in config.policies.values()]
    since = pd.Timestamp(min(filter(None, changes), default=config.end))
    middle = [p.start_time + (p.end_time - p.start_time) / 2 for p in last_period(observed)]
    return observed[
        observed["operator"].isin(list(LEVEL_OF))
        & ((observed["use"] == "fit") | (observed["quality"] == "press"))
        & (observed["group"] == "all")
        & (pd.Series(middle, observed.index, dtype="datetime64[ns]") >= since)
    ]


def last_period(observed: pd.DataFrame) -> pd.Series:
    """Return the period of each figure, of a change the later one."""
    return observed["period"].where(observed["until"].isna(), observed["until_period"])


def levels_at_start(config: SimConfig, observed: pd.DataFrame) -> F64:
    """Return the level that each figure starts from: a month in which nothing changes [1]."""
    steps = int(np.ceil(SETTLING / config.step_days))
    quiet = config.model_copy(
        update={
            "policies": config.standing, "counterfactuals": {}, "compare_to": (),
            "dur_days": steps * config.step_days, "replications": min(config.replications, 2),
        }
    )  # fmt: skip
    outcomes = run(quiet).timeseries
    month = outcomes.loc[outcomes["measure"] == "mau", "date"].min()
    period = pd.Series([pd.Period(month, freq="M")] * len(observed), observed.index, dtype=object)
    read = observed.assign(period=period, operator=observed["operator"].map(LEVEL_OF))
    return np.asarray(readings(outcomes, read).median(axis=1))


def is_restricted(config: SimConfig, observed: pd.DataFrame) -> np.ndarray:
    """Return whether messages of the platform of each figure were restricted in its period."""
    everybody = pd.Series([{"all": 1.0}] * len(observed), observed.index, dtype=object)
    read = observed.assign(
        operator="connection_success", period=last_period(observed), weights=everybody
    )
    n_platforms = observed["platform"].str.count("[+]") + 1
    passing = readings(available(config), read).median(axis=1) / n_platforms
    return np.asarray(passing < RESTRICTED)
