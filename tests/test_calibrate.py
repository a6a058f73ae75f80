"""Calibration and validation: what they are held against, toy runs to the page, and refusals."""

import numpy as np
import pandas as pd
import pytest

from experiments import calibrate, validate
from experiments.forecasts import Calibration
from experiments.identify import contraction, ranks, trade_offs, uneven
from experiments.particles import Particles
from experiments.prior import Prior
from experiments.targets import CHANGES, simulated, targets
from sim import posterior
from sim.sweeps.design import Design

TOY = ["case=russia_2025", "until=2025-12-31", "executor=serial"]


def test_every_error_is_stated_and_claims_are_told_apart():
    found = targets("russia_2025").set_index(["platform", "measure", "date"]).sort_index()
    assert found["sd"].between(0.01, 0.11).all()
    panel = found.loc["whatsapp", "mau", pd.Timestamp("2025-12-01")]
    claim = found.loc["max", "dau", pd.Timestamp("2025-11-01")]
    assert panel["sd"] == pytest.approx(np.hypot(0.01, 0.015))
    assert claim["sd"] == pytest.approx(np.hypot(0.02, 0.015))
    assert (panel["quality"], claim["quality"]) == ("panel", "company")
    assert found["name"].isin(["mau", "dau", *(change.name for change in CHANGES.values())]).all()


def test_a_simulated_change_is_that_of_use_over_both_channels():
    dates = [pd.Timestamp(f"2025-{month:02}-01") for month in (6, 7, 10, 11)]
    calls, messages = ("cellular", "call", "use"), ("whatsapp", "message", "use")
    whatsapp_calls = ("whatsapp", "call", "use")
    seen = pd.DataFrame({
        (*calls, dates[1]): [2.0], (*calls, dates[2]): [2.5],
        (*messages, dates[0]): [3.0], (*whatsapp_calls, dates[0]): [1.0],
        (*messages, dates[3]): [3.0], (*whatsapp_calls, dates[3]): [0.0],
    })  # fmt: skip
    wanted = targets("russia_2025")
    wanted = wanted[wanted["measure"] == "change"]
    assert simulated(seen, wanted)[0] == pytest.approx([0.25, -0.25])


def test_a_prior_and_the_unit_cube_are_each_others_inverse():
    design = Design(
        method="sobol", n=8, scenarios=("baseline",),
        factors={"a": {"low": 0.01, "high": 1.0, "scale": "log"}, "b": {"low": -1.0, "high": 3.0}},
    )  # fmt: skip
    prior, places = Prior(design), np.random.default_rng(1).random((5, 2))
    assert prior.places(prior.values(places)) == pytest.approx(places)
    assert prior.values(np.array([[0.5, 0.5]])).iloc[0].tolist() == pytest.approx([0.1, 1.0])


def test_contraction_and_trade_offs_of_a_known_posterior():
    rng = np.random.default_rng(2)
    x = rng.random(20_000)
    places = np.column_stack([x, 0.5 + 0.1 * (x - 0.5), rng.random(20_000)])
    kept = Particles(places, np.ones(len(x)), np.zeros(len(x)))
    told = contraction(["even", "narrow", "other"], kept)
    assert told["ratio"].to_numpy() == pytest.approx([1.0, 0.1, 1.0], abs=0.02)
    assert told["told"].tolist() == ["prior", "data", "prior"]
    pairs = trade_offs(["even", "narrow", "other"], kept)
    assert pairs.to_numpy().tolist() == [["narrow", "even", pytest.approx(1.0)]]


def test_ranks_are_even_where_the_kept_range_does_the_work_of_the_error():
    """An even error within h has the sd of the stated one, 1, if h = sqrt(3).

    The normal error then lies E|z| / (2 h) from the middle on average; even ranks lie 1/4.
    """
    rng = np.random.default_rng(3)
    places, scale = rng.random((800, 1)), 40
    n_near = round(800 * 2 * np.sqrt(3) / scale)
    sound = uneven(["a"], ranks(places, places * scale, n_near, rng)).iloc[0]
    assert sound["spread"] == pytest.approx(4 * np.sqrt(2 / np.pi) / (2 * np.sqrt(3)), abs=0.05)
    wide = uneven(["a"], ranks(places, places * scale, 8 * n_near, rng)).iloc[0]
    narrow = uneven(["a"], ranks(places, places * scale, n_near // 8, rng)).iloc[0]
    assert max(wide["p"], narrow["p"]) < 1e-3 * sound["p"]
    assert wide["spread"] < 0.8
    assert narrow["spread"] > 1.2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["until=2025-12-31"], "case is missing"),
        (["case=russia_2025"], "until is missing"),
        (["case=russia_2025", "until=soon"], "until=soon: not a date"),
        (["case=russia_2025", "until=2025-01-31"], "fewer than two points"),
        (["case=atlantis", "until=2025-12-31"], "calibration_atlantis"),
        (["--keep", "1", "case=russia_2025", "until=2025-12-31"], "--keep 1; allowed: 2 or more"),
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


@pytest.mark.slow
def test_a_toy_calibration_is_validated_and_goes_on_from_its_folder(tmp_path, monkeypatch):
    fit, check = tmp_path / "fit", tmp_path / "check"
    calibrate.main([*TOY, f"folder={fit}", "--quick"])
    first = (fit / "posterior.csv").read_bytes()
    calibrate.main(["--resume", str(fit)])
    assert (fit / "posterior.csv").read_bytes() == first
    found = Calibration(fit)
    assert found.draws["weight"].sum() == pytest.approx(1.0)
    assert found.fitted["date"].max() <= found.asked.until
    assert "company" not in set(found.fitted["quality"])
    (tmp_path / "russia_2025").mkdir()
    monkeypatch.setattr(validate, "DATA", tmp_path)
    asked = [f"calibration={fit}", f"folder={check}", "executor=serial"]
    validate.main([*asked, "--quick", "--ship"])
    shipped = posterior.read(tmp_path / "russia_2025")
    assert list(shipped.names) == found.prior.names
    assert len(shipped.draws) == len(found.draws)
    page = (check / "validation.md").read_text()
    assert page.index("## Missed") < page.index("## Scores")
    assert (check / "figures" / "validation_reach.png").is_file()
