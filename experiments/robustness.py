"""Whether the headline effects hold under other choices of the modeller.

    python -m experiments.robustness [--quick] [--page DIR] [executor=NAME] [folder=DIR]
                       [--sizes N ...] [--societies N] [design=NAME] [design.KEY=VALUE ...]
    python -m experiments.robustness --resume FOLDER [executor=NAME]

First the graph, the length of a step, the number of users, the society, the start and what is
contagious are varied one at a time from the default (conf/design/robustness.yaml), and every
effect (experiments/effects.py) is judged by a rule fixed beforehand
(experiments/robustness_criteria.py). Then the number of users is varied in several societies:
spread, bias and cost. Leaves tables (CSV), figures and a page that begins with what does not hold.
"""

from __future__ import annotations

import math
import sys

import pandas as pd

from experiments.base_study import USERS, Study, parser
from experiments.effects import (
    EFFECTS,
    OUTCOMES_BY_NAME,
    SCENARIOS,
    banded,
    effects,
    unit,
)
from experiments.modelling_choices import GRAPH, STEP, named_points
from experiments.robustness_criteria import FACTOR, HOLDS, judged
from experiments.robustness_findings import Findings
from experiments.robustness_page import page
from experiments.sizes import SOCIETY, costs, sized, slopes
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_whole_number
from sim.plotting.palette import ALONE, WHOLE, Look, platform
from sim.sweeps.design import Design, Factor
from sim.sweeps.folder import SweepFolder
from sim.sweeps.points import Points
from sim.sweeps.request import Request

DESIGN = "robustness"
SIZES, SOCIETIES, REPLICATIONS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000), 6, 2
QUICK = ("design.replications=2", 'design.overrides=["dur_days=217"]')
QUICK_SIZES, QUICK_SOCIETIES, QUICK_LEVELS = (100, 200, 400), 2, 2
DRAWN = (  # outcomes that have a column in the figures
    "whatsapp_daily", "telegram_daily", "max_daily", "exposure_phone", "exposure_apps",
    "displaced_calls", "displaced_messages", "no_means", "private", "welfare", "vpn",
)  # fmt: skip
LINES = ("whatsapp_daily", "telegram_daily", "max_daily", "exposure_apps", "displaced_calls")
OF_EVERYBODY = {"exposure_apps": WHOLE, "displaced_calls": ALONE}  # looks of what has no platform


def main(arguments: list[str]) -> None:
    """Run both sweeps and write the page."""
    argument_parser = parser("robustness", __doc__)
    argument_parser.add_argument(
        "--sizes", type=as_whole_number, nargs="+", default=SIZES, help="numbers of users"
    )
    argument_parser.add_argument(
        "--societies", type=as_whole_number, default=SOCIETIES, help="of each size"
    )
    with exit_status_of_errors():
        study = Study("robustness", argument_parser, arguments)
        sizes, societies = study.options.sizes, study.options.societies
        small: tuple[str, ...] = ()
        if study.options.quick:
            sizes, societies, small = QUICK_SIZES, QUICK_SOCIETIES, QUICK
        request = Request.of([f"design={DESIGN}", *small, *study.overrides])
        if study.options.quick:
            request = toy(request)
        second = of_sizes(request, sizes, societies)  # refused before any run
        choices = study.sweep("choices", request)
        _write_page(study, choices, study.sweep("sizes", second))


def toy(request: Request) -> Request:
    """Return a request of the same kind that takes seconds: few choices, few users."""
    factors = request.design.factors
    levels = {name: factors[name].grid()[:QUICK_LEVELS] for name in (GRAPH, STEP)}
    levels[USERS] = (QUICK_SIZES[-1], QUICK_SIZES[0])
    return request.with_design(
        factors={n: factors[n].model_copy(update={"levels": few}) for n, few in levels.items()}
    )


def of_sizes(request: Request, sizes: list[int], societies: int) -> Request:
    """Return the request for the number of users, until the end of the headline month.

    Raises
    ------
    ConfigError
        If the first design is not one that can be judged, or there are too few sizes.
    """
    design = _judged(request)
    if len(set(sizes)) < 3 or societies < 2:
        raise ConfigError(
            f"{len(set(sizes))} sizes, {societies} societies; a slope needs 3 sizes, spread 2 "
            "societies"
        )
    factors = {
        USERS: Factor(levels=tuple(sorted(set(sizes)))),
        SOCIETY: Factor(levels=tuple(range(1, societies + 1))),
    }
    overrides = (*design.overrides, f"dur_days={_until_headline(design):g}")
    return request.with_design(
        method="factorial", replications=REPLICATIONS, overrides=overrides, factors=factors
    )


def _judged(request: Request) -> Design:
    """Return the design of the choices, if effects can be told and judged in it."""
    design = request.design
    if design.method != "one_at_a_time":
        raise ConfigError(f"design.method={design.method}; allowed: one_at_a_time")
    missing = sorted(SCENARIOS - set(design.scenarios))
    if missing:
        raise ConfigError(f"design.scenarios: {', '.join(missing)} missing")
    return design


def _until_headline(design: Design) -> float:
    """Return the days from the start to the end of the headline month, in whole steps."""
    values = {name: factor.grid()[0] for name, factor in design.factors.items()}
    one = design.model_copy(update={"scenarios": design.scenarios[:1]})
    config = Points.compose(one).config(values, design.scenarios[0])
    end = pd.Timestamp(config.case.headline_month) + pd.offsets.MonthBegin(1)
    days: int = (end - pd.Timestamp(config.start)).days
    return math.ceil(days / config.step_days) * config.step_days


def _write_page(study: Study, choices: SweepFolder, sizes: SweepFolder) -> None:
    from sim.plotting.robustness import Column, forest, size_study

    verdict_table = named_points(choices.design).merge(
        judged(banded(effects(choices))), on="point"
    )
    by_n, cost, last = sized(sizes), costs(sizes), verdict_table["month"].max()
    found = Findings(choices, verdict_table, by_n, slopes(by_n), cost)
    columns = [Column(name, OUTCOMES_BY_NAME[name].label, unit(name)) for name in DRAWN]
    drawn = verdict_table[verdict_table["month"] == last].assign(
        missed=lambda table: table["verdict"] != HOLDS
    )
    figures = {
        f"robustness_{effect.name}": forest(
            drawn[drawn["effect"] == effect.name], columns, FACTOR,
            f"{effect.label}: effect in {last:%B %Y}",
        )
        for effect in EFFECTS
    }  # fmt: skip
    titles = {effect.name: effect.label for effect in EFFECTS}
    figures["robustness_sizes"] = size_study(by_n, cost, titles, _looks())
    tables = {"effects": verdict_table, "sizes": by_n, "slopes": found.slopes, "costs": cost}
    study.write_page(page(study.made_by(choices, sizes), found), figures, tables)


def _looks() -> dict[str, Look]:
    """Return the outcomes that have a line in the size study, all in points."""
    return {
        name: (OF_EVERYBODY.get(name) or platform(outcome.platform))._replace(label=outcome.label)
        for name, outcome in ((name, OUTCOMES_BY_NAME[name]) for name in LINES)
    }


if __name__ == "__main__":
    main(sys.argv[1:])
