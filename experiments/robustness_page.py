"""The page of robustness: what does not hold first, then what does, then why so many users."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from experiments.base_study import USERS, markdown
from experiments.effects import ALL_OUTCOMES, EFFECTS, OUTCOMES_BY_NAME, Effect, unit
from experiments.graphs import graphs
from experiments.modelling_choices import DEFAULT, STEP, TECHNICAL
from experiments.robustness_criteria import FACTOR, HOLDS, NONE, SIGN, negligible_size
from experiments.robustness_findings import LABELS, Findings

INTRODUCTION = f"""\
Effects are paired differences, scenario minus counterfactual in the same society with the same
random numbers: median and 90 % band over replications. One choice of the modeller at a time is
changed from its default. The rule of judgement was fixed before any number was seen
(experiments/robustness_criteria.py).
An effect below {100 * NONE:g} points ({NONE:g} utils) counts as none. An effect *holds* under
another choice if it is none under both choices; or if it has the same sign, and either the bands
overlap, or its size is within a factor of {FACTOR:g}, or it is less than that half a point away.
Parameters stay at their defaults under every choice, and the start is solved again for each, so
that all begin at the observed reach. What other values of the parameters would do is another
question ([sensitivity.md](sensitivity.md)).

The effects are those of the ban of calls together with the same promotion of Max, of that ban
alone, of that promotion alone, and of slowed messages on top of both. The
choices: *graph* (other networks of ties; see The graphs), *step* (its length in days),
*users* (their number), *society* (another seed, so other people and ties), *start* (the run
begins earlier), and *contagion* (what contacts do to adoption; see What is contagious:
`network_value`, `network_shape`, `word_of_mouth`, `pair_rate`)."""
CONTAGION = """\
What contacts do enters adoption in three places, each of which can be taken away: what a messenger
is worth because it reaches contacts (`network_value`), hearing of it from them (`word_of_mouth`),
and calls that two people move together (`pair_rate`). By default contagion is simple: what
contacts are worth adds up. `network_shape` above 1 makes it complex: the sum is raised to that
power, so that each contact counts for more the more there are, and a few count for hardly
anything. There is no hard threshold. To obey a mandate asks for no contacts."""

DISCRETISED = """
These differences come from one rule: a user reconsiders a messenger at most once in a step of h
days, so the share who keep it depends on (1 - exp(-rho_in h)) / (1 - exp(-rho_out h)), which is
rho_in / rho_out only for short steps (rho_in and rho_out are the hazards of reconsidering a
messenger that one lacks, and one that one has). At the start this cannot be seen, because it is
solved at the step in use. When messages fail, rho_out rises (`failure_exit`), and a long step
keeps some users that a short one loses."""


def page(made_by: str, found: Findings) -> str:
    """Return the page in Markdown."""
    return "\n".join(
        (
            "# Do the headline effects hold under other choices?\n",
            made_by + "\n",
            INTRODUCTION,
            "\n## What does not hold\n",
            *_in_short(found),
            "",
            _misses(found),
            "\n## In plain words\n",
            f"The numbers are of {found.bands['month'].max():%B %Y}: the range of the effect over "
            "all choices, in points (welfare: utils). *Not under* names effects that do not hold "
            "under some choice in some month, with these choices in brackets; *none* are those "
            "below the least that counts.\n",
            *(_said(found, effect) for effect in EFFECTS),
            "\n## Every effect\n",
            "For each of two months: the effect under the default choices with its 90 % band, and "
            "its lowest and highest median over all choices. The last two columns count, over "
            "both months, the choices under which the effect has the sign that it has under the "
            "default, and those under which it holds.",
            *(_one_effect(found, effect) for effect in EFFECTS),
            "\n## How often effects hold, by choice\n",
            _by_choice(found),
            "\n## The graphs\n",
            graphs(found.choices),
            "\n## What is contagious\n",
            CONTAGION,
            "\n## The length of a step\n",
            *_steps(found),
            DISCRETISED,
            "\n## The number of users\n",
            *_in_sizes(found),
            "",
            _sizes(found),
            "\n![Spread, bias and cost by number of users](figures/robustness_sizes.png)\n",
        )
    )


def _in_short(found: Findings) -> Iterator[str]:
    """Yield what the verdicts add up to, in sentences."""
    others, missed = found.others, found.missed
    n_sign = int((missed["verdict"] == SIGN).sum())
    least = negligible_size(others)
    is_none = (others["default"].abs() < least) & (others["median"].abs() < least)
    yield (
        f"- {len(missed)} of {len(others):,} comparisons ({len(EFFECTS)} effects, "
        f"{len(ALL_OUTCOMES)} outcomes, {others['month'].nunique()} months, "
        f"{others['choice'].nunique()} choices) do "
        f"not hold: {n_sign} by sign, {len(missed) - n_sign} by size. {int(is_none.sum()):,} of "
        "those that hold are of effects that are none under both choices, which is easy."
    )
    counts = missed["choice"].value_counts()
    bands = ", ".join(f"{choice} ({n})" for choice, n in counts.items())
    yield f"- By choice: {bands or 'none'}."
    quiet = [c for c in dict.fromkeys(others["choice"]) if c not in counts]
    yield f"- Without a miss: {', '.join(quiet) or 'none'}."
    for technical, name in ((True, "step, users, society, start"), (False, "graph, contagion")):
        chosen = others[others["factor"].isin(TECHNICAL) == technical]
        held = (chosen["verdict"] == HOLDS).mean()
        yield f"- Choices of {name}: {100 * held:.1f} % of {len(chosen):,} comparisons hold."


def _misses(found: Findings) -> str:
    """Return all that does not hold: a row an effect and choice."""
    rows = []
    for (effect, choice), group in found.missed.groupby(["effect", "choice"], sort=False):
        bands = (
            f"{OUTCOMES_BY_NAME[r.outcome].label} {r.month:%b %Y}: "
            f"{_number(r.default, r.outcome)} → {_number(r.median, r.outcome)}"
            f"{', **sign**' if r.verdict == SIGN else ''}"
            for r in group.itertuples()
        )
        rows.append((LABELS[effect], choice, "; ".join(bands)))
    return markdown(("effect", "choice", "the default's → under this choice"), rows)


def _said(found: Findings, effect: Effect) -> str:
    """Return what may be said of an effect, in a sentence."""
    bands = found.bands[found.bands["effect"] == effect.name]
    last = bands[bands["month"] == bands["month"].max()]
    holds, owed, nothing = [], [], []
    for name, rows in bands.groupby("outcome", sort=False):
        label, missed = OUTCOMES_BY_NAME[name].label, rows.loc[rows["verdict"] != HOLDS, "choice"]
        if len(missed):
            owed.append(f"{label} ({', '.join(dict.fromkeys(missed))})")
        elif rows["ratio"].isna().all():
            nothing.append(label)
        else:
            medians = last.loc[last["outcome"] == name, "median"]
            low, high = _number(medians.min(), name), _number(medians.max(), name)
            holds.append(f"{label} {low} to {high}")
    parts = {"Holds under every choice": holds, "Not under": owed, "None": nothing}
    text = " ".join(f"{what}: {'; '.join(some)}." for what, some in parts.items() if some)
    return f"- **{effect.label}.** {text}"


def _one_effect(found: Findings, effect: Effect) -> str:
    """Return the table and figure of one effect."""
    rows = found.bands[found.bands["effect"] == effect.name]
    months = list(dict.fromkeys(rows["month"]))
    table = markdown(
        ("outcome", *(f"{m:%B %Y}, {what}" for m in months for what in ("default", "all choices")),
         "same sign", "holds"),
        (_one_outcome(rows[rows["outcome"] == outcome.name], months) for outcome in ALL_OUTCOMES),
    )  # fmt: skip
    return (
        f"\n### {effect.label}\n\n`{effect.scenario}` minus `{effect.counterfactual}`; points, "
        f"welfare in utils.\n\n{table}\n\n![{effect.label}: effects under every choice]"
        f"(figures/robustness_{effect.name}.png)"
    )


def _one_outcome(rows: pd.DataFrame, months: list[pd.Timestamp]) -> tuple[str, ...]:
    name = rows["outcome"].iloc[0]
    cells = [OUTCOMES_BY_NAME[name].label]
    for month in months:
        here = rows[rows["month"] == month]
        first = here[here["factor"] == DEFAULT].iloc[0]
        cells.append(f"{_number(first['median'], name)} ({_number(first['low'], name)} to "
                     f"{_number(first['high'], name)})")  # fmt: skip
        cells.append(f"{_number(here['median'].min(), name)} to "
                     f"{_number(here['median'].max(), name)}")  # fmt: skip
    others = rows[rows["factor"] != DEFAULT]
    same = (np.sign(others["median"]) == np.sign(others["default"])).sum()
    held = (others["verdict"] == HOLDS).sum()
    return (*cells, f"{same} of {len(others)}", f"{held} of {len(others)}")


def _by_choice(found: Findings) -> str:
    held = found.others.assign(held=found.others["verdict"] == HOLDS)
    table = held.pivot_table("held", "choice", "effect", aggfunc=["sum", "size"], sort=False)
    return markdown(
        ("choice", *LABELS.values()),
        (
            (choice, *(f"{row['sum', e]:.0f} of {row['size', e]:.0f}" for e in LABELS))
            for choice, row in table.iterrows()
        ),
    )


def _steps(found: Findings) -> Iterator[str]:
    """Yield how far the step matters: in words, and where it does by effects."""
    bands, factor = found.bands, found.choices.design.factors[STEP]
    rows = bands[(bands["month"] == bands["month"].max()) & bands["factor"].isin((STEP, DEFAULT))]
    steps = (
        rows["point"]
        .map(found.choices.runs.drop_duplicates("point").set_index("point")[STEP])
        .rename("step")
    )
    table = rows.pivot_table("median", ["effect", "outcome"], steps, sort=False)
    table = table.sort_index(axis=1)
    finest, default = table.columns[0], factor.grid()[0]
    none = negligible_size(table.reset_index()).to_numpy()
    apart = table[(table[default] - table[finest]).abs().to_numpy() > none]
    yield (
        f"Rates are hazards per day, so the step only discretises time. In the last month, a step "
        f"of {default:g} days and one of {finest:g} give results that differ by more than what "
        f"counts as none in {len(apart)} of {len(table)} effects on outcomes. "
        + _order(apart)
        + "\n"
    )
    yield markdown(
        ("effect", "outcome", *(f"step {step:g}" for step in table.columns)),
        (
            (LABELS[effect], OUTCOMES_BY_NAME[name].label, *(_number(v, name) for v in row))
            for (effect, name), row in apart.iterrows()
        ),
    )


def _order(table: pd.DataFrame) -> str:
    """Say how fast differences shrink, if three steps are halves of each other."""
    if len(table.columns) < 3 or table.empty:
        return ""
    coarse, middle, fine = table.columns[:-4:-1]
    if coarse / middle != middle / fine:
        return ""
    ratio = ((table[coarse] - table[middle]) / (table[middle] - table[fine])).median()
    return (
        f"In these, effects change {ratio:.1f} times as much from {coarse:g} to {middle:g} days "
        f"as from {middle:g} to {fine:g} (median; an error of first order gives "
        f"{coarse / middle:g})."
    )


def _in_sizes(found: Findings) -> Iterator[str]:
    """Yield what the study of sizes says, in sentences."""
    first = found.choices.runs.iloc[0]
    n = int(first[USERS])
    exponents = found.slopes["exponent"]
    low, middle, high = exponents.quantile([0.05, 0.5, 0.95])
    yield (
        f"- The sd of an effect falls as n to the power {middle:.2f} (median over "
        f"{len(exponents)} effects and outcomes; 90 % of them {low:.2f} to {high:.2f})."
    )
    here = found.sizes[found.sizes["n"] == n]
    if len(here):
        worst = here.loc[_in_points(here)["sd"].idxmax()]
        yield (
            f"- At the default of {n:,} users the largest sd of one run in one society is "
            f"{worst['sd']:.2f} points ({LABELS[worst['effect']].lower()}: "
            f"{OUTCOMES_BY_NAME[worst['outcome']].label}); between societies "
            f"{worst['society']:.2f}, between replications of one {worst['chance']:.2f}. The "
            "bands of other pages hold only the second."
        )


def _sizes(found: Findings) -> str:
    """Return spread, bias and cost: a row a number of users."""
    rows = []
    for cost in found.costs.itertuples():
        here = found.sizes[found.sizes["n"] == cost.n]
        points = _in_points(here)
        apart = here["bias"].abs() > np.maximum(2 * here["bias_error"], negligible_size(here))
        rows.append(
            (
                f"{cost.n:,}", f"{points['sd'].median():.2f}", f"{points['sd'].max():.2f}",
                f"{(here['sd'] < negligible_size(here)).sum()} of {len(here)}",
                f"{points['bias'].abs().max():.2f}", f"{apart.sum()} of {len(here)}",
                f"{cost.run:.2f}", f"{cost.start:.2f}",
            )
        )  # fmt: skip
    return markdown(
        ("users", "sd, median, points", "sd, largest, points", "sd below what counts as none",
         "bias, largest, points", "biased", "seconds a run", "and its start"),
        rows,
    ) + (
        "\n\nAll figures are of effects on outcomes in the headline month. *Sd*: the standard "
        "deviation of an effect in one run of one society. *Bias*: its mean minus that with the "
        "largest number of users; *biased* are those off by more than two standard errors and by "
        "more than what counts as none. *Seconds* are those of the clock until the headline "
        "month, median over runs of a worker that works beside others; runs of a society share "
        "their start."
    )  # fmt: skip


def _in_points(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["outcome"].map(unit) == "points"]


def _number(value: float, outcome: str) -> str:
    """Return an effect with its sign."""
    return f"{value:+.3f}" if unit(outcome) == "utils" else f"{value:+.1f}"
