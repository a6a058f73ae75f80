"""Where a society tips, over two parameters, and whether the way back is another one.

    python -m experiments.phase_diagram [--quick] [--page DIR] [executor=NAME] [folder=DIR]
                        [x=KEY:LOW:HIGH:N] [y=KEY:LOW:HIGH:N] [design.KEY=VALUE ...]
    python -m experiments.phase_diagram --resume FOLDER [executor=NAME]

By default the grade at which WhatsApp and Telegram are restricted and what a mandate of Max weighs
(conf/design/phase_diagram.yaml). Each point is reached in two ways: from below, the level holding
from the start of the restriction on, and from above, after both had been blocked for a year.
Leaves a table (CSV), a figure and a page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from experiments.scalars import BY_NAME, HALF, OUTCOMES, TIP, paths, scalars
from experiments.study import Study, markdown, named, parser
from sim.composing.schema import load_sweep_tree
from sim.errors import ConfigError
from sim.process.endings import ending_well
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DESIGN = "phase_diagram"
HISTORY = "policies.blocked_before"  # in force before a level that is met from above
GRADE = f"{HISTORY}.grade"
QUICK, QUICK_POINTS = ("population.n_users=500", "dur_days=728"), 3
SHOWN = ("exposure", "isolated_calls", "cut_off", "welfare")  # maps beside the one that tips
FAR = 5.0  # points between the two ways that are called a difference
STALLED = 0.05  # of the largest gap: a gap that closes less between two spans has stopped
SPANS = (3, 6, 12, 18)  # months after the restriction was lowered


class Ways(NamedTuple):
    """The mean over replications of an outcome, by the way its point was reached.

    Each is a DataFrame with the values of `y` as index and those of `x` as columns.
    """

    below: pd.DataFrame
    above: pd.DataFrame

    @property
    def gap(self) -> pd.DataFrame:
        """Return how far the way from above ends over that from below."""
        return self.above - self.below

    @property
    def split(self) -> pd.DataFrame:
        """Return where the ways end on different sides of one half."""
        return (self.above > 100 * HALF) & (self.below <= 100 * HALF)


def main(arguments: list[str]) -> None:
    """Run the grid from both sides and write the page."""
    assert __doc__ is not None
    with ending_well():
        study = Study("phase_diagram", parser("phase_diagram", __doc__), arguments)
        asked = request(study.overrides)
        folder = study.sweep("sweep", small(asked) if study.asked.quick else asked)
        _leave(study, folder)


def request(overrides: Sequence[str]) -> Request:
    """Return the request of a grid; ``x=`` and ``y=`` among the overrides name its sides.

    Raises
    ------
    ConfigError
        If a side cannot be read, or anything else is not allowed.
    """
    sides = {word[0]: word[2:] for word in overrides if word.startswith(("x=", "y="))}
    rest = [word for word in overrides if not word.startswith(("x=", "y="))]
    tree = load_sweep_tree(f"design={DESIGN}", *rest)
    default = list(tree["design"]["factors"].items())
    grid = [
        _side(sides[name]) if name in sides else default[k] for k, name in enumerate(("x", "y"))
    ]
    if grid[0][0] == grid[1][0]:
        raise ConfigError(f"x and y are both {grid[0][0]}; allowed: two parameters")
    tree["design"]["factors"] = dict([*grid, default[2]])
    return Request.read(tree)


def small(asked: Request, n_levels: int = QUICK_POINTS) -> Request:
    """Return a request of the same kind that takes seconds, with so many points a side."""
    tree = asked.model_dump(mode="json")
    for side in list(tree["design"]["factors"].values())[:2]:
        side["n_levels"] = n_levels
    tree["design"] |= {"replications": 2, "overrides": [*tree["design"]["overrides"], *QUICK]}
    return Request.read(tree)


def _side(text: str) -> tuple[str, dict[str, object]]:
    """Read KEY:LOW:HIGH:N."""
    parts = text.split(":")
    try:
        key, low, high, n = parts
        return key, {"low": float(low), "high": float(high), "n_levels": int(n)}
    except ValueError:
        raise ConfigError(f"{text}: allowed: KEY:LOW:HIGH:N, numbers after the key") from None


def ways(folder: SweepFolder, values: pd.Series) -> Ways:
    """Lay a value of each run out over the grid, by way.

    Parameters
    ----------
    values : Series, index run
    """
    x, y, _ = folder.design.factors
    table = folder.runs.assign(value=folder.runs["run"].map(values))
    from_below = table[GRADE] == table[GRADE].min()
    maps = (t.pivot_table("value", y, x) for t in (table[from_below], table[~from_below]))
    return Ways(*maps)


def lowered(folder: SweepFolder) -> pd.Timestamp:
    """Return when the restriction is lowered on the way from above."""
    (tree,) = folder.points.trees.values()
    return pd.Timestamp(tree["policies"][HISTORY.rpartition(".")[2]]["stop"])


def memory(folder: SweepFolder) -> pd.DataFrame:
    """Return how far the two ways are apart, some months after the restriction was lowered.

    Returns
    -------
    DataFrame
        months; largest, the largest gap on the map [points]; split, the share of the map where
        the ways lie on different sides of one half; far, that where they are over `FAR` apart.
    """
    months = paths(folder)[TIP]
    since = lowered(folder).replace(day=1)
    rows = []
    last = len(months.columns[months.columns >= since]) - 1
    for span in sorted({*(s for s in SPANS if s < last), last}):
        found = ways(folder, months[since + pd.DateOffset(months=span)])
        gap = found.gap.to_numpy()
        rows.append((span, gap.max(), found.split.to_numpy().mean(), (gap > FAR).mean()))
    return pd.DataFrame(rows, columns=["months", "largest", "split", "far"])


def outcomes(folder: SweepFolder) -> dict[str, Ways]:
    """Return every outcome of `experiments.scalars` over the grid, by its name."""
    table = scalars(folder).set_index("run")
    return {outcome.name: ways(folder, table[outcome.name]) for outcome in OUTCOMES}


def draw(folder: SweepFolder, found: dict[str, Ways]) -> Figure:
    """Draw what tips with the tipping line, beside it what it costs, and what is remembered."""
    from sim.plotting.sweeps import Map, phase_maps

    x, y, _ = folder.design.factors
    tip = found[TIP]
    maps = [Map(BY_NAME[n].label, BY_NAME[n].unit, found[n].below) for n in (TIP, *SHOWN)]
    maps.append(Map("From above less from below", "points, of the first map", tip.gap))
    return phase_maps(
        maps, tip.below, tip.above, 100 * HALF, (named(x), named(y)),
        f"Where society tips: {folder.design.scenarios[0]}, from below",
    )  # fmt: skip


def _leave(study: Study, folder: SweepFolder) -> None:
    table, found, remembered = scalars(folder), outcomes(folder), memory(folder)
    when = table.loc[table[GRADE] == table[GRADE].min(), "tip_months"].dropna()
    text = page(study.made_by(folder), folder, found, remembered, when)
    study.leave(
        text, {"phase_diagram": draw(folder, found)}, {"points": table, "memory": remembered}
    )


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


def crossing(values: pd.Series) -> float:
    """Return the first place at which values rise above one half.

    Parameters
    ----------
    values : Series, index x, ascending
        [%]

    Returns
    -------
    float
        Linear between two points; the lowest x where all are above, NaN where none is.
    """
    x, v = values.index.to_numpy(float), values.to_numpy()
    above = np.flatnonzero(v > 100 * HALF)
    if not len(above):
        return float("nan")
    k = int(above[0])
    if k == 0:
        return float(x[0])
    return float(x[k - 1] + (x[k] - x[k - 1]) * (100 * HALF - v[k - 1]) / (v[k] - v[k - 1]))


def _told(at: float) -> str:
    return "nowhere" if np.isnan(at) else f"{at:.3g}"


def _at(values: pd.Series, at: float) -> str:
    if np.isnan(at):
        return "-"
    return f"{np.interp(at, values.index.to_numpy(float), values.to_numpy()):.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
