"""Scores of cases: errors beside simple forecasts, sizes of moves, and who gained.

Two forecasts know nothing of the model: *persistence* keeps the start, and *other cases* moves a
platform by the mean relative move of the platforms of the other cases, apart for those whose
messages are restricted and for all others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.case_record import CaseRecord
from sim import Result
from sim.base.units import BAND
from sim.observation.residuals import bound_holds

WEIGHT = {"strong": 1.0, "medium": 0.5, "weak": 0.25}  # of a case in totals, by its strength
KNOWN = 2.0  # least start from which a relative move to or from other cases is taken [points]
MOVED = 2.0  # least observed move from the start whose size is scored [points] ...
MOVED_SHARE = 0.1  # ... or relative to the start, so that small platforms count
ALIKE = (0.5, 2.0)  # a simulated move within these multiples of the observed one is about right
COVERAGE = 0.9  # of the band of replications widened by the error of the source
QUANTILE = 1.645  # of the normal law, for that band


def figures(result: Result) -> pd.DataFrame:
    """Return the scored figures of a case, all in points.

    Parameters
    ----------
    result : Result
        Of the scenario in which everything happens that is known to have happened.

    Returns
    -------
    DataFrame, a row a figure
        As `CaseRecord.levels`, with simulated (median), low and high (90 % over replications).
    """
    record = CaseRecord.of(result.config)
    if record.observed.empty:
        return record.levels.assign(simulated=0.0, low=0.0, high=0.0)
    levels = record.simulated(result.timeseries)
    low, median, high = np.quantile(levels, list(BAND.values()), axis=1)
    found = record.levels.assign(simulated=median, low=low, high=high)
    return found[found["simulated"].notna()].reset_index(drop=True)


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
