"""Write docs/performance.md and its figure from results.csv; no number is typed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from experiments.base_study import numbers
from experiments.bench import figure
from experiments.bench.check import POINTS
from experiments.bench.full_model import BAN, SCENARIO
from experiments.bench.suite import PEERS
from experiments.bench.work import CONTACTS, FAR, PLATFORMS, STEPS

OURS = "this project"


def write(results: pd.DataFrame, machine: dict[str, Any], page: Path, image: Path) -> None:
    """Write the page and its figure.

    Parameters
    ----------
    results : DataFrame
        A row a process and measured thing, see suite.py.
    machine : dict
        From `machine.facts`, with the agreement found before the measurements.
    page, image : Path
        Where to write; the page links to the image.
    """
    lines = figure.draw(results, image)
    link = image.relative_to(page.parent)
    text = "\n\n".join([
        _head(results, machine),
        "## The same work in other simulators\n\n" + _work(),
        _pairs(results),
        "## How near to the machine's limit\n\n" + _limits(results),
        "## The whole model\n\n" + _model(results),
        "## Where the time of a step goes\n\n" + _parts(results),
        "## Ensembles\n\n" + _ensembles(results),
        "## Whole jobs\n\n" + _jobs(results),
        "## Time grows with ties\n\n" + _scaling(lines, str(link)),
        "## How it is measured\n\n" + _method(results, machine),
    ])  # fmt: skip
    page.write_text(text + "\n")


def rate(rows: pd.DataFrame) -> pd.Series:
    """Return tie visits a second [million]."""
    return rows["n_visits"] / rows["step_s"] / 1e6


def span(values: pd.Series, digits: int = 2) -> str:
    """Return a median, with minimum and maximum if there are several values."""
    low, middle, high = (_number(v, digits) for v in values.quantile([0, 0.5, 1]))
    return middle if len(values) == 1 else f"{middle} ({low}-{high})"


def _number(value: float, digits: int) -> str:
    """Return `value` with `digits` significant digits, never in powers of ten."""
    return f"{float(f'{value:.{digits}g}'):,g}" if value < 1e4 else f"{value:,.0f}"


def _head(results: pd.DataFrame, machine: dict[str, Any]) -> str:
    largest = results[results["part"] == "pairs"]["n_users"].max()
    return (
        "# Speed\n\n"
        f"Written by `make bench` on {machine['day']} from `experiments/bench/results.csv`; "
        f"{machine['cores']} cores of {machine['processor']}, {machine['caches']}, "
        f"{machine['memory_gib']} GiB; {machine['system']}, Python {machine['python']}, "
        f"numpy {machine['numpy']}, numba {machine['numba']}; "
        f"pairs up to {largest:,} users. Another machine gives other numbers: ratios travel "
        "better than times."
    )


def _work() -> str:
    return (
        "The whole model exists only here, so all simulators are given one piece of work, W. "
        f"Users with {CONTACTS} contacts on average on a static random graph choose among "
        f"{PLATFORMS} platforms, all at once, in each of {STEPS} steps, by a multinomial logit of "
        "what their contacts use and of staying (`experiments/bench/work.py`). That is the core "
        "of such a model and nothing more, so any simulator can do it. Each simulator has the "
        "same ties and start, runs in its own process and alternates with ours. A *visit* is one "
        "user's look at one contact; *ratio* is its time for a step over ours in the same round. "
        "Numbers are medians, with minimum and maximum in brackets."
    )


def _pairs(results: pd.DataFrame) -> str:
    pairs = results[results["part"] == "pairs"]
    rows = []
    for (name, n_users), both in pairs.groupby(["pair", "n_users"], sort=False):
        ours, theirs = (both[(both["tool"] == OURS) == flag] for flag in (True, False))
        if theirs["step_s"].isna().all():
            rows.append((name, "", f"{n_users:,}", theirs["note"].iloc[0], *[""] * 6))
            continue
        ratio = theirs.set_index("round")["step_s"] / ours.set_index("round")["step_s"]
        rows.append((
            name, str(theirs["version"].iloc[0]), f"{n_users:,}",
            span(1e3 * theirs["step_s"], 3), span(1e3 * ours["step_s"], 3), span(ratio, 3),
            _number(rate(theirs).median(), 3), _number(rate(ours).median(), 3),
            f"{theirs['bytes_a_user'].median():,.0f} / {ours['bytes_a_user'].median():,.0f}",
            f"{theirs['cores'].median():.1f}",
        ))  # fmt: skip
    head = (
        "simulator", "version", "users", "its ms a step", "our ms a step", "ratio",
        "its million visits/s", "our million visits/s", "bytes a user, its / ours",
        "cores it used",
    )  # fmt: skip
    return numbers(head, rows) + (
        "\n\nBytes a user: peak memory of the process minus its memory after the imports, with "
        "the edge list. Below 100,000 users these numbers mean little."
    )


def _limits(results: pd.DataFrame) -> str:
    limits = results[(results["part"] == "limits") & results["step_s"].notna()]
    wide = limits.pivot_table(
        index=["order", "n_users", "round"], columns="tool", values="step_s", sort=False
    )
    visits = limits.groupby(["order", "n_users"])["n_visits"].first()
    rows = []
    for (order, n_users), turns in wide.groupby(["order", "n_users"], sort=False):
        floor = turns[["rows", "slices"]].min(axis=1)
        speed = visits[order, n_users] / turns["kernel"] / 1e6
        rows.append((
            order, f"{n_users:,}", span(1e3 * turns["kernel"], 3), span(speed, 3),
            span(1e3 * turns["rows"], 3), span(1e3 * turns["slices"], 3),
            span(turns["kernel"] / turns["rows"]), span(turns["kernel"] / floor),
        ))  # fmt: skip
    head = (
        "order", "users", "W, ms a step", "W, million visits/s", "gather by rows, ms",
        "by slices, ms", "W / rows", "W / fastest gather",
    )  # fmt: skip
    return (
        "A step cannot take less than to read every contact's platform. Two such gathers, which "
        "only add the platforms up, run in turn with the kernel in one process, on as many "
        "threads: *by rows*, a byte a user, user after user (compressed sparse rows); *by "
        "slices*, in the order that the kernel uses. *Local* order: contacts are next on a ring, "
        f"but for {FAR:.0%} of them.\n\n"
        + numbers(head, rows)
        + "\n\nWhy the kernel comes near this limit:\n\n"
        "- Sixteen users with about as many contacts form a slice, so one loop of known length "
        "counts for all of them in a register.\n"
        "- A platform takes four bits, so the platforms of a million users fit into the "
        "second-level cache. A contact takes 32 bits, which say where its platform is.\n"
        "- Four 8-bit counts share a word. The fifth count follows from the degree.\n"
        "- Random numbers are addressed and the exponential is a polynomial, so sixteen users "
        "choose at once.\n"
        "- The contacts of the next slice are fetched in the meantime.\n\n"
        "Where platforms outgrow that cache and contacts are anywhere, each visit waits for "
        "memory farther away."
    )


def _model(results: pd.DataFrame) -> str:
    rows = []
    model = results[results["part"] == "model"]
    for n_users, turns in model.groupby("n_users", sort=False):
        if turns["step_s"].isna().all():
            rows.append((f"{n_users:,}", turns["note"].iloc[0], *[""] * 5))
            continue
        rows.append((
            f"{n_users:,}", f"{turns['n_visits'].iloc[0]:,.0f}", span(1e3 * turns["step_s"], 3),
            span(rate(turns), 3), span(turns["n_users"] / turns["step_s"] / 1e6, 3),
            span(turns["setup_s"], 3), f"{turns['bytes_a_user'].median():,.0f}",
        ))  # fmt: skip
    head = (
        "users", "directed ties", "ms a step", "million visits/s", "million user-steps/s",
        "set-up, s", "bytes a user",
    )  # fmt: skip
    return (
        f"`{SCENARIO}`, steps after {BAN:%-d %B %Y}, when the restriction is in force: beliefs, "
        "news, circumvention, group chats, abuse and measures all at work. Set-up, with the "
        "start solved to match the record, is a column of its own. A visit here weighs what two "
        "people can use for messages and calls, which is far more work than a visit of W, so the "
        "two rates cannot be compared.\n\n" + numbers(head, rows)
    )


MEANING = {
    "select": "moves of group chats; what each user reconsiders, its utility without contacts",
    "communicate": "the choice on every tie and channel, all sums over ties",
    "evaluate": "marginal values of the messengers and VPNs that users reconsider",
    "after_choice": "openings of apps, pairs that move their calls",
    "observe": "sums for all measures, by stratum",
    "update": "adoption, habits, promotion, beliefs, VPNs, abuse",
    "publish": "the packed states that contacts see in the next step",
}


def _parts(results: pd.DataFrame) -> str:
    part = results[(results["part"] == "parts") & results["step_s"].notna()]
    ns = 1e9 * part["step_s"] / part["n_users"]
    whole = ns.groupby(part["round"]).sum().median()
    rows = [
        (f"`{name}`", MEANING[str(name)], span(of_name, 3), f"{of_name.median() / whole:.0%}")
        for name, of_name in ns.groupby(part["tool"], sort=False)
    ]
    ties = part[part["tool"] == "communicate"]
    visits = ties["n_visits"].median() / ties["n_users"].median()
    alone = 1e3 * visits / ns[ties.index].median()
    return (
        f"The same steps on one thread, {part['n_users'].max():,} users with {visits:.1f} ties "
        "on average; ns of one core a user and step.\n\n"
        + numbers(("part", "what it does", "ns a user", "share"), rows)
        + f"\n\nAll in all {_number(whole, 3)} ns. The ties alone would be "
        f"{_number(alone, 3)} million visits a second and core. Sixteen users are computed side "
        "by side, the states of contacts are fetched sixteen ties ahead, and each row of sixteen "
        "ties takes hundreds of instructions, most of 512 bits. These take more time than waiting "
        "for memory. The rest is about a hundred rules for each user and step, each of a few "
        "dozen instructions for all messengers at once. No part of it is large. "
        "[scale.md](scale.md) lists what was tried to make it less."
    )


def _ensembles(results: pd.DataFrame) -> str:
    part = results[results["part"] == "ensemble"]
    wide = part.pivot_table(
        index=["n_users", "round"], columns="tool", values="step_s", sort=False
    )
    rows = [
        (f"{n_users:,}", span(turns["alone"], 3), span(turns["member"], 3),
         span(turns["member"] / turns["alone"]))
        for n_users, turns in wide.groupby("n_users", sort=False)
    ]  # fmt: skip
    head = "users", "a run alone, s", "one of sixteen, s", "ratio"
    return (
        f"`{SCENARIO}` with its counterfactual in eight replications: sixteen runs share one "
        "society and one solved start. Each core runs whole runs, which do not wait for each "
        "other. Times are those of whole runs of 52 weeks, after the society was built and the "
        "code compiled.\n\n" + numbers(head, rows)
    )


def _jobs(results: pd.DataFrame) -> str:
    part = results[results["part"] == "jobs"]
    meaning = {
        "import": '`python -c "import sim"`',
        "warm": "`python -m sim +scenario=call_ban`, again",
        "cold": "the same with an empty compile cache",
    }
    rows = [
        (meaning[name], span(turns["step_s"], 3))
        for name, turns in part.groupby("tool", sort=False)
    ]
    return (
        "From the command to its end, with tables, figures and report: 10,000 users, 52 weeks, "
        "8 replications of the scenario and of each of its counterfactuals.\n\n"
        + numbers(("process", "s"), rows)
    )


def _scaling(lines: list[figure.Line], link: str) -> str:
    fitted = [f"{line.label}: {line.slope:.2f}" for line in lines if line.slope is not None]
    slopes = "; ".join(fitted) or "too few sizes measured"
    return (
        f"![Time a step against tie visits, both axes logarithmic]({link})\n\n"
        f"Fitted slopes (a slope of 1 is time in proportion to ties): {slopes}. Caches hold less "
        "of a larger graph, which lifts a slope above 1; the fixed cost of starting threads "
        "lowers it."
    )


def _method(results: pd.DataFrame, machine: dict[str, Any]) -> str:
    others = results["others"].dropna()
    agreement = "\n".join(f"- {line}" for line in machine["agreement"])
    gaps = results["gap_points"].dropna()
    rounds = int(results["round"].max()) + 1
    return (
        f"Every measurement is a process of its own, run {rounds} times (the largest whole model "
        "once), and gives its median step. The tables show median, minimum and maximum of these. "
        "The first step, in which some simulators compile, and set-up are left out. "
        "While the processes ran, other processes of the machine used "
        f"{others.median():.2f} cores in the median, {others.max():.2f} at most. Where that is "
        "not near zero, measure again: a long step then waits for a core more often than a "
        "short one, which flatters the faster simulator, and a second thread gains little.\n\n"
        "Before anything was timed, all codings of W were compared: those with the same "
        "random numbers choice by choice, those with their own random numbers by shares of "
        f"platforms (allowed are {POINTS} points):\n\n{agreement}\n\n"
        f"In the pairs above, shares differ after the last common step by {gaps.median():.2f} "
        f"points in the median, {gaps.max():.2f} at most, small graphs included.\n\n"
        "What is not measured: graphs with heavy tails (the kernel of W takes up to 255 contacts "
        "a user), more machines, graphics processors, simulators that do not install from Python "
        f"packages. The peers ({len(PEERS)} rows of `experiments/bench/suite.py`) were written "
        "by us, as fast as we could; mesa-frames runs on a newer numpy than it asks for. "
        "The kernel of W shows what the pieces of the engine reach when a step is only a choice; "
        "it is not the engine.\n\n"
        "To measure again: `make bench` (all), `make bench ARGS=--quick` (small, to "
        "`outputs/bench`), `make bench ARGS=--check` (agreement alone)."
    )
