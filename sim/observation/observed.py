"""Observed figures of a case, which simulated values are compared with.

They are in `observations.csv` in the data folder of the case: one figure a row with its measurer,
base, quality, and whether it is fitted or only shown (docs/howto_case.md).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from sim.base.csv_lines import Line, read_lines
from sim.base.errors import ConfigError, allowed
from sim.base.inputs import as_number
from sim.config.sim_config import SimConfig
from sim.measures.strata import groups
from sim.observation.events import events
from sim.observation.operators import (
    DEVICES,
    EVERYBODY,
    IN_POINTS,
    OPERATORS,
    REACH,
    base_problem,
    weights,
)
from sim.observation.sources import (
    GRADES,
    WORDING,
    error_in_points,
    error_of_change,
    error_of_share,
)
from sim.population.ages import age_shares

OBSERVATIONS = "observations.csv"
COLUMNS = (
    "date", "until", "platform", "metric", "operator", "group", "value", "unit", "base", "n",
    "sigma", "measurer", "quality", "use", "source", "note",
)  # fmt: skip
POINT = ["date", "platform", "measure"]
USES = ("fit", "show")
UNITS = ("percent", "million", "points")  # points: of a change, percentage points of the base
PERIODS = (
    "a month from 2000 on as 2025-08, a day as 2025-08-13, a week as 2025-W33, a quarter as "
    "2025-Q3 or a year as 2025"
)
BOUNDS = ("<", ">")  # a source that says "under 10 %" gives "<10"
NO_ADDRESS = "no address: "  # begins a source that cannot be looked up on the web


def observations(config: SimConfig) -> pd.DataFrame:
    """Return the observed figures of a case, one a row; none of platforms left out.

    Returns
    -------
    DataFrame, index line (of the file)
        case; date and until (first day of the month in which `period` and `until_period` begin;
        until: NaT except for changes); period and until_period (`pandas.Period`: a day, week,
        month, quarter or year; None: no change); platform
        (`any` if the figure is about no platform; `a+b` if it is their sum); metric (the source's
        name for it); operator (see operators.py); group; value and sigma (fractions of the base,
        relative for changes); bound (`<` or `>` if the value is one, else empty); in_points
        (whether a change is in points instead of relative); bias (how much such sources overstate,
        the same unit); weights (of groups of users, which express the base); measurer, quality
        (see sources.py), base, use (`fit` or `show`), source, note. Figures of
        different quality are not mixed: those not fitted are `show`.

    Raises
    ------
    ConfigError
        If a row is invalid; one line a problem, with the line number in the file.
    """
    path = config.case.data / OBSERVATIONS
    lines = {
        number: line
        for number, line in read_lines(path, COLUMNS).items()
        if not {*line["platform"].split("+")} & {*config.left_out}
    }
    problems = [*_problems(config, lines), *_repeated(lines)]
    if problems:
        raise ConfigError("\n".join(f"{path.name}, {problem}" for problem in problems))
    rows = [_observation(config, line) for line in lines.values()]
    table = pd.DataFrame(rows, pd.Index(lines, name="line"), list(_NAMES))
    return table.astype({"date": "datetime64[ns]", "until": "datetime64[ns]"})


_NAMES = (
    "case", "date", "until", "period", "until_period", "platform", "metric", "operator", "group",
    "value", "bound", "in_points", "sigma", "bias", "weights", "measurer", "quality", "base",
    "use", "source", "note",
)  # fmt: skip


def check_observed(config: SimConfig) -> None:
    """Check the tables of a case before anything is run.

    Raises
    ------
    ConfigError
        If one cannot be read; with the line number and what is allowed.
    """
    age_shares(config.case.data / config.population.ages)
    observations(config)
    events(config)


def _observation(config: SimConfig, line: Line) -> dict[str, object]:
    """Return a row of the table from a valid line."""
    operator, quality = OPERATORS[line["operator"]], line["quality"]
    persons = config.case.persons if line["unit"] == "million" else 100.0
    bound, number = _bound_and_number(line["value"])
    value, in_points = float(number) / persons, line["unit"] == "points"
    if line["sigma"]:
        sigma = float(line["sigma"]) / persons
    elif in_points:
        sigma = error_in_points(quality)
    elif operator.is_change:
        sigma = error_of_change(quality)
    else:
        wording = WORDING if line["operator"] in REACH else GRADES["poll"].level
        sigma = error_of_share(quality, value, float(line["n"] or "nan"), wording)
    group, period, until = line["group"], period_of(line["date"]), period_of(line["until"])
    return {name: line[name] for name in _NAMES if name in COLUMNS} | {
        "case": config.case.name,
        "date": month_of(period),
        "until": month_of(until),
        "period": period,
        "until_period": until,
        "value": value,
        "bound": bound,
        "in_points": in_points,
        "sigma": sigma,
        "bias": 0.0 if operator.is_change else GRADES[quality].bias / 100.0,
        "weights": weights(line["base"], config, _day(config, period))
        if group == "all"
        else {group: 1.0},
    }


def _problems(config: SimConfig, lines: dict[int, Line]) -> Iterator[str]:
    """Yield the problems of each single line, and what is allowed."""
    for number, line in lines.items():
        for column, known in _choices(config, line).items():
            parts = line[column].split("+") if column == "platform" else [line[column]]
            if not set(parts) <= set(known):
                yield f"line {number}: {column}={line[column]!r}: unknown; {allowed(known)}"
        for column, reason in _faults(line, config.case.persons):
            yield f"line {number}: {column}={line[column]!r}: {reason}"


def _choices(config: SimConfig, line: Line) -> dict[str, tuple[str, ...]]:
    """Return the allowed values of the columns that hold names."""
    operator = OPERATORS.get(line["operator"])
    about = operator.about if operator else None
    some = config.messengers if operator else (*config.carriers, "any")
    return {
        "operator": tuple(OPERATORS),
        "platform": (about,) if about else some,
        "group": tuple(groups(config)),
        "unit": UNITS,
        "quality": tuple(GRADES),
        "use": USES,
    }


def _faults(line: Line, persons: float) -> Iterator[tuple[str, str]]:
    """Yield columns whose text is invalid, or does not fit the other columns."""
    operator = OPERATORS.get(line["operator"])
    is_change = operator is not None and operator.is_change
    since, until = period_of(line["date"]), period_of(line["until"])
    if since is None:
        yield "date", f"allowed: {PERIODS}"
    if is_change and not (until and since and until.start_time > since.start_time):
        yield "until", "a change needs the later month, or other period, as 2025-10"
    if not is_change and line["until"]:
        yield "until", "allowed: nothing, but for changes from `date` until then"
    low, high = (-100.0, 10_000.0) if is_change else (0.0, 100.0)
    high = {"million": persons, "points": 100.0}.get(line["unit"], high)
    if not low <= _number(_bound_and_number(line["value"])[1]) <= high:
        yield (
            "value",
            f"allowed: {low:g} to {high:g} {line['unit']}".rstrip() + ", or a bound: <10",
        )
    if line["unit"] == "points" and not (is_change and line["operator"] in IN_POINTS):
        yield "unit", f"points are of a change of a share; allowed: {' or '.join(IN_POINTS)}"
    if line["unit"] == "million" and (is_change or line["base"] != EVERYBODY):
        yield "unit", f"millions can only be shared by everybody; allowed: base {EVERYBODY}"
    if problem := base_problem(line["base"], line["operator"]):
        yield "base", problem
    elif line["base"].startswith("users") and "+" in line["platform"]:
        yield "platform", "users of several may be the same people; allowed: one"
    elif line["base"] == DEVICES and line["unit"] == "points":
        yield "unit", "a share of devices is none of people; allowed: percent of change"
    elif line["base"] != EVERYBODY and line["group"] != "all":
        yield "group", f"allowed: all, or base {EVERYBODY}"
    for column in ("n", "sigma"):
        if line[column] and not 0 < _number(line[column]) < np.inf:
            yield column, "allowed: a number above 0, or nothing"
    if line["use"] == "fit" and line["quality"] in GRADES and not GRADES[line["quality"]].may_fit:
        yield "use", f"quality {line['quality']} is not to be fitted; allowed: show"
    if not line["source"].startswith(("http://", "https://", NO_ADDRESS)):
        yield (
            "source",
            f"allowed: an address that begins with http, or {NO_ADDRESS!r} and who said it",
        )


def _repeated(lines: dict[int, Line]) -> Iterator[str]:
    """Yield fitted figures that repeat an earlier one: only one measurer can be fitted."""
    seen: dict[tuple[str, ...], int] = {}
    for number, line in lines.items():
        if line["use"] == "fit":
            what = tuple(line[name] for name in ("operator", "platform", "group", "base"))
            point = (*what, *(_counts_for(line, name) for name in ("date", "until")))
            if point in seen:
                yield f"line {number}: use='fit': as line {seen[point]}; allowed: one, others show"
            seen.setdefault(point, number)


def observed_reach(observed: pd.DataFrame) -> pd.DataFrame:
    """Return monthly and daily reach of everybody for figures, at most one row a point.

    A fitted figure comes first; without one, the smallest claim of a company is taken, as claims
    overstate.

    Parameters
    ----------
    observed : DataFrame, as of `observations`

    Returns
    -------
    DataFrame, shape (n_points, 10)
        date (first day of the month), platform, measure (`mau` or `dau`), value, sigma, bias,
        measurer, quality, source, note; by platform, measure, date.
    """
    rows = observed[
        observed["operator"].isin(list(REACH))
        & (observed["base"] == EVERYBODY)
        & (observed["group"] == "all")
        & (observed["bound"] == "")
        & ~observed["platform"].str.contains("+", regex=False)
        & ((observed["use"] == "fit") | (observed["quality"] == "company"))
    ]
    rows = rows.assign(measure=rows["operator"].map(REACH))
    rows = rows.sort_values(["platform", "measure", "date", "use", "value"])
    kept = [*POINT, "value", "sigma", "bias", "measurer", "quality", "source", "note"]
    return rows.drop_duplicates(POINT)[kept].reset_index(drop=True)


def _bound_and_number(text: str) -> tuple[str, str]:
    """Return the sign of a bound, empty if there is none, and the rest of the text."""
    return (text[0], text[1:].strip()) if text.startswith(BOUNDS) else ("", text)


def _day(config: SimConfig, period: pd.Period | None) -> float:
    """Return the day of the run in the middle of a period, 0 for earlier ones."""
    assert period is not None
    middle = period.start_time + (period.end_time - period.start_time) / 2
    return max(float((middle - pd.Timestamp(config.start)) / pd.Timedelta(days=1)), 0.0)


def _number(text: str) -> float:
    try:
        return as_number(text)
    except ValueError:
        return float("nan")


def _counts_for(line: Line, column: str) -> str:
    """Return the period that a figure counts for: a monthly one on a day counts for its month."""
    period = period_of(line[column])
    is_monthly = line["operator"].startswith("monthly")
    return str(month_of(period) if is_monthly else period)


def period_of(text: str) -> pd.Period | None:
    """Return the day, week, month, quarter or year that a text names; None if it names none."""
    try:
        if re.fullmatch(r"20[0-9]{2}(-[0-9]{2}){0,2}|20[0-9]{2}-Q[1-4]", text):
            return pd.Period(text.replace("-Q", "Q"))
        if re.fullmatch(r"20[0-9]{2}-W[0-9]{2}", text):
            monday = dt.date.fromisocalendar(int(text[:4]), int(text[6:]), 1)
            return pd.Period(monday, freq="W-SUN")
    except ValueError:
        pass
    return None


def month_of(period: pd.Period | None) -> pd.Timestamp:
    """Return the first day of the month in which a period begins; NaT without one."""
    return pd.NaT if period is None else period.start_time.replace(day=1)
