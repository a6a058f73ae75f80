"""The page of a validation: misses first, then scores, other forecasts, and what is not known."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from experiments.forecasts import FITTED, HELD_OUT, NOT_FITTED, Calibration, naive, scores
from experiments.study import markdown, short
from experiments.targets import CLAIM, DISCREPANCY, PANEL
from sim.palette import platform

MEASURES = {"mau": "monthly reach", "dau": "daily reach", "change": "change of use"}
UNEVEN = 0.05 / 13  # p of a test of ranks that counts, for a dozen tests together


class Findings(NamedTuple):
    """What a page is written from."""

    calibration: Calibration
    points: pd.DataFrame  # as forecasts.points
    without: pd.DataFrame  # as ablations.ablated
    n_draws: int  # of each world there
    told: pd.DataFrame  # as identify.contraction
    trade_offs: pd.DataFrame
    recovered: pd.DataFrame  # as identify.uneven
    made_by: str


def page(found: Findings) -> str:
    """Return the page as Markdown."""
    calibration = found.calibration
    last = calibration.generations.iloc[-1]
    parts = [
        "# Is it true? The posterior, and what came after",
        f"Made by {found.made_by}. Fitted until {calibration.asked.until:%d %B %Y}; nothing after "
        f"that day was used by the fit. {len(calibration.draws)} weighted draws "
        f"({last.effective:.0f} effective), at a root mean square of standardised errors of "
        f"{calibration.draws['distance'].median():.2f} (at most {last.tolerance:.2f}; 1 is what "
        "the stated errors make likely).",
        "## Missed",
        "\n".join(f"- {line}" for line in _misses(found)),
        "## Against forecasts that know less",
        "Root mean square error of monthly reach in the months held out, points. The model is "
        "told the dated events of these months; the others know only earlier reach.",
        _beside(found.points),
        "![Bands and observed points](figures/validation_reach.png)",
        "## Scores",
        "Median against observed, percentage points; CRPS and coverage are of the predictive "
        "distribution (draws, luck and stated error). A company's claims were not fitted.",
        _scores(found.points),
        "## Every point that was not fitted",
        _unfitted(found.points),
        "## What the data told",
        _told(found),
        "![Posterior and prior](figures/validation_parameters.png)",
        "## Without a mechanism",
        f"The same {found.n_draws} draws, nothing fitted anew: a mechanism is needed here if "
        "others, as they are, cannot do its work; a new fit might let them (the prototype's did "
        "in part). Error of the mean, points of reach.",
        _without(found.without),
        "## How",
        _how(found),
    ]
    return "\n\n".join(parts) + "\n"


def _name(row: object) -> str:
    return f"{platform(row.platform).label}, {MEASURES[row.measure]}"  # type: ignore[attr-defined]


def _misses(found: Findings) -> list[str]:
    """Say what is missed: beyond a band, beaten by a naive forecast, not told."""
    lines = [
        f"{_name(p)}, {p.date:%b %Y} ({p.period}): observed {100 * p.value:.1f} %, outside the "
        f"90 % band of {100 * p.low:.1f} to {100 * p.high:.1f} %."
        for p in found.points.itertuples()
        if not p.in_90
    ]
    for name, model, best, by in _beaten(found.points):
        lines.append(
            f"{platform(name).label}, months held out: an error of {model:.1f} points, and of "
            f"{best:.1f} for a naive forecast ({by})."
        )
    far = found.points[found.points["in_90"] & ~found.points["in_50"]]
    far = far.sort_values("period", key=lambda period: period == FITTED, kind="stable")
    lines += [
        f"{_name(p)}, {p.date:%b %Y} ({p.period}): observed {100 * p.value:.1f} %, median "
        f"{100 * p.median:.1f} %, outside the 50 % band."
        for p in far.itertuples()
    ]
    covered = found.points.loc[found.points["period"] == FITTED, ["in_50", "in_90"]].mean()
    lines.append(
        f"The 50 % bands hold {100 * covered['in_50']:.0f} % of what was fitted and the 90 % "
        f"bands {100 * covered['in_90']:.0f} %: more than they say means that the stated "
        "errors are too wide, less that they are too narrow."
    )
    prior = found.told[found.told["told"] == "prior"]
    lines.append(
        f"{len(prior)} of {len(found.told)} parameters stay where the prior put them: "
        f"{', '.join(f'`{short(name)}`' for name in prior['parameter'])}."
    )
    return lines


def _model(points: pd.DataFrame) -> pd.Series:
    table = scores(points)
    rows = table[(table["period"] == HELD_OUT) & (table["measure"] == "mau")]
    return rows.set_index("platform")["rmse"]


def _beaten(points: pd.DataFrame) -> list[tuple[str, float, float, str]]:
    """Return platforms for which a naive forecast is better: name, errors, and which."""
    found = []
    for name, model in _model(points).items():
        others = naive(points, str(name))
        if others.min() < model:
            found.append((str(name), float(model), float(others.min()), str(others.idxmin())))
    return found


def _beside(points: pd.DataFrame) -> str:
    model = _model(points)
    tables = {str(name): naive(points, str(name)) for name in model.index}
    headers = ["", "posterior median", *next(iter(tables.values())).index]
    rows = [
        [platform(name).label, f"{model[name]:.2f}", *(f"{value:.2f}" for value in others)]
        for name, others in tables.items()
    ]
    return markdown(headers, rows)


def _scores(points: pd.DataFrame) -> str:
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


def _unfitted(points: pd.DataFrame) -> str:
    rows = [
        [f"{p.date:%b %Y}", _name(p), f"{100 * p.value:.1f}",
         f"{100 * p.median:.1f} ({100 * p.low:.1f} to {100 * p.high:.1f})",
         f"{100 * p.error:+.1f}",
         "held out" if p.period == HELD_OUT else f"{p.period} ({p.quality})"]
        for p in points[points["period"] != FITTED].itertuples()
    ]  # fmt: skip
    headers = ["month", "what", "observed, %", "predicted, % (90 % band)", "error, points", ""]
    return markdown(headers, rows)


def _told(found: Findings) -> str:
    prior = found.calibration.prior
    draws, weight = found.calibration.draws, found.calibration.draws["weight"]
    rows = []
    for row in found.told.itertuples():
        factor = prior.factors[row.parameter]
        values = draws[row.parameter].sort_values()
        reach = weight.loc[values.index].cumsum()
        low, middle, high = (float(values[reach >= at].iloc[0]) for at in (0.05, 0.5, 0.95))
        span = f"{factor.low:g} to {factor.high:g}" + (", log" if factor.scale == "log" else "")
        shown = f"{middle:.3g} ({low:.3g} to {high:.3g})"
        rows.append([f"`{short(row.parameter)}`", span, shown, f"{row.ratio:.2f}", row.told])
    table = markdown(
        ["parameter", "prior", "posterior median (90 %)", "posterior sd / prior sd", "told by"],
        rows,
    )
    pairs = [
        f"`{short(t.first)}` with `{short(t.second)}` {t.correlation:+.2f}"
        for t in found.trade_offs.itertuples()
    ]
    return f"{table}\n\nStrongest trade-offs: {', '.join(pairs) or 'none above .4'}."


def _without(table: pd.DataFrame) -> str:
    headers = ["taken away", *(f"{platform(name).label}, {period}" for period, name in table)]
    rows = [[name, *(f"{value:.1f}" for value in row)] for name, *row in table.itertuples()]
    return markdown(headers, rows)


def _how(found: Findings) -> str:
    calibration = found.calibration
    design, generations = calibration.wave.design, calibration.generations
    odd = found.recovered[found.recovered["p"] < UNEVEN]
    names = ", ".join(f"`{short(o.parameter)}` ({o.spread:.2f})" for o in odd.itertuples())
    return f"""\
- **Errors** (sd): {100 * PANEL:.0f} point for the panel, {100 * CLAIM:.0f} for a company's claim
  (not fitted), an indicator that of its source, and
  for all {100 * DISCREPANCY:.1f} points of model discrepancy, which hold the luck of a society of
  2,000 users. Assumptions, made before the fit.
- **Fit**: a Sobol' wave of {design.n} points in {len(calibration.prior.names)} parameters, cut to
  the box that second-largest standardised residuals below 3 leave, then {len(generations) - 1}
  generations of population Monte Carlo (Lenormand et al. 2013) with the kernel of Filippi et al.
  (2013); {design.replications} replications a point, the same luck everywhere. Tolerances, the
  largest distance kept: {", ".join(f"{t:.2f}" for t in generations["tolerance"])}.
- **Checked** by simulated truths: each of the wave's points in turn is the truth, its rank among
  the twentieth of the others that come nearest should be even. Uneven (Kolmogorov-Smirnov,
  p below .004), with the spread of ranks over that of even ones: {names or "none"}. Below 1,
  posteriors are wider than they need be; above 1, too narrow.
- **`failure_exit`** decides how far WhatsApp falls and cannot be seen before January 2026: its
  prior comes from [precedents](precedents.md), not from the answer.
- **Not free**: what is not listed stands at its default. Some of these defaults were tuned with
  January and February 2026 in sight ([defaults.md](defaults.md)): the rate of the other mandates,
  `mandate_value`, the values and openings of Max, the appeal of imo; and the prior's ranges of
  `message_loss` and `network_value` lie around the defaults. So the months held out are not wholly
  unseen; the events of these months, and how hard they hit, are given.
- The posterior ships with the case: `python -m sim +scenario=as_happened parameters=posterior`."""
