"""Sensitivity: the analyses give known answers, the command leaves a page and goes on."""

import numpy as np
import pandas as pd
import pytest

from experiments import sensitivity
from experiments.indices import elementary_effects, independent, sobol_indices, variances_of
from experiments.run_outcomes import OUTCOMES, months_to_tip
from sim.sweeps.design import Design
from sim.sweeps.request import Request

SCREENED = len(Request.of([f"design={sensitivity.DESIGN}"]).design.factors)
ANGLE = {"low": -np.pi, "high": np.pi}
ISHIGAMI = {"S1": (0.3139, 0.4424, 0.0), "ST": (0.5576, 0.4424, 0.2437)}  # a = 7, b = .1


def design(method, n, factors):
    return Design(method=method, n=n, scenarios=("baseline",), factors=factors)


def ishigami(points):
    x, y, z = points.to_numpy().T
    return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)


def test_sobol_indices_of_the_ishigami_function():
    asked = design("saltelli", 2048, dict.fromkeys(("x", "y", "z"), ANGLE))
    found = sobol_indices(asked, ishigami(asked.points())).set_index("parameter")
    for column, exact in ISHIGAMI.items():
        assert found[column].to_numpy() == pytest.approx(exact, abs=0.03)
        off = np.abs(found[column].to_numpy() - exact)
        assert (off <= 2 * found[f"{column}_conf"] + 1e-9).all()


def test_an_outcome_that_does_not_vary_has_no_indices():
    asked = design("saltelli", 4, {"x": ANGLE})
    assert sobol_indices(asked, np.ones(12)).drop(columns="parameter").isna().all(axis=None)


def test_elementary_effects_of_a_linear_function_are_its_slopes_over_the_whole_range():
    asked = design("morris", 5, {"a": {"low": 0, "high": 2}, "b": {"low": -1, "high": 0}})
    values = asked.points().to_numpy() @ [3.0, -4.0]
    found = elementary_effects(asked, values)
    assert found["mu_star"].to_numpy() == pytest.approx([6.0, 4.0])
    assert found["sigma"].to_numpy() == pytest.approx([0.0, 0.0], abs=1e-9)


def test_independent_points_are_those_that_share_no_value_with_each_other():
    asked = design("saltelli", 8, dict.fromkeys(("x", "y", "z"), ANGLE))
    chosen = asked.points().iloc[independent(asked)]
    assert len(chosen) == 16
    assert chosen.nunique().min() == 16


@pytest.mark.parametrize("sd", [0.0, 0.1, 1.0])
def test_the_share_of_chance_is_recovered(sd):
    rng = np.random.default_rng(1)
    x = rng.random((4000, 1))
    found = variances_of(x + sd * rng.standard_normal((4000, 4)))
    assert found.between_points == pytest.approx(1 / 12, rel=0.05)
    assert found.between_replications == pytest.approx(sd**2, rel=0.05)
    assert found.share == pytest.approx(sd**2 / (sd**2 + 1 / 12), rel=0.05)


def test_chance_is_unbiased_where_replications_share_theirs_and_are_few():
    rng = np.random.default_rng(2)

    def once():
        x, common = rng.standard_normal((10, 1)), 0.7 * rng.standard_normal((1, 2))
        return variances_of(3 * x + common + 0.5 * rng.standard_normal((10, 2)))

    draws = pd.DataFrame([once() for _ in range(4000)])
    assert draws["between_points"].mean() == pytest.approx(9.0, rel=0.03)
    assert draws["between_replications"].mean() == pytest.approx(0.49 + 0.25, rel=0.03)


def test_the_strongest_count_in_shares_of_an_outcome():
    effects = pd.DataFrame(
        [("large", "a", 100.0), ("large", "b", 0.0), ("small", "a", 0.1), ("small", "b", 0.9)],
        columns=["outcome", "parameter", "mu_star"],
    )
    assert sensitivity.strongest(effects, 2) == ["a", "b"]


def test_adoption_is_never_reported_alone():
    assert {"exposure_apps", "no_means", "welfare"} <= {outcome.measure for outcome in OUTCOMES}


def test_months_to_tip():
    months = pd.DataFrame([[1.0, 50.0, 51.0], [60.0, 1.0, 1.0], [1.0, 2.0, 50.0]])
    assert months_to_tip(months).to_numpy() == pytest.approx([2.0, 0.0, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--keep", "0"], "--keep 0"),
        (["--keep", f"{SCREENED + 1}"], f"allowed: 1 to {SCREENED}"),
        (["--base", "3"], "a power of 2"),
        (["design=grade_and_push"], "design.method=factorial; allowed: morris"),
        (["design.replications=1"], "chance is estimated from 2 replications on"),
        (["design.nonsense=1"], "nonsense"),
    ],
)
def test_what_cannot_be_analysed_is_refused_before_any_run(arguments, told, tmp_path, capsys):
    with pytest.raises(SystemExit):
        sensitivity.main([*arguments, f"folder={tmp_path / 'study'}"])
    assert told in capsys.readouterr().err
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_the_command_leaves_a_page_and_goes_on(tmp_path, capsys):
    folder, pages = tmp_path / "study", tmp_path / "docs"
    few = 'design.overrides=["population.n_users=50","step_days=13","dur_days=182"]'
    sensitivity.main(["--quick", f"folder={folder}", "executor=serial", few])
    page = (folder / "sensitivity.md").read_text()
    assert f"{2 * 2 * (SCREENED + 1)} runs" in page  # two paths, twice, through all parameters
    for outcome in OUTCOMES:
        assert page.count(outcome.label) >= 3  # in short, screening, indices
    for name in ("sensitivity_screening", "sensitivity_indices"):
        assert (folder / "figures" / f"{name}.svg").is_file()
    before = (folder / "screening/manifest.json").read_text()
    sensitivity.main(["--resume", str(folder), "--page", str(pages)])
    assert (pages / "sensitivity.md").read_text() == page
    assert (folder / "screening/manifest.json").read_text() == before
    with pytest.raises(SystemExit):
        sensitivity.main(["--resume", str(folder), "design.n=3"])
    assert "the study is begun" in capsys.readouterr().err
