"""The page of a phase diagram: summary, tipping line, and the gap between the two branches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from experiments.base_study import markdown
from experiments.hysteresis import FAR, Branches, critical_point, lowered
from experiments.run_outcomes import BY_NAME, HALF, TIP
from sim.sweeps.folder import SweepFolder

SHOWN = (
    "exposure_phone",
    "exposure_apps",
    "displaced_calls",
    "no_means",
    "private",
    "welfare",
)  # beside what tips
STALLED = 0.05  # of the largest gap: a gap that closes less between two spans has stopped


def page(
    made_by: str, folder: SweepFolder, found: dict[str, Branches], remembered: pd.DataFrame,
    when: pd.Series,
) -> str:  # fmt: skip
    """Return the page in Markdown; `when` is after how many months runs tip, from below."""
    x, y, _ = folder.design.factors
    return "\n".join(
        (
            "# Where society tips\n",
            made_by + "\n",
            f"Two parameters are varied: `{x}` and `{y}` ([parameters.md](parameters.md)). A "
            "society has *tipped* when more than half of the people talk mostly where the state "
            "reads. Each point is reached on two branches. From below: the restriction has its "
            "level from the first day on. From above: both messengers are blocked until "
            f"{lowered(folder):%d %B %Y}, and then restricted to the level. Outcomes are those of "
            "the last whole month (welfare: its change since the first), means over "
            "replications.\n",
            "![Maps of six outcomes over both parameters, with the line at which society tips]"
            "(figures/phase_diagram.png)\n",
            "## In short\n",
            *_in_short(found, remembered, when),
            "\n## The tipping line\n",
            f"For each `{y}` of the grid: the lowest `{x}` at which society tips (linear between "
            "grid points), reached from below and from above, and the other outcomes at that "
            "point, reached from below.\n",
            _line_table(found, y),
            "\n## Two branches at the same level\n",
            "By how much the share of people who talk mostly where the state reads is larger if "
            f"the level was reached from above. *Far* is more than {FAR:.0f} points; *different "
            "sides* means that society has tipped on one branch only.\n",
            markdown(
                ("months after it was lowered", "largest gap, points", "different sides of half, "
                 "share of the map", "far, share of the map"),
                (
                    (f"{r.months}", f"{r.largest:.1f}", f"{100 * r.split:.0f} %",
                     f"{100 * r.far:.0f} %")
                    for r in remembered.itertuples()
                ),
            ),
            "",
        )
    )  # fmt: skip


def _in_short(
    found: dict[str, Branches], remembered: pd.DataFrame, when: pd.Series
) -> Iterator[str]:
    """Yield what the maps say, in sentences."""
    tip, last = found[TIP], remembered.iloc[-1]
    tipped = tip.below > 100 * HALF
    yield f"- From below, {100 * tipped.to_numpy().mean():.0f} % of the map has tipped."
    if len(when):
        low, middle, high = when.min(), when.median(), when.max()
        yield (
            f"- Runs that tip from below do so {middle:.0f} months after the start of the run in "
            f"the median ({low:.0f} at the earliest, {high:.0f} at the latest)."
        )
    for side, chosen in (("tipped", tipped), ("not tipped", ~tipped)):
        if chosen.to_numpy().any():
            means = {n: float(found[n].below.to_numpy()[chosen].mean()) for n in SHOWN}
            listing = ", ".join(
                f"{BY_NAME[n].label.lower()} {value:.{BY_NAME[n].digits}f} {BY_NAME[n].unit}"
                for n, value in means.items()
            )
            yield f"- Mean over the part that is {side}: {listing}."
    first, before = remembered.iloc[0], remembered.iloc[-2]
    yield (
        f"- {last['months']:.0f} months after the restriction was lowered, the two branches end "
        f"on different sides of half on {100 * last['split']:.0f} % of the map "
        f"({100 * first['split']:.0f} % after {first['months']:.0f} months). The largest gap went "
        f"from {first['largest']:.1f} to {last['largest']:.1f} points, by "
        f"{before['largest'] - last['largest']:.1f} in the last "
        f"{last['months'] - before['months']:.0f} months: "
        + (
            "a memory that fades, and no proof that there are two states."
            if before["largest"] - last["largest"] > STALLED * last["largest"]
            else "it hardly closes any more, so two states, or a memory longer than the run."
        )
    )
    resolution = ", ".join(
        f"{np.ptp(axis) / (len(axis) - 1):.3g}" for axis in (tip.below.columns, tip.below.index)
    )
    yield f"- Nothing finer than the steps of the grid ({resolution}) is resolved."


def _line_table(found: dict[str, Branches], y: str) -> str:
    headers = (f"`{y}`", "tips at", "from above, at", *(BY_NAME[n].label for n in SHOWN))
    rows = []
    for value in found[TIP].below.index:
        at, back = (critical_point(branch.loc[value]) for branch in found[TIP][:2])
        beside = [_at(found[n].below.loc[value], at, BY_NAME[n].digits) for n in SHOWN]
        rows.append((f"{value:.3g}", _fmt(at), _fmt(back), *beside))
    return markdown(headers, rows)


def _fmt(at: float) -> str:
    return "nowhere" if np.isnan(at) else f"{at:.3g}"


def _at(values: pd.Series, at: float, digits: int) -> str:
    if np.isnan(at):
        return "-"
    return f"{np.interp(at, values.index.to_numpy(float), values.to_numpy()):.{digits}f}"
