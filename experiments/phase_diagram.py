"""Where a society tips, over two parameters, and whether the way back is another one.

    python -m experiments.phase_diagram [--quick] [--page DIR] [executor=NAME] [folder=DIR]
                        [x=KEY:LOW:HIGH:N] [y=KEY:LOW:HIGH:N] [design.KEY=VALUE ...]
    python -m experiments.phase_diagram --resume FOLDER [executor=NAME]

By default the grade at which WhatsApp and Telegram are restricted and what a mandate of Max weighs
(conf/design/phase_diagram.yaml). Each point is reached on two branches: from below, with the level
in force from the start of the restriction on, and from above, after both were blocked for a year.
Leaves a table (CSV), a figure and a page.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.base_study import Study, named, parser
from experiments.hysteresis import GRADE, Branches, memory, outcomes
from experiments.phase_diagram_page import SHOWN, page
from experiments.run_outcomes import BY_NAME, HALF, TIP, by_run
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.config.compose import load_sweep_tree
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DESIGN = "phase_diagram"
QUICK, QUICK_POINTS = ("population.n_users=500", "dur_days=728"), 3


def main(arguments: list[str]) -> None:
    """Run the grid from both sides and write the page."""
    with exit_status_of_errors():
        study = Study("phase_diagram", parser("phase_diagram", __doc__), arguments)
        options = request(study.overrides)
        folder = study.sweep("sweep", small(options) if study.options.quick else options)
        _write_page(study, folder)


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


def small(options: Request, n_levels: int = QUICK_POINTS) -> Request:
    """Return a request of the same kind that takes seconds, with so many points a side."""
    factors = dict(options.design.factors)
    for side in list(factors)[:2]:
        factors[side] = factors[side].model_copy(update={"n_levels": n_levels})
    overrides = (*options.design.overrides, *QUICK)
    return options.with_design(replications=2, overrides=overrides, factors=factors)


def _side(text: str) -> tuple[str, dict[str, object]]:
    """Read KEY:LOW:HIGH:N."""
    parts = text.split(":")
    try:
        key, low, high, n = parts
        return key, {"low": float(low), "high": float(high), "n_levels": int(n)}
    except ValueError:
        raise ConfigError(f"{text}: allowed: KEY:LOW:HIGH:N, numbers after the key") from None


def draw(folder: SweepFolder, found: dict[str, Branches]) -> Figure:
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


def _write_page(study: Study, folder: SweepFolder) -> None:
    table, found, remembered = by_run(folder), outcomes(folder), memory(folder)
    when = table.loc[table[GRADE] == table[GRADE].min(), "tip_months"].dropna()
    text = page(study.made_by(folder), folder, found, remembered, when)
    study.write_page(
        text, {"phase_diagram": draw(folder, found)}, {"points": table, "memory": remembered}
    )


if __name__ == "__main__":
    main(sys.argv[1:])
