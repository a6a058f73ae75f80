"""The fit to all cases in toy size: what is kept, what is left out, and the page."""

import numpy as np
import pandas as pd
import pytest

from experiments import hierarchy, serious_loss, smc, transport, transport_ship
from experiments.behaviour_prior import DEVIATES, behaviour_prior
from experiments.case_runs import case_configs, case_records, outputs
from experiments.transport import fill, fitted, with_bands
from experiments.transport_page import crps_skill, goals
from sim.config import posterior

FEW = ("korea_kakaotalk_2022", "russia_linkedin_2016", "russia_2025")


def test_the_prior_names_what_is_shared_and_what_russia_has_alone():
    _, space, _ = behaviour_prior()
    shared = [space.names[k] for k in space.of_case("korea_kakaotalk_2022")]
    assert all(name.startswith("behaviour.") for name in shared)
    assert {*DEVIATES} < {*shared}
    own = [space.names[k] for k in space.of_case("russia_2025") if space.owner[k]]
    assert "policies.max_egov.ceiling" in own
    assert not any(name.startswith("behaviour.") for name in own)


def test_points_fill_the_prior():
    _, space, seed = behaviour_prior()
    scores = fill(space, 64, seed)
    assert np.abs(scores.mean(axis=0)).max() < 0.1
    np.testing.assert_allclose(scores.std(axis=0), 1.0, atol=0.1)


def test_figures_of_2026_are_not_fitted():
    dates = pd.DataFrame({"date": pd.to_datetime(["2025-12-01", "2026-01-01"])})
    assert fitted("russia_2025", dates).tolist() == [True, False]
    assert fitted("other", dates).tolist() == [True, True]


def predicted(case, observed, simulated, crps, start=40.0):
    return pd.DataFrame(
        {
            "case": case, "strength": "strong", "observed": [observed], "simulated": simulated,
            "bound": "", "crps": crps, "persistence": start, "other_cases": observed + 1.0,
        }
    )  # fmt: skip


def test_skill_is_what_the_model_saves_of_the_error_of_a_simple_forecast():
    table = pd.concat([predicted("a", 20.0, 25.0, 4.0), predicted("b", 30.0, 32.0, 2.0)])
    skill = crps_skill(table)["persistence"]  # errors of 20 and 10, of which 6 are left
    assert skill.median == pytest.approx(0.8)
    assert crps_skill(table)["other cases"].high == pytest.approx(-1.0)  # it erred by 1, ours by 2


def test_bands_are_of_the_draws_and_their_score_has_the_error_of_the_source():
    drawn = np.linspace(0.0, 100.0, 101)[:, None]
    levels = pd.DataFrame({"observed": [50.0], "sigma": [1e-9], "bias": [0.0]})
    row = with_bands(levels, drawn).iloc[0]
    assert (row["low"], row["simulated"], row["high"]) == (5.0, 50.0, 95.0)
    assert row["crps"] == pytest.approx(100 / 12, rel=0.03)  # of an even law at its middle


@pytest.fixture(scope="module")
def records():
    configs = case_configs(["population.n_users=100"])
    return case_records({name: configs[name] for name in FEW})


@pytest.mark.slow
def test_points_that_were_simulated_are_kept_and_others_are_not_taken_for_them(records, tmp_path):
    some = {"russia_linkedin_2016": records["russia_linkedin_2016"]}
    points = {name: pd.DataFrame({"behaviour.drop_rate": [0.01, 0.02]}) for name in some}
    first = outputs(some, points, tmp_path)
    (file,) = tmp_path.iterdir()
    before = file.stat().st_mtime_ns
    again = outputs(some, points, tmp_path)
    assert file.stat().st_mtime_ns == before
    for name, found in first.items():
        np.testing.assert_array_equal(found, again[name])
    outputs(some, {name: table / 2 for name, table in points.items()}, tmp_path)
    assert file.stat().st_mtime_ns > before


@pytest.mark.slow
def test_a_toy_fit_writes_its_page_and_its_draws_and_goes_on(records, tmp_path, monkeypatch):
    monkeypatch.setattr(transport, "case_records", lambda _: records)
    monkeypatch.setattr(transport, "QUICK", {"points": 16, "new": 8, "draws": 8})
    monkeypatch.setattr(hierarchy, "POPULATION", 64)
    monkeypatch.setattr(smc, "MOVES", 2)
    monkeypatch.setattr(transport_ship, "N_DRAWS", 4)
    few = ("+scenario=call_ban", "population.n_users=300", "replications=1")
    monkeypatch.setattr(serious_loss, "OF_A_DRAW", few)
    folder = tmp_path / "fit"
    transport.main([f"folder={folder}", "--quick"])
    page = (folder / "transport.md").read_text()
    assert page.index("## Goals") < page.index("## Scores") < page.index("## Every figure")
    for name in FEW:
        draws = posterior.read(folder / "draws" / name)
        assert set(draws.draws[0]) == {*draws.names}
    unseen = posterior.read(folder / "draws" / "any_case")
    assert all(name.startswith("behaviour.") for name in unseen.names)
    transport.main(["--resume", str(folder)])
    assert (folder / "transport.md").read_text() == page


def test_goals_that_are_missed_stand_first():
    rows = [
        ("a", "strong", 20.0, 21.0, 40.0), ("b", "strong", 30.0, 5.0, 20.0),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["case", "strength", "observed", "simulated", "start"])
    table = table.assign(
        date=pd.Timestamp("2020-01-01"), platform="p", operator="daily_reach", base="12+",
        bound="", sigma=1.0, low=table["simulated"] - 1, high=table["simulated"] + 1, crps=1.0,
        persistence=table["start"], other_cases=table["start"], is_restricted=False,
    )  # fmt: skip
    from experiments.case_scores import summary

    lines = goals(table, summary(table))
    verdicts = [line.split("**")[1] for line in lines]
    assert verdicts == sorted(verdicts, key=["missed", "met"].index)
    assert {*verdicts} == {"missed", "met"}
