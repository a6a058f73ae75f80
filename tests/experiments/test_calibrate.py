"""Calibration and validation: what they are held against, toy runs to the page, and refusals."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from experiments import ablations, calibrate, history_matching, informs, validate
from experiments.calibration import CalibrationOptions, Record
from experiments.forecasts import Calibration, PosteriorRuns, reachable
from experiments.history_matching import WaveSizes
from experiments.identify import contraction, trade_offs
from experiments.prior import Prior
from experiments.targets import COMPANY, simulated, targets
from experiments.validation_page import out_of_reach
from sim import load_config
from sim.observation.observed import observations
from sim.sweeps.design import Design
from sim.sweeps.points import Points
from sim.sweeps.request import Request

DESIGN = "calibration_russia_2025"
TOY = ["case=russia_2025", "until=2025-12-31", "executor=serial"]


def test_every_error_is_stated_and_claims_are_kept_apart():
    found = targets("russia_2025").set_index(["platform", "measure", "date"]).sort_index()
    assert found["sd"].between(0.01, 0.1).all()
    panel = found.loc["whatsapp", "mau", pd.Timestamp("2025-12-01")]
    claim = found.loc["max", "dau", pd.Timestamp("2025-11-01")]
    derived = found.loc["max", "mau", pd.Timestamp("2025-06-01")]
    assert [point["sd"] for point in (panel, derived, claim)] == [0.01, 0.02, 0.025]
    assert [point["quality"] for point in (panel, derived, claim)] == [
        "panel",
        "derived",
        "company",
    ]


def test_every_figure_that_is_to_be_fitted_is_a_target():
    observed = observations(load_config("case=russia_2025"))
    observed = observed[observed["use"] == "fit"]
    found = targets("russia_2025")
    fitted = found[found["quality"] != COMPANY]
    months = observed["until"].fillna(observed["date"])
    assert sorted(zip(observed["operator"], observed["platform"], months, strict=True)) == sorted(
        zip(fitted["operator"], fitted["platform"], fitted["date"], strict=True)
    )
    assert sorted(observed["sigma"]) == sorted(fitted["sd"])


def test_a_simulated_change_is_what_its_operator_reads():
    dates = [pd.Timestamp(f"2025-{month:02}-01") for month in (6, 7, 10, 11)]
    users, daily = ("whatsapp", "any", "mau"), ("telegram", "any", "dau")
    last = [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01")]
    calls, messages = ("cellular", "call", "use"), ("whatsapp", "message", "use")
    whatsapp_calls = ("whatsapp", "call", "use")
    seen = pd.DataFrame({
        (*calls, dates[1]): [2.0], (*calls, dates[2]): [2.5],
        (*messages, dates[0]): [3.0], (*whatsapp_calls, dates[0]): [1.0],
        (*messages, dates[3]): [3.0], (*whatsapp_calls, dates[3]): [0.0],
        (*users, dates[0]): [0.8], (*users, dates[3]): [0.6],
        (*daily, last[0]): [0.5], (*daily, last[1]): [0.4],
    })  # fmt: skip
    wanted = targets("russia_2025")
    wanted = wanted[wanted["since"].notna()]
    assert wanted["platform"].tolist() == ["cellular", "telegram", "whatsapp"]
    assert simulated(seen, wanted)[0] == pytest.approx([0.25, -0.2, 0.0])


def test_a_prior_and_its_scores_are_each_others_inverse():
    design = Design(
        method="sobol", n=8, scenarios=("baseline",),
        factors={
            "a": {"low": 0.01, "high": 1.0, "scale": "log"},
            "b": {"low": -1.0, "high": 3.0},
            "c": {"low": 0.1, "high": 10.0, "scale": "log", "shape": "bell"},
        },
    )  # fmt: skip
    prior, scores = Prior(design), np.random.default_rng(1).standard_normal((5, 3))
    assert prior.scores(prior.values(scores)) == pytest.approx(scores)
    assert prior.values(np.zeros((1, 3))).iloc[0].tolist() == pytest.approx([0.1, 1.0, 1.0])


def test_contraction_and_trade_offs_of_a_known_posterior():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((2, 20_000))
    scores = np.column_stack([x, 0.1 * x, y])
    told = contraction(["even", "narrow", "other"], scores)
    assert told["ratio"].to_numpy() == pytest.approx([1.0, 0.1, 1.0], abs=0.02)
    assert told["identifiability"].tolist() == ["prior", "data", "prior"]
    pairs = trade_offs(["even", "narrow", "other"], scores)
    assert pairs.to_numpy().tolist() == [["narrow", "even", pytest.approx(1.0)]]


def test_what_no_parameters_reach_is_distinguished_from_what_data_do_not_say():
    dates = pd.to_datetime(["2025-12-01", "2026-01-01"])
    wanted = pd.DataFrame({
        "platform": "max", "measure": "mau", "date": [pd.Timestamp("2025-11-01"), *dates],
        "value": [0.4, 0.5, 0.6], "sd": [0.01, 0.03, 0.04],
        "period": ["fitted", "fitted", "held out"],
    })  # fmt: skip
    wanted = pd.concat([wanted, wanted.assign(measure="dau", value=0.1)])
    columns = pd.MultiIndex.from_tuples([("max", "any", "mau", date) for date in dates])
    rise = np.linspace(0.0, 0.2, 101)
    prior = pd.DataFrame(np.column_stack([np.full(101, 0.5), 0.5 + rise]), columns=columns)
    seen = PosteriorRuns(prior[prior[columns[1]] < 0.55], np.zeros(25))
    (row,) = reachable(wanted, prior, seen).itertuples()
    assert (row.observed, row.error) == pytest.approx((10, 8.22), abs=0.01)
    assert (row.prior_05, row.prior_95) == pytest.approx((1, 19))
    assert row.posterior_95 < 5
    late = wanted.assign(platform="vk", period="held out")
    assert len(reachable(pd.concat([wanted, late]), prior, seen)) == 1  # of vk nothing was fitted


@pytest.mark.parametrize(("error", "n_told"), [(0.3, 1), (2.3, 0)])
def test_no_equation_is_blamed_for_what_may_be_an_error_of_the_figures(error, n_told):
    """Telegram, December to January: +1.9 points, each of them a panel's figure."""
    since, date = pd.to_datetime(["2025-12-01", "2026-01-01"])
    row = {"platform": "telegram", "since": since, "date": date, "observed": 1.9, "error": error}
    told = out_of_reach(pd.DataFrame([row | {"prior_05": -0.2, "prior_95": 1.3}]))
    assert len(told) == n_told


@pytest.mark.parametrize(("until", "last"), [("2025-12-30", 11), ("2025-12-31", 12)])
def test_a_month_that_is_not_over_is_not_fitted(until, last):
    """Its mean holds the days after the date."""
    asked = CalibrationOptions("russia_2025", pd.Timestamp(until), [])
    assert Record(asked, dt.date(2025, 6, 1)).targets["date"].max().month == last


def test_a_claim_is_held_against_what_its_source_would_overstate():
    wanted = targets("russia_2025")
    wanted = wanted[(wanted["platform"] == "max") & (wanted["measure"] == "dau")]
    seen = pd.DataFrame({("max", "any", "dau", date): [0.2] for date in wanted["date"]})
    over = simulated(seen, wanted)[0] - 0.2
    assert over == pytest.approx(np.where(wanted["quality"] == COMPANY, 0.025, 0.0))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["until=2025-12-31"], "case is missing"),
        (["case_dir=uae_calls", "until=2015-12-31"], "case_dir=uae_calls: allowed: case=NAME"),
        (["case=russia_2025"], "until is missing"),
        (["case=russia_2025", "until=soon"], "until=soon: not a date"),
        (["case=russia_2025", "until=2025-01-31"], "fewer than two points"),
        (["case=atlantis", "until=2025-12-31"], "calibration_atlantis"),
        (["--new", "1", "case=russia_2025", "until=2025-12-31"], "--new 1; allowed: 64 or more"),
        (["case=russia_2025", "until=2025-12-31", "design.colour=red"], "design.colour"),
    ],
)
def test_what_cannot_be_fitted_is_refused_before_any_run(tmp_path, capsys, arguments, told):
    with pytest.raises(SystemExit):
        calibrate.main([*arguments, f"folder={tmp_path / 'none'}"])
    assert told in capsys.readouterr().err
    assert not (tmp_path / "none" / "wave").exists()


def test_a_validation_needs_a_calibration(tmp_path, capsys):
    for word, told in (("executor=serial", "is missing"), (f"calibration={tmp_path}", "no calib")):
        with pytest.raises(SystemExit):
            validate.main([word])
        assert told in capsys.readouterr().err


def world_without(ablation):
    design = ablations.without(Request.of([f"design={DESIGN}", "design.n=4"]), ablation).design
    return Points.compose(design).check(design.runs())


@pytest.mark.parametrize("ablation", ablations.ABLATIONS, ids=lambda ablation: ablation.name)
def test_a_world_without_something_can_be_fitted_and_is_another(ablation):
    whole, world = map(world_without, (ablations.ABLATIONS[0], ablation))
    gone = {word[1:] for word in ablation.overrides if word.startswith("~")}
    assert gone.isdisjoint(f"policies.{name}" for name in world.policies)
    assert (world == whole) == (not ablation.overrides)


@pytest.mark.slow
def test_a_toy_calibration_is_validated_and_goes_on_from_its_folder(tmp_path, monkeypatch):
    fit, check = tmp_path / "fit", tmp_path / "check"
    few = 'design.overrides=["population.n_users=100","step_days=13"]'
    monkeypatch.setattr(calibrate, "QUICK_SIZES", {"generations": 1, "new": 24})
    monkeypatch.setitem(calibrate.LEAST, "new", 24)
    monkeypatch.setattr(history_matching, "POPULATION", 256)
    calibrate.main([*TOY, f"folder={fit}", "--quick", few, "design.n=16"])
    first = (fit / "posterior.csv").read_bytes()
    calibrate.main(["--resume", str(fit)])
    assert (fit / "posterior.csv").read_bytes() == first
    found = Calibration(fit)
    assert found.draws["discrepancy"].between(0.001, 0.05).all()
    assert found.fitted["date"].max() <= found.options.until
    assert "company" not in set(found.fitted["quality"])
    monkeypatch.setattr(validate, "QUICK", WaveSizes(generations=1, new=8))
    monkeypatch.setattr(validate, "QUICK_WAVE", 8)
    monkeypatch.setattr(validate, "QUICK_USERS", 100)
    some = [taken for taken in ablations.ABLATIONS if taken.name in ("nothing", "mandates")]
    monkeypatch.setattr(ablations, "ABLATIONS", some)  # these go with factors of the design
    monkeypatch.setattr(informs, "N_DRAWS", 256)
    asked = [f"calibration={fit}", f"folder={check}", "executor=serial"]
    validate.main([*asked, "--quick"])
    page = (check / "validation.md").read_text()
    assert page.index("## Missed") < page.index("## Scores")
    assert (check / "figures" / "validation_reach.png").is_file()
