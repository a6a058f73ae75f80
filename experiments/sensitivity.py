"""Which parameters of behaviour matter for which outcome, and how much is chance.

    python -m experiments.sensitivity [--quick] [--page DIR] [executor=NAME] [folder=DIR]
                                      [design=NAME] [design.KEY=VALUE ...]
    python -m experiments.sensitivity --resume FOLDER [executor=NAME]

First all parameters of the design (conf/design/behaviour_screening.yaml) are screened by Morris'
elementary effects; then Sobol' indices are estimated for the few that move the outcomes most
(--keep), by --base * (keep + 2) points. Variance between replications of the same point is kept
apart. Leaves tables (CSV), figures and a page.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pandas as pd

from experiments.base_study import Study, markdown, parser, short
from experiments.indices import elementary_effects, independent, sobol_indices, variances_of
from experiments.run_outcomes import BY_NAME, OUTCOMES, by_run
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_whole_number
from sim.kernel.arrays import F64
from sim.sweeps.design import Design, Factor
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request

SMALL_CHANGE = 0.01  # of a share, or utils: below it an effect is called none
LOOSE = 0.2  # half the width of an interval that tells little
DESIGN = "behaviour_screening"
QUICK = (
    "design.n=2", "design.replications=2", 'design.overrides=["population.n_users=500"]',
)  # fmt: skip
QUICK_BASE, QUICK_KEEP = 4, 2


def main(arguments: list[str]) -> None:
    """Run both stages and write the page."""
    argument_parser = parser("sensitivity", __doc__)
    argument_parser.add_argument(
        "--keep", type=as_whole_number, default=6, help="parameters of the second stage"
    )
    argument_parser.add_argument(
        "--base", type=as_whole_number, default=64, help="its sample, a power of 2"
    )
    with exit_status_of_errors():
        study = Study("sensitivity", argument_parser, arguments)
        keep, base = study.options.keep, study.options.base
        sizes: tuple[str, ...] = ()
        if study.options.quick:
            keep, base, sizes = QUICK_KEEP, QUICK_BASE, QUICK
        request = Request.of([f"design={DESIGN}", *sizes, *study.overrides])
        names = list(_screened(request).factors)
        if not 1 <= keep <= len(names):
            raise ConfigError(f"--keep {keep}; allowed: 1 to {len(names)}")
        second(request, names[:keep], base)  # refused before any run
        first = study.sweep("screening", request)
        effects = screening(first)
        indices = study.sweep("indices", second(request, strongest(effects, keep), base))
        _write_page(study, first, effects, indices)


def screening(folder: SweepFolder) -> pd.DataFrame:
    """Return the elementary effects on each outcome: outcome, and columns of the analysis."""
    return _each_outcome(folder.design, _values(folder), elementary_effects)


def strongest(effects: pd.DataFrame, n: int) -> list[str]:
    """Return the `n` parameters with the largest share of an outcome's mu*, mean over outcomes."""
    whole = effects.groupby("outcome")["mu_star"].transform("sum")
    share = (effects["mu_star"] / whole).fillna(0.0)  # an outcome that never moves tells nothing
    return list(share.groupby(effects["parameter"]).mean().nlargest(n).index)


def variances(folder: SweepFolder) -> pd.DataFrame:
    """Return Sobol' indices for each outcome, with chance in column ``variances_of``."""
    design, values = folder.design, _values(folder)
    table = _each_outcome(design, values, sobol_indices)
    points = independent(design)
    shares = {name: variances_of(v[points]).share for name, v in values.items()}
    return table.assign(chance=table["outcome"].map(shares))


def second(request: Request, kept: list[str], base: int) -> Request:
    """Return the request for the indices of `kept`, else as the first stage."""
    factors = {name: request.design.factors[name] for name in kept}
    return request.with_design(method="saltelli", n=base, factors=factors)


def _screened(request: Request) -> Design:
    """Return the design of the first stage, if both analyses can use it."""
    design = request.design
    if design.method != "morris":
        raise ConfigError(f"design.method={design.method}; allowed: morris")
    if design.replications < 2 or len(design.scenarios) > 1:
        raise ConfigError("design: chance is estimated from 2 replications on, in one scenario")
    return design


def _each_outcome(
    design: Design, values: dict[str, F64], analyse: Callable[[Design, F64], pd.DataFrame]
) -> pd.DataFrame:
    parts = [
        analyse(design, of_runs.mean(axis=1)).assign(outcome=name)
        for name, of_runs in values.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _values(folder: SweepFolder) -> dict[str, F64]:
    """Return each outcome, shape (n points, n replications)."""
    table = by_run(folder).sort_values(["point", "replication"])
    n = folder.design.replications
    return {o.name: table[o.name].to_numpy().reshape(-1, n) for o in OUTCOMES}


def _write_page(
    study: Study, first: SweepFolder, effects: pd.DataFrame, second: SweepFolder
) -> None:
    from sim.plotting.sweeps import screening as draw_screening
    from sim.plotting.sweeps import variances as draw_variances

    indices = variances(second)
    figures = {
        "sensitivity_screening": draw_screening(titled(effects)),
        "sensitivity_indices": draw_variances(titled(indices)),
    }
    tables = {"screening": effects, "indices": indices}
    study.write_page(page(study.made_by(first, second), first.design, effects, indices),
                figures, tables)  # fmt: skip


def titled(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with titles, units and short names for figures."""
    return table.assign(
        title=table["outcome"].map(lambda name: BY_NAME[name].label),
        unit=table["outcome"].map(lambda name: BY_NAME[name].unit.replace("%", "points,")),
        parameter=table["parameter"].map(short),
    )


def page(made_by: str, design: Design, effects: pd.DataFrame, indices: pd.DataFrame) -> str:
    """Return the page in Markdown."""
    return "\n".join(
        (
            "# What matters, and how much is chance\n",
            made_by + "\n",
            "Outcomes are those of the last whole month of the run (welfare: its change since the "
            "first month). Adoption stands beside exposure, displaced calls, welfare. Ranges are "
            "priors (conf/design says where each comes from): what has a wide range counts for "
            "much, another range would give other numbers, and none of this says what is true of "
            "Russia.\n",
            "## In short\n",
            *_in_short(effects, indices),
            "\n## Screening\n",
            "How much an outcome changes when one parameter crosses its whole range, while the "
            "others are anywhere in theirs: the mean size of that change (mu\\* of Morris), and "
            "half of its 95 % interval behind ±.\n",
            _screening_table(design, effects),
            "\n![The largest effects of parameters on each outcome, by screening]"
            "(figures/sensitivity_screening.png)\n",
            "## Indices, with chance apart\n",
            "Sobol' indices of the parameters that the screening kept; the others stand at their "
            "defaults. The upper number of a cell is S1, the share of the variance of an outcome "
            "(of its means over replications) that the parameter explains alone; the lower one is "
            "ST, the share that it explains with all its interactions. Behind ± stands half of "
            "the 95 % bootstrap interval. Chance is the variance between replications of a point, "
            "as a share of the whole variance over points and replications (both estimated "
            "without bias). No true S1 is below zero or above ST: where an estimate is, it "
            "shows how far these estimates err.\n",
            _indices_table(indices),
            "\n![Shares of the variance of each outcome, by parameter, and chance]"
            "(figures/sensitivity_indices.png)\n",
        )
    )


def _in_short(effects: pd.DataFrame, indices: pd.DataFrame) -> Iterator[str]:
    """Yield what the tables say, in sentences."""
    for name, rows in indices.groupby("outcome", sort=False):
        top = rows.nlargest(2, "ST")
        largest = " and ".join(
            f"`{short(row.parameter)}` ({row.ST:.2f} ± {row.ST_conf:.2f})"
            for row in top.itertuples()
        )
        yield f"- {BY_NAME[name].label}: ST is largest for {largest}; chance {_share(rows)}."
    small = effects["mu_star"] < effects["outcome"].map(
        lambda name: SMALL_CHANGE * BY_NAME[name].factor
    )
    idle = small.groupby(effects["parameter"]).all()
    names = ", ".join(f"`{short(name)}`" for name in idle[idle].index)
    yield (
        f"- {int(idle.sum())} of {len(idle)} parameters move on average no outcome by as much as "
        f"a point ({SMALL_CHANGE} utils of welfare): {names or 'none'}."
    )
    loose = indices[indices["ST_conf"] > LOOSE]
    yield (
        f"- For {len(loose)} of {len(indices)} total indices (ST) there were too few points: "
        f"their interval is wider than ± {LOOSE}."
    )


def _share(rows: pd.DataFrame) -> str:
    return f"{100 * rows['chance'].iloc[0]:.1f} %"


def _screening_table(design: Design, effects: pd.DataFrame) -> str:
    order = strongest(effects, len(design.factors))
    by = effects.set_index(["parameter", "outcome"])
    headers = ("parameter", "range", *(f"{o.label}, {_points(o.unit)}" for o in OUTCOMES))
    return markdown(
        headers,
        (
            (
                f"`{short(name)}`", _range(design.factors[name]),
                *(_with_interval(by.loc[(name, o.name)], "mu_star", o.digits) for o in OUTCOMES),
            )
            for name in order
        ),
    )  # fmt: skip


def _indices_table(indices: pd.DataFrame) -> str:
    names = list(dict.fromkeys(indices["parameter"]))
    return markdown(
        ("outcome", "chance", *(f"`{short(name)}`" for name in names)),
        (
            (
                BY_NAME[outcome].label, _share(rows),
                *(
                    f"{_with_interval(row, 'S1', 2)}<br>{_with_interval(row, 'ST', 2)}"
                    for _, row in rows.iterrows()
                ),
            )
            for outcome, rows in indices.groupby("outcome", sort=False)
        ),
    )  # fmt: skip


def _points(unit: str) -> str:
    return "points" if unit.startswith("%") else unit


def _range(factor: Factor) -> str:
    levels = factor.levels
    return f"{factor.low:g} to {factor.high:g}" if levels is None else ", ".join(map(str, levels))


def _with_interval(row: pd.Series, name: str, digits: int) -> str:
    return f"{row[name]:.{digits}f} ± {row[name + '_conf']:.{digits}f}"


if __name__ == "__main__":
    main(sys.argv[1:])
