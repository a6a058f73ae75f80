"""The page of a fit to all cases: what is missed, what was reached, and every figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.base_study import markdown, short
from experiments.case_record import CaseRecord
from experiments.case_scores import (
    QUANTILE,
    WEIGHT,
    errors,
    summary,
    total,
    with_forecasts,
)
from experiments.cases import TUNED_ON, scores
from experiments.hierarchy import Posterior
from experiments.identify import contraction
from experiments.prior import Prior
from sim.base.numbers import Number

# goals: moves of about the right size, error over persistence's, coverage, who gained
RIGHT, ERROR, COVERED, GAINED = 2 / 3, 0.6, (0.80, 0.97), 0.8
RESAMPLED = 2000  # sets of cases
ENDS = (0.05, 0.5, 0.95)


class Findings(NamedTuple):
    """What the page is written from.

    Attributes
    ----------
    predicted, later : DataFrame
        Of cases left out; of Russia after the fit: as `transport.with_bands`.
    n_points : dict of int
        Simulated points by case.
    """

    prior: Prior
    fit: Posterior
    predicted: pd.DataFrame
    later: pd.DataFrame
    records: Mapping[str, CaseRecord]
    typed: str
    n_points: Mapping[str, int]


def page(found: Findings) -> str:
    """Return the page as Markdown."""
    table = with_forecasts(found.predicted)
    cases = summary(table)
    users = found.records[TUNED_ON].config.population.n_users
    parts = [
        "# One behaviour, many countries: each case predicted from the others",
        f"Made by `{found.typed}`: {len(found.records)} cases, {min(found.n_points.values())} "
        f"points each of {users:,} users.",
        "One behaviour is fitted to all cases but one, and that one is simulated at draws of it. "
        "It is told who lives there, which platforms there are, shares at the start, and what was "
        "done on which day; none of its later figures. Bands are 90 %: parameters, the spread "
        "between cases, society, chance, and what the model leaves out, as learnt from the "
        "others.",
        "## Goals, those that are missed first",
        "\n".join(goals(table, cases)),
        "## Scores",
        "\n".join(list(scores(cases))[2:]),
        "## What was learnt",
        *_learnt(found),
        "## Every figure",
        "Points of the people of the case. Persistence: the platform stays where it started; "
        "other cases: it moves as platforms did elsewhere (docs/cases.md).",
        _figures(table),
        f"## {TUNED_ON} after the fit",
        "Its figures until December 2025 are in the fit, with its own deviation; these are not. "
        "The dated events of 2026 are given.",
        _figures(with_forecasts(found.later)),
        _last_words(found.later),
    ]
    return "\n\n".join(parts) + "\n"


def goals(table: pd.DataFrame, cases: pd.DataFrame) -> list[str]:
    """Return one line a goal, those that are missed first."""
    others = cases.drop(index=TUNED_ON, errors="ignore")
    whole = total(others)
    ratio = whole["rmse"] / whole["persistence"]
    named = others[others["gained"] != ""]
    n_right = int((named["gained"] == named["simulated_gained"]).sum())
    skill = crps_skill(table[table["case"] != TUNED_ON])
    lines = [
        (whole["alike"] >= RIGHT, f"moves within half to double of the real one: "
         f"{100 * whole['alike']:.0f} % (goal {100 * RIGHT:.0f} %)"),
        (ratio <= ERROR, f"error {whole['rmse']:.1f} points, {100 * ratio:.0f} % of that of "
         f"persistence (goal {100 * ERROR:.0f} %)"),
        (COVERED[0] <= whole["covered"] <= COVERED[1], "90 % intervals cover "
         f"{100 * whole['covered']:.0f} % of figures (goal {100 * COVERED[0]:.0f} to "
         f"{100 * COVERED[1]:.0f} %)"),
        (n_right >= GAINED * len(named), f"who gained most is right in {n_right} of {len(named)} "
         f"cases (goal four in five)"),
        *((one.low > 0.0, f"CRPS skill against {name}: {one.median:.2f}, 90 % interval "
           f"{one.low:.2f} to {one.high:.2f} over cases (goal above 0)")
          for name, one in skill.items()),
    ]  # fmt: skip
    ordered = sorted(lines, key=lambda line: bool(line[0]))
    return [f"- **{'met' if is_met else 'missed'}**: {text}." for is_met, text in ordered]


def crps_skill(table: pd.DataFrame) -> dict[str, Number]:
    """Return 1 - CRPS / CRPS of each simple forecast, with 90 % over resampled cases.

    A forecast of one value has its error as CRPS. Cases are weighed by their strength; whole
    cases are resampled, as figures of one err together (paired bootstrap).
    """
    weight = table.groupby("case", sort=False)["strength"].first().map(WEIGHT).to_numpy(float)
    ours = table.groupby("case", sort=False)["crps"].mean().to_numpy()
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(ours), size=(RESAMPLED, len(ours)))
    found = {}
    for name, label in (("persistence", "persistence"), ("other_cases", "other cases")):
        size = errors(table, name).abs().groupby(table["case"], sort=False).mean().to_numpy()
        skill = 1.0 - (weight * ours)[drawn].sum(axis=1) / (weight * size)[drawn].sum(axis=1)
        low, middle, high = map(float, np.quantile(skill, ENDS))
        found[label] = Number(middle, low, high, "number")
    return found


def _learnt(found: Findings) -> Iterator[str]:
    """Yield what the fit says of parameters, of the spread between cases, of what is left out."""
    tau, left_out = (np.quantile(part, ENDS) for part in found.fit.hyper)
    deviating = ", ".join(f"`{short(name)}`" for name in found.fit.space.deviates)
    at_half = 100.0 * left_out[1]  # d z = d p / (2 sqrt(p (1 - p))): at one half dp = dz
    yield (
        f"Cases differ in {deviating} by {tau[1]:.2f} standard deviations of the prior "
        f"({tau[0]:.2f} to {tau[2]:.2f}). The model leaves out errors of {at_half:.1f} points at "
        f"a share of one half (sd; {100 * left_out[0]:.1f} to {100 * left_out[2]:.1f}; more where "
        "a record is weaker)."
    )
    names = found.fit.space.names
    scored = found.fit.states[:, : len(names)]
    table = contraction(names, scored)
    values = found.prior.values(scored).quantile(list(ENDS)).T
    rows = [
        [
            f"`{short(row.parameter)}`", *(f"{x:.3g}" for x in values.loc[row.parameter]),
            f"{row.ratio:.2f}", row.identifiability,
        ]
        for row in table.itertuples()
    ]  # fmt: skip
    yield markdown(["parameter", "5 %", "median", "95 %", "sd / prior sd", "told by"], rows)


def _figures(table: pd.DataFrame) -> str:
    """Return each figure, observed and predicted."""
    rows = []
    for row in table.itertuples():
        reach = QUANTILE * row.sigma
        inside = row.low - reach <= row.observed - row.bias <= row.high + reach
        what = f"{row.platform}, {str(row.operator).replace('_', ' ')}"
        predicted = f"{row.simulated:.1f} ({row.low:.1f} to {row.high:.1f})"
        rows.append([
            row.case, f"{row.date:%-d %b %Y}", what, f"{row.bound}{row.observed:.1f}", predicted,
            "" if inside or row.bound else "outside", f"{row.persistence:.1f}",
            f"{row.other_cases:.1f}",
        ])  # fmt: skip
    heads = [
        "case",
        "date",
        "what",
        "observed",
        "predicted (90 %)",
        "",
        "persistence",
        "other cases",
    ]
    return markdown(heads, rows)


def _last_words(later: pd.DataFrame) -> str:
    table = with_forecasts(later)
    ours, still = (
        float(np.sqrt((errors(table, name) ** 2).mean())) for name in ("simulated", "persistence")
    )
    return (
        f"Error of the median {ours:.1f} points, of the start {still:.1f}; CRPS "
        f"{later['crps'].mean():.1f} points."
    )
