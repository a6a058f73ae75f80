"""Scores of cases: errors beside simple forecasts, sizes of moves, and who gained.

Every figure of reach, of apps installed or of VPN use is compared as a level; a change is made one
by applying it to the start. Of several waves of one pollster the later ones are changes. Two
forecasts know nothing of the model: *persistence* keeps the start, and *other cases* moves a
platform by the mean relative move of the platforms of the other cases, apart for those whose
messages are restricted and for all others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim import run
from sim.config.sim_config import SimConfig
from sim.observation.observed import observations
from sim.observation.residuals import available, bound_holds, readings, residuals
from sim.observation.waves import as_waves
from sim.rules.records import F64
from sim.runs.results import Result

LEVEL_OF = {  # operators that are scored, and the operators of their levels
    "monthly_reach": "monthly_reach",
    "daily_reach": "daily_reach",
    "installed": "installed",
    "vpn_use": "vpn_use",
    "monthly_reach_change": "monthly_reach",
    "daily_reach_change": "daily_reach",
    "installed_change": "installed",
}
WEIGHT = {"strong": 1.0, "medium": 0.5, "weak": 0.25}  # of a case in totals, by its strength
ROUGH = 10.0  # figures with a larger standard deviation are too rough to score [points]
KNOWN = 2.0  # least start from which a relative move to or from other cases is taken [points]
RESTRICTED = 0.9  # share of messages that passes, mean over the period of a figure
MOVED = 2.0  # least observed move from the start whose size is scored [points] ...
MOVED_SHARE = 0.1  # ... or relative to the start, so that small platforms count
ALIKE = (0.5, 2.0)  # a simulated move within these multiples of the observed one is about right
COVERAGE = 0.9  # of the band of replications widened by the error of the source
QUANTILE = 1.645  # of the normal law, for that band
SETTLING = 63  # days without changes from which the start is read: one whole month in any case


def figures(result: Result) -> pd.DataFrame:
    """Return the scored figures of a case, all in points.

    Parameters
    ----------
    result : Result
        Of the scenario in which everything happens that is known to have happened.

    Returns
    -------
    DataFrame, a row a figure
        case, strength, date, platform, operator, base, bound; observed, simulated (median), low,
        high (90 % over replications), sigma (of the source), start (of the simulated level, which
        was solved at the observed one); is_restricted (whether its messages are by then).
    """
    config = result.config
    observed = scored(config)
    table = residuals(result.timeseries, observed)
    sigma = 100.0 * table["sigma"].where(table["until"].isna(), 0.0)
    table = table[table["median"].notna() & (sigma <= ROUGH)]
    start = levels_at_start(config, observed.loc[table.index])
    scale = np.where(table["until"].notna(), start, 1.0)  # a change becomes a level
    in_points = table["in_points"].to_numpy()
    scale = np.where(in_points, 1.0, scale)
    shift = np.where(in_points, start, np.where(table["until"].notna(), 1.0, 0.0))
    date = table["until"].fillna(table["date"])
    points = {
        name: 100.0 * scale * (table[column] + shift)
        for name, column in (("observed", "value"), ("simulated", "median"), ("low", "low"),
                             ("high", "high"))
    }  # fmt: skip
    return pd.DataFrame(
        {
            "case": config.case.name, "strength": config.case.strength, "date": date,
            "platform": table["platform"], "operator": table["operator"].map(LEVEL_OF),
            "base": table["base"], "bound": table["bound"], **points,
            "sigma": 100.0 * scale * table["sigma"], "start": 100.0 * start,
            "is_restricted": is_restricted(config, observed.loc[table.index]),
        }
    ).reset_index(drop=True)  # fmt: skip


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


def with_forecasts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of all cases with `persistence` and `other_cases` [points]."""
    known = table[table["start"] >= KNOWN]
    exact = known[known["bound"] == ""]
    ratio = np.log(exact["observed"].clip(lower=0.1) / exact["start"])
    forecast = table["start"].copy()
    for (case, is_hit), rows in known.groupby(["case", "is_restricted"]):
        others = exact[(exact["case"] != case) & (exact["is_restricted"] == is_hit)]
        if len(others):  # each case counts once
            mean = ratio[others.index].groupby(others["case"]).mean().mean()
            forecast[rows.index] = rows["start"] * np.exp(mean)
    return table.assign(persistence=table["start"], other_cases=forecast.clip(upper=100.0))


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a case.

    Parameters
    ----------
    table : DataFrame, as of `with_forecasts`

    Returns
    -------
    DataFrame, index case
        strength; n figures; rmse [points], sigmas, persistence, other_cases (root mean squares);
        fell, rose (median of the simulated over the observed move; NaN without such a move);
        alike (share of moves within half to double); gained, simulated_gained (the platforms that
        gained most); covered (share of figures inside the 90 % band).
    """
    rows = {case: _one(rows) for case, rows in table.groupby("case", sort=False)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("case")


def _one(rows: pd.DataFrame) -> dict[str, object]:
    observed, simulated = rows["observed"] - rows["start"], rows["simulated"] - rows["start"]
    moved = (rows["bound"] == "") & (
        observed.abs() >= np.minimum(MOVED, MOVED_SHARE * rows["start"])
    )
    ratio = (simulated / observed).where(moved)
    reach = np.hypot(QUANTILE * rows["sigma"], (rows["high"] - rows["low"]) / 2.0)
    middle = (rows["high"] + rows["low"]) / 2.0
    return {
        "strength": rows["strength"].iloc[0],
        "n": len(rows),
        "rmse": _rms(errors(rows, "simulated")),
        "sigmas": _rms(errors(rows, "simulated") / rows["sigma"]),
        "persistence": _rms(errors(rows, "persistence")),
        "other_cases": _rms(errors(rows, "other_cases")),
        "fell": ratio[observed < 0].median(),
        "rose": ratio[observed > 0].median(),
        "moved": int(moved.sum()),
        "alike": float(ratio[moved].between(*ALIKE).mean()),
        **gains(rows.assign(observed_move=observed, simulated_move=simulated)),
        "covered": float((errors(rows.assign(middle=middle), "middle").abs() <= reach).mean()),
    }


def errors(rows: pd.DataFrame, forecast: str) -> pd.Series:
    """Return by how much a forecast is off [points]; 0 where the record is a bound that holds."""
    error = rows[forecast] - rows["observed"]
    return error.mask(bound_holds(rows["bound"], error), 0.0)


def gains(rows: pd.DataFrame) -> dict[str, str]:
    """Return which platform gained most on record, and which in the model, among the same figures.

    The last figure of each platform in the operator and base that tell of most platforms counts;
    one platform alone has no rival, and a platform that did not rise has not gained.
    """
    named = rows[rows["platform"] != "any"].sort_values("date")
    kinds = named.groupby(["operator", "base"])["platform"].nunique()
    if kinds.empty or kinds.max() < 2:
        return {"gained": "", "simulated_gained": ""}
    operator, base = kinds.idxmax()
    last = named[(named["operator"] == operator) & (named["base"] == base)]
    last = last.drop_duplicates("platform", keep="last").set_index("platform")
    most = last[["observed_move", "simulated_move"]].agg(["idxmax", "max"]).T
    if most.loc["observed_move", "max"] < MOVED:
        return {"gained": "", "simulated_gained": ""}
    return {
        "gained": str(most.loc["observed_move", "idxmax"]),
        "simulated_gained": str(most.loc["simulated_move", "idxmax"]),
    }


def total(cases: pd.DataFrame) -> pd.Series:
    """Return the scores over all cases, each weighted by its strength.

    Root mean squares in points; medians of sigmas, fell and rose, which one case may not rule.
    """
    weight = cases["strength"].map(WEIGHT).astype(float)
    scores = {
        name: float(np.sqrt(np.average(cases[name].astype(float) ** 2, weights=weight)))
        for name in ("rmse", "persistence", "other_cases")
    }
    scores |= {name: float(np.average(cases[name].astype(float), weights=weight))
               for name in ("covered",)}  # fmt: skip
    scores["alike"] = _mean(cases["alike"], weight * cases["moved"])
    scores |= {name: _median(cases[name], weight) for name in ("sigmas", "fell", "rose")}
    return pd.Series(scores)


def _mean(values: pd.Series, weight: pd.Series) -> float:
    known = values.notna()
    return float(np.average(values[known], weights=weight[known])) if known.any() else np.nan


def _median(values: pd.Series, weight: pd.Series) -> float:
    """Return the weighted median of the values that are known."""
    known = values.dropna().astype(float).sort_values()
    if known.empty:
        return float("nan")
    share = weight[known.index].cumsum() / weight[known.index].sum()
    return float(known[share >= 0.5].iloc[0])


def _rms(errors: pd.Series) -> float:
    return float(np.sqrt((errors**2).mean()))
