"""Under which conditions the state's app takes over, and under which exposure stays low.

    python -m experiments.discover [--quick] [--bound PERCENT] [--page DIR] [executor=NAME]
                                   [folder=DIR] [design=NAME] [design.KEY=VALUE ...]
    python -m experiments.discover --resume FOLDER [executor=NAME]

Runs points all over a space of policies and behaviour (conf/design/discovery.yaml) and looks for
boxes in it, by PRIM and by CART, in which most points are cases: more than half of the people talk
mostly where the state reads, or less than PERCENT of communication is exposed. It searches
conditions, it does not optimise them. Half as many fresh points tell how good the boxes are,
because the points that they were found on flatter them. Leaves tables (CSV), a figure and a page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from experiments.base_study import Study, markdown, parser, short
from experiments.run_outcomes import BY_NAME, HALF, OUTCOMES, TIP, by_run
from experiments.scenario_discovery import DENSE, SIGNIFICANT, Box, Cases, PeeledBox, cart, prim
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_number
from sim.plotting.layout import limit
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request

DESIGN = "discovery"
QUICK = (
    "design.n=40", "design.replications=1",
    'design.overrides=["population.n_users=500","+policy=[vpn_blocking,vpn_support]"]',
)  # fmt: skip
FEW, MANY = 0.02, 0.98  # share of points that are cases, beyond which no box is worth a search
OTHER_OUTCOMES = (
    "exposure_phone", "exposure_apps", "displaced_calls", "no_means", "private", "welfare"
)  # fmt: skip
FIT = ("coverage", "density", "mass")
LEAVES = 3  # of CART's in the page
ALT = "Density against coverage of the boxes of PRIM, and the limits of the one chosen"
INTRODUCTION = """\
The points of the first sweep lie all over a space of policies and behaviour;
[parameters.md](parameters.md) says what its parameters are. Outcomes are those of the last whole
month (welfare: its change since the first), means over replications. A point is a *case* if the
condition in the heading holds. A *box* is a part of the space, given by limits on a few parameters
that must all hold, in which most points are cases. Two methods look for boxes: PRIM peels the
space off until mostly cases are left, and CART cuts it into the leaves of a tree.

- *Coverage*: the share of all cases that lie in the box.
- *Density*: the share of cases among the points of the box.
- *Mass*: the share of all points that lie in the box.
- *Quasi-p*: how easily chance alone would produce this limit, with the others in place.
- *Fresh*: the same shares among the points of the second sweep, on which no box was found. Limits
  are chosen to fit the points of the first, so its figures and the quasi-p flatter a box.

Adoption is not shown without what it costs. The ranges are assumptions, so shares of points are no
probabilities.
"""


class Question(NamedTuple):
    """A condition on outcomes, and the points that meet it."""

    text: str
    cases: Cases


class Answer(NamedTuple):
    """What both methods found."""

    question: Question
    peeled: PeeledBox
    leaves: list[Box]
    fresh: list[Box]  # PRIM's box, then the leaves, among points that no box was found on


def main(arguments: list[str]) -> None:
    """Run the points, find the boxes and write the page."""
    argument_parser = parser("discover", __doc__)
    argument_parser.add_argument("--bound", type=as_number, default=65.0, help="of exposure [%%]")
    with exit_status_of_errors():
        study = Study("discover", argument_parser, arguments)
        bound = study.options.bound
        if not 0 < bound < 100:
            raise ConfigError(f"--bound {bound:g}; allowed: above 0, below 100 [%]")
        sizes = QUICK if study.options.quick else ()
        request = Request.of([f"design={DESIGN}", *sizes, *study.overrides])
        _refuse_other_designs(request)
        again = fresh(request)  # refused before any run
        _write_page(study, study.sweep("sweep", request), study.sweep("fresh", again), bound)


def fresh(request: Request) -> Request:
    """Return the request for other points of the same space, half as many."""
    design = request.design
    assert design.n is not None
    return request.with_design(n=design.n // 2, seed=design.seed + 1)


def means(folder: SweepFolder) -> pd.DataFrame:
    """Return one row a point: factors and outcomes, means over replications."""
    names = [*folder.design.factors, *(o.name for o in OUTCOMES)]
    return by_run(folder).groupby("point")[names].mean()


def questions(points: pd.DataFrame, bound: float) -> list[Question]:
    """Return what is request of points with the outcomes as columns.

    Parameters
    ----------
    bound
        Of exposure [%].
    """
    exposure = points["exposure_phone"] + points["exposure_apps"]
    return [
        Question(
            "Over half talk mostly where the state reads", (points[TIP] > 100 * HALF).to_numpy()
        ),
        Question(f"Exposure stays below {bound:g} %", (exposure < bound).to_numpy()),
    ]


def answer(
    question: Question, factors: pd.DataFrame, again: Question, others: pd.DataFrame
) -> Answer | None:
    """Return what both methods find, or nothing where (almost) all points are alike.

    Parameters
    ----------
    again, others
        The question and the factors of fresh points.
    """
    if not FEW <= question.cases.mean() <= MANY:
        return None
    peeled, leaves = prim(factors, question.cases), cart(factors, question.cases)
    rechecked = [box.among(others, again.cases) for box in (peeled.box, *leaves)]
    return Answer(question, peeled, leaves, rechecked)


def _refuse_other_designs(request: Request) -> None:
    design = request.design
    if design.method not in ("latin_hypercube", "sobol"):
        raise ConfigError(f"design.method={design.method}; allowed: latin_hypercube, sobol")
    if len(design.scenarios) > 1 or any(f.levels for f in design.factors.values()):
        raise ConfigError("design: allowed: one scenario, factors with low and high")


def _write_page(study: Study, folder: SweepFolder, again: SweepFolder, bound: float) -> None:
    from sim.plotting.sweeps import Found, boxes

    points, others = means(folder).reset_index(), means(again).reset_index()
    asked, names = questions(points, bound), list(folder.design.factors)
    answers = [
        answer(question, points[names], new, others[names])
        for question, new in zip(asked, questions(others, bound), strict=True)
    ]
    found = [
        Found(
            a.question.text, a.peeled.trajectory,
            a.peeled.box.limits.assign(parameter=a.peeled.box.limits["parameter"].map(short)),
        )
        for a in answers if a
    ]  # fmt: skip
    text = page(study.made_by(folder, again), points, list(zip(asked, answers, strict=True)))
    figures = {"discover": boxes(found)} if found else {}
    tables = {"points": points, "fresh_points": others, "limits": _all_limits(answers)}
    study.write_page(text, figures, tables)


def _all_limits(answers: Sequence[Answer | None]) -> pd.DataFrame:
    """Return the limits of all boxes, a row each."""
    parts = [
        box.limits.assign(
            question=a.question.text, method=method, box=k, coverage=box.coverage,
            density=box.density, mass=box.mass,
        )
        for a in answers if a
        for method, of_method in (("PRIM", [a.peeled.box]), ("CART", a.leaves))
        for k, box in enumerate(of_method)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def page(
    made_by: str, points: pd.DataFrame, asked: Sequence[tuple[Question, Answer | None]]
) -> str:
    """Return the page in Markdown."""
    parts = [
        "# Under which conditions\n",
        made_by + "\n",
        INTRODUCTION,
    ]
    if any(found for _, found in asked):
        parts.append(f"![{ALT}](figures/discover.png)\n")
    for question, found in asked:
        parts.extend(_section(question, found, points))
    return "\n".join(parts)


def _section(question: Question, found: Answer | None, points: pd.DataFrame) -> Iterator[str]:
    yield f"## {question.text}\n"
    share = question.cases.mean()
    yield f"{int(question.cases.sum())} of {len(points)} points are cases ({100 * share:.0f} %).\n"
    if found is None:
        yield "Too alike to look for a box.\n"
        return
    box, before = found.peeled.box, found.peeled.before
    fresh_box, *fresh_leaves = found.fresh
    yield (
        f"PRIM. Of the boxes with a density of at least {DENSE:g}, the one that covers most cases "
        f"(if there is none, the densest) has {before['n_limits']} limits: {_fit(before)}. "
        f"Without the limits that may be due to chance (quasi-p {SIGNIFICANT} and more): "
        f"{_fit(box._asdict())}; fresh: {_fit(fresh_box._asdict())}.\n"
    )
    yield _limits_table(box) + "\n"
    yield f"CART. Leaves in which most points are cases, up to {LEAVES} that cover most cases:\n"
    yield markdown(
        ("leaf", *FIT, *(f"{name}, fresh" for name in FIT)),
        (
            (_conditions(leaf), *(f"{share:.2f}" for share in (*leaf[1:], *again[1:])))
            for leaf, again in zip(found.leaves[:LEAVES], fresh_leaves, strict=False)
        ),
    ) + "\n"  # fmt: skip
    yield "Outcomes there, means over points:\n"
    inside = box.holds(points)
    groups = (("in PRIM's box", inside), ("outside", ~inside), ("cases", question.cases))
    yield markdown(
        ("", *(f"{BY_NAME[n].label}, {BY_NAME[n].unit}" for n in (TIP, *OTHER_OUTCOMES))),
        (
            (
                name,
                *(
                    f"{points[n].to_numpy()[rows].mean():.{BY_NAME[n].digits}f}"
                    for n in (TIP, *OTHER_OUTCOMES)
                ),
            )
            for name, rows in groups
            if rows.any()
        ),
    ) + "\n"  # fmt: skip


def _limits_table(box: Box) -> str:
    if box.limits.empty:
        return "No limit is left: chance explains them all."
    return markdown(
        ("parameter", "limit", "its range", "quasi-p"),
        (
            (
                f"`{short(r.parameter)}`", limit(r.low, r.high, r.lowest, r.highest),
                f"{r.lowest:.3g} to {r.highest:.3g}", _quasi_p(r.quasi_p),
            )
            for r in box.limits.sort_values("quasi_p").itertuples()
        ),
    )  # fmt: skip


def _fit(box: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {box[name]:.2f}" for name in FIT)


def _quasi_p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _conditions(box: Box) -> str:
    """Return a leaf's limits in words."""
    return ", ".join(
        f"`{short(r.parameter)}` {limit(r.low, r.high, r.lowest, r.highest)}"
        for r in box.limits.itertuples()
    )


if __name__ == "__main__":
    main(sys.argv[1:])
