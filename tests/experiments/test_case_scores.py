"""Scores of cases: known answers of small tables, and one shipped case."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest

from experiments import cases
from experiments.case_record import is_restricted, scored
from experiments.case_scores import (
    figures,
    gains,
    summary,
    total,
    with_forecasts,
)
from experiments.record import what_happened
from sim import run
from sim.config.conf import CASES

JAN, FEB = pd.Timestamp("2020-01-01"), pd.Timestamp("2020-02-01")


def table(*rows):
    """Return figures, each with its simulated value as a band of no width."""
    names = ["case", "strength", "date", "platform", "observed", "simulated", "start"]
    made = pd.DataFrame(rows, columns=[*names, "is_restricted"])
    return made.assign(
        operator="daily_reach",
        base="12+",
        bound="",
        sigma=1.0,
        low=made["simulated"],
        high=made["simulated"],
    )


BLOCK = ("block", "strong", FEB, "a", 20.0, 10.0, 40.0, True)  # fell 20, in the model 30
RIVAL = ("block", "strong", FEB, "b", 30.0, 25.0, 20.0, False)  # rose 10, in the model 5
SCARE = ("scare", "weak", FEB, "c", 10.0, 10.0, 20.0, False)


def test_a_move_is_measured_by_the_real_one_apart_for_falls_and_rises():
    score = summary(with_forecasts(table(BLOCK, RIVAL))).loc["block"]
    assert (score["fell"], score["rose"]) == (1.5, 0.5)
    assert score["alike"] == 1.0  # both ends of half to double count
    assert score["rmse"] == pytest.approx(np.sqrt((10**2 + 5**2) / 2))
    assert score["persistence"] == pytest.approx(np.sqrt((20**2 + 10**2) / 2))
    assert score["covered"] == 0.0


def test_a_move_too_small_to_tell_is_not_measured():
    score = summary(with_forecasts(table(("quiet", "weak", FEB, "a", 41.0, 60.0, 40.0, False))))
    assert score.loc["quiet", "moved"] == 0
    assert np.isnan(score.loc["quiet", "rose"])


def test_other_cases_forecast_a_platform_without_its_own_case():
    forecast = with_forecasts(table(BLOCK, RIVAL, SCARE))["other_cases"]
    assert forecast[0] == 40.0  # no other case has a restricted platform
    assert forecast[1] == pytest.approx(20.0 * 10.0 / 20.0)  # as c of the scare
    assert forecast[2] == pytest.approx(20.0 * 30.0 / 20.0)  # as b of the block


def test_who_gained_most_is_read_from_the_last_figures():
    early = ("block", "strong", JAN, "b", 90.0, 20.0, 20.0, False)
    third = ("block", "strong", FEB, "d", 12.0, 30.0, 10.0, False)
    moves = table(BLOCK, RIVAL, early, third)
    moves = moves.assign(
        observed_move=moves["observed"] - moves["start"],
        simulated_move=moves["simulated"] - moves["start"],
    )
    assert gains(moves) == {"gained": "b", "simulated_gained": "d"}
    assert gains(moves[moves["platform"] == "a"]) == {"gained": "", "simulated_gained": ""}


def test_totals_weigh_cases_by_their_strength():
    scored = summary(with_forecasts(table(BLOCK, SCARE)))  # errors of 10 and of 0 points
    assert total(scored)["rmse"] == pytest.approx(np.sqrt(100 / 1.25))


def test_scored_is_what_the_record_says_of_the_time_after_the_event():
    """Korea's days before the outage are what the start rests on, and no success of it."""
    config = what_happened("case_dir=korea_kakaotalk_2022")
    rows = scored(config)
    last = rows["until_period"].fillna(rows["period"])
    assert {str(day) for day in last} == {"2022-10-16", "2022-10-17"}
    assert set(rows["quality"]) == {"panel", "press"}
    restricted = is_restricted(config, rows)
    on_the_16th = (rows["period"].astype(str) == "2022-10-16") & (rows["platform"] == "kakaotalk")
    assert (restricted == on_the_16th).all()  # the outage is over on the 17th


@pytest.mark.parametrize(
    ("case", "n"), [("brazil_whatsapp_2021", 9), ("uae_calls", 0), ("saudi_calls_2017", 1)]
)
def test_figures_count_once_and_only_if_something_happened(case, n):
    """Waves of one pollster are not levels as well; under a ban that stays nothing is tested."""
    assert len(scored(what_happened(f"case_dir={case}"))) == n


def test_a_bound_is_no_move_and_counts_only_where_it_is_broken():
    below = table(BLOCK, ("block", "strong", FEB, "b", 30.0, 45.0, 20.0, False))
    below["bound"] = ["", "<"]
    score = summary(with_forecasts(below)).loc["block"]
    assert score["moved"] == 1
    assert score["persistence"] == pytest.approx(np.sqrt(20**2 / 2))  # 20 is below 30
    assert score["rmse"] == pytest.approx(np.sqrt((10**2 + 15**2) / 2))


def test_cases_that_say_too_little_are_named():
    few = cases.too_little(summary(with_forecasts(table(BLOCK, RIVAL, SCARE))), ["block", "none"])
    assert "`block` (2), `scare` (1)" in few
    assert "Without any" in few
    assert "`none`" in few


def test_a_shipped_case_starts_where_it_was_observed():
    happened = what_happened("case_dir=russia_instagram_2022", "population.n_users=500",
                             "replications=2")  # fmt: skip
    found = figures(run(happened))
    rows = found[(found["operator"] == "daily_reach") & (found["base"] == "12+")]
    share = happened.case.observed_shares
    for name in ("instagram", "telegram", "vk"):
        start = rows.loc[rows["platform"] == name, "start"]
        assert start.to_numpy() == pytest.approx(100.0 * share[name].daily, abs=4.0)
    assert found[found["is_restricted"]]["platform"].unique().tolist() == ["instagram"]
    assert (found["sigma"] <= 10.0).all()
    lines = "\n".join(cases.scores(summary(with_forecasts(found))))
    assert "| russia_instagram_2022 | strong |" in lines


def test_the_page_begins_with_scores_of_the_cases_that_can_be_scored(
    tmp_path, monkeypatch, capsys
):
    for name in ("korea_kakaotalk_2022", "uae_calls"):
        shutil.copytree(CASES / name, tmp_path / name)
    monkeypatch.setattr(cases, "CASES", tmp_path)
    cases.main(["population.n_users=300", "replications=1"])
    page = capsys.readouterr().out
    table, records = page.split("\n## Scores\n")[1].split("\n## ", 1)
    rows = re.findall(r"^\| (\w+) \| (?:strong|medium|weak) \|", table, re.M)
    assert rows == ["korea_kakaotalk_2022", "russia_2025"]
    assert "only to be looked at: `uae_calls`" in table
    assert re.findall(r"^## (\w+)$", f"## {records}", re.M) == [
        "korea_kakaotalk_2022",
        "uae_calls",
    ]
