"""The scores of a validation, beside those of naive forecasts."""

import pandas as pd

from experiments.base_study import markdown
from experiments.forecasts import FITTED, HELD_OUT, NOT_FITTED, naive, scores
from sim.plotting.palette import platform

MEASURES = {
    "mau": "monthly reach", "dau": "daily reach", "use change": "change of use",
    "mau change": "change of monthly reach", "dau change": "change of daily reach",
}  # fmt: skip


def _model(points: pd.DataFrame) -> pd.Series:
    table = scores(points)
    rows = table[(table["period"] == HELD_OUT) & (table["measure"] == "mau")]
    return rows.set_index("platform")["rmse"]


def beside_naive(points: pd.DataFrame) -> dict[str, pd.Series]:
    """Return errors of naive forecasts by platform, of those with two months to draw a line by."""
    fitted = points[(points["period"] == FITTED) & (points["measure"] == "mau")]
    names = [str(name) for name in _model(points).index if (fitted["platform"] == name).sum() > 1]
    return {name: naive(points, name) for name in names}


def beaten(points: pd.DataFrame) -> list[tuple[str, float, float, str]]:
    """Return platforms for which a naive forecast is better: name, errors, and which."""
    model = _model(points)
    return [
        (name, float(model[name]), float(others.min()), str(others.idxmin()))
        for name, others in beside_naive(points).items()
        if others.min() < model[name]
    ]


def beside(points: pd.DataFrame) -> str:
    """Return the errors of model and naive forecasts as a table."""
    model = _model(points)
    tables = beside_naive(points)
    headers = ["", "posterior median", *pd.DataFrame(tables).index]
    rows = [
        [platform(name).label, f"{model[name]:.2f}", *(f"{value:.2f}" for value in others)]
        for name, others in tables.items()
    ]
    return markdown(headers, rows)


def score_table(points: pd.DataFrame) -> str:
    """Return the scores by platform and measure as a table."""
    table = scores(points)
    order = [HELD_OUT, NOT_FITTED, FITTED]
    table = table.sort_values("period", key=lambda column: column.map(order.index), kind="stable")
    rows = [
        [s.period, platform(s.platform).label, MEASURES[s.measure], str(s.n), f"{s.rmse:.2f}",
         f"{s.crps:.2f}", f"{round(s.in_50 * s.n)} of {s.n}", f"{round(s.in_90 * s.n)} of {s.n}"]
        for s in table.itertuples()
    ]  # fmt: skip
    return markdown(
        ["", "platform", "what", "points", "RMSE", "CRPS", "in 50 % band", "in 90 % band"], rows
    )
