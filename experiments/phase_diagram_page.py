"""The page of a phase diagram: in short, the tipping line, and what two ways leave apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from experiments.scalars import BY_NAME, HALF, TIP
from experiments.study import markdown
from experiments.ways import FAR, Ways, crossing, lowered
from sim.sweeps.folder import SweepFolder

SHOWN = ("exposure", "isolated_calls", "cut_off", "welfare")  # beside what tips
STALLED = 0.05  # of the largest gap: a gap that closes less between two spans has stopped


def page(
    made_by: str, folder: SweepFolder, found: dict[str, Ways], remembered: pd.DataFrame,
    when: pd.Series,
) -> str:  # fmt: skip
    """Return the page in Markdown; `when` is after how many months runs tip, from below."""
    x, y, _ = folder.design.factors
    return "\n".join(
        (
            "# Where society tips\n",
            made_by + "\n",
            f"Over `{x}` and `{y}`. From below: the level holds from the start of the "
            "restriction. From above: both messengers are blocked until "
            f"{lowered(folder):%d %B %Y}, then restricted to the level. Outcomes are those of the "
            "last whole month (welfare: its change since the first); mean over replications.\n",
            "![Maps](figures/phase_diagram.png)\n",
            "## In short\n",
            *_in_short(found, remembered, when),
            "\n## The tipping line\n",
            f"The lowest `{x}` of the grid's lines at which more than half talk mostly where the "
            "state reads (between grid points: linear), and what stands beside it there, from "
            "below.\n",
            _line_table(found, y),
            "\n## Two ways to the same level\n",
            "How far more talk mostly where the state reads if the level was reached from above; "
            f"far: over {FAR:.0f} points.\n",
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


def _in_short(found: dict[str, Ways], remembered: pd.DataFrame, when: pd.Series) -> Iterator[str]:
    """Yield what the maps say, in sentences."""
    tip, last = found[TIP], remembered.iloc[-1]
    tipped = tip.below > 100 * HALF
    yield f"- Tipped, from below: {100 * tipped.to_numpy().mean():.0f} % of the map."
    if len(when):
        low, middle, high = when.min(), when.median(), when.max()
        yield (
            f"- Runs that tip from below do so {middle:.0f} months after the start of the run "
            f"(median; {low:.0f} to {high:.0f})."
        )
    for side, chosen in (("tipped", tipped), ("not tipped", ~tipped)):
        if chosen.to_numpy().any():
            means = {n: float(found[n].below.to_numpy()[chosen].mean()) for n in SHOWN}
            told = ", ".join(
                f"{BY_NAME[n].label.lower()} {value:.2f} {BY_NAME[n].unit}"
                for n, value in means.items()
            )
            yield f"- Mean over the part that is {side}: {told}."
    first, before = remembered.iloc[0], remembered.iloc[-2]
    yield (
        f"- {last['months']:.0f} months after the restriction was lowered, the two ways end on "
        f"different sides of half on {100 * last['split']:.0f} % of the map "
        f"({100 * first['split']:.0f} % after {first['months']:.0f} months). The largest gap went "
        f"from {first['largest']:.1f} to {last['largest']:.1f} points, by "
        f"{before['largest'] - last['largest']:.1f} in the last "
        f"{last['months'] - before['months']:.0f} months: "
        + (
            "a memory that fades, no proof of two states."
            if before["largest"] - last["largest"] > STALLED * last["largest"]
            else "it hardly closes any more, so two states, or a memory longer than the run."
        )
    )
    resolution = ", ".join(
        f"{np.ptp(axis) / (len(axis) - 1):.3g}" for axis in (tip.below.columns, tip.below.index)
    )
    yield f"- Finer than the grid's steps ({resolution}) nothing is resolved."


def _line_table(found: dict[str, Ways], y: str) -> str:
    headers = (f"`{y}`", "tips at", "from above, at", *(BY_NAME[n].label for n in SHOWN))
    rows = []
    for value in found[TIP].below.index:
        at, back = (crossing(way.loc[value]) for way in found[TIP][:2])
        beside = [_at(found[n].below.loc[value], at) for n in SHOWN]
        rows.append((f"{value:.3g}", _told(at), _told(back), *beside))
    return markdown(headers, rows)


def _told(at: float) -> str:
    return "nowhere" if np.isnan(at) else f"{at:.3g}"


def _at(values: pd.Series, at: float) -> str:
    if np.isnan(at):
        return "-"
    return f"{np.interp(at, values.index.to_numpy(float), values.to_numpy()):.2f}"
