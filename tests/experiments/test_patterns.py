"""Patterns P1-P10: all are there, verdicts are earned; what causes a change can be taken out."""

import re
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from experiments import decompose, patterns, reversal
from sim import compare, load_config
from sim.config.mechanisms import MECHANISMS
from sim.report.facts import facts

SMALL = ["population.n_users=2000", "replications=2"]


def page(main, *overrides):
    out = StringIO()
    with redirect_stdout(out):
        main([*overrides, *SMALL])
    return out.getvalue()


@pytest.fixture(scope="module")
def table():
    """Return pattern, what, verdict of each line."""
    lines = re.findall(r"^\| (P\d+) \| (.*?) \|.*\| (.*?) \|$", page(patterns.main), re.M)
    return [(pattern, what, verdict) for pattern, what, verdict in lines]


def test_every_pattern_has_a_line(table):
    assert {pattern for pattern, _, _ in table} == {f"P{k}" for k in range(1, 11)}


def test_every_line_has_a_verdict(table):
    verdicts = {verdict for _, _, verdict in table}
    assert verdicts <= {"holds", "**missed**", "**not in the model**"}
    assert "**not in the model**" in verdicts


@pytest.mark.parametrize("pattern", ["P1", "P5"])
def test_what_the_model_is_about_holds(table, pattern):
    rows = [(what, verdict) for p, what, verdict in table if p == pattern]
    assert {verdict for what, verdict in rows if "Jul-Aug" not in what} == {"holds"}


@pytest.mark.slow
def test_a_world_in_which_calls_are_all_misses_the_first_pattern():
    wrong = page(patterns.main, "behaviour.call_share=0.95", "behaviour.failure_exit=20")
    assert re.search(r"^\| P1 .*missed", wrong, re.M)


NUMBER = r"[+-]\d+\.\d+"
BANDED = rf"({NUMBER}) \(({NUMBER}) to ({NUMBER})\)"


@pytest.mark.slow
def test_the_decomposition_has_a_line_a_series_and_a_line_a_mechanism():
    """And without pairs few go to imo: those who find it by a search."""
    text = page(decompose.main, "+scenario=call_ban_only", "dur_days=168")
    for c in decompose.COLUMNS:
        assert re.search(rf"^\| {c.label}, {c.unit} \| {BANDED} \|$", text, re.M)
    cells = rf"( (-|{BANDED}) \|){{{len(decompose.COLUMNS)}}}"
    for name in MECHANISMS:
        assert re.search(rf"^\| {name} \|{cells}$", text, re.M)
    whole = float(re.search(rf"^\| imo, monthly, points \| {BANDED} \|$", text, re.M)[1])
    without = re.search(rf"^\| pairs \|(?: [^|]+ \|){{3}} {BANDED} \|", text, re.M)
    assert whole > 0.1
    assert 0 <= whole + float(without[1]) <= whole / 4


def test_a_change_is_reported_where_its_band_leaves_zero_out_and_it_does_not_round_to_it():
    def told(*values):
        return decompose.changed(pd.Series(values), 1)

    assert told(1.0, 1.2, 1.4) == "+1.2 (+1.0 to +1.4)"
    assert told(-1.0, 1.2, 1.4) == "-"
    assert told(0.01, 0.02, 0.03) == "-"
    assert decompose.banded(pd.Series([-0.04, -0.04]), 1) == "+0.0 (+0.0 to +0.0)"


def test_a_hazard_is_that_of_the_rest_a_month():
    """Of those who lack it a fifth takes to it each month of 30.4 days: 10, 28 and 42.4 %."""
    days = pd.to_datetime(["2025-08-01", "2025-10-01"])
    months = 61 / 30.4
    after = 100 - 90 * 0.8**months
    assert patterns._hazard(10.0, after, *days) == pytest.approx(-np.log(0.8))


def test_changes_are_of_the_earlier_month_in_percent():
    table = pd.DataFrame({0: [0.5, 0.4], 1: [0.8, 1.0]}, index=["before", "after"])
    assert patterns._change(table, "before", "after").tolist() == pytest.approx([-20.0, 25.0])


def test_what_is_taken_apart_is_the_effect_of_the_report():
    """The mean of the steps that begin in December, as WhatsApp is throttled, is another."""
    result = compare(load_config("+scenario=as_happened", *SMALL))
    told = {line.row.label: line.effects["trend_only"] for line in facts(result).lines}
    whole = decompose.effects(result).median()
    assert whole["WhatsApp, daily"] == pytest.approx(100 * told["WhatsApp, daily"].median)
    assert whole["exposure on apps"] == pytest.approx(100 * told["Readable on apps"].median)
    assert whole["displaced calls"] == pytest.approx(100 * told["Displaced calls"].median)
    assert whole["worse off"] == pytest.approx(100 * told["Worse off"].median)
    assert whole["welfare"] == pytest.approx(told["Welfare"].median)


def test_a_scenario_that_is_compared_with_nothing_has_no_effect_to_take_apart(capsys):
    with pytest.raises(SystemExit):
        page(decompose.main, "+scenario=baseline", "dur_days=70")
    assert "compare_to" in capsys.readouterr().err


@pytest.mark.slow
def test_after_the_lift_calls_come_back_from_the_phone_and_worlds_tip_or_not():
    text = page(reversal.main)
    gone = dict(re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \| [^|]+ \| (-?\d+) % \|$", text, re.M))
    assert 90 <= int(gone["cellular calls"]) <= 110
    assert int(gone["calls that can succeed in private"]) > 90
    assert {
        "exposure by phone",
        "exposure on apps",
        "displaced calls",
        "worse off",
        "welfare",
    } <= set(gone)
    tips = re.findall(r"^\| (\w+) \| [^|]+ \| (\d) of 2 \|$", text, re.M)
    assert dict(tips)["mandate_only"] == "0"
    assert dict(tips)["as_happened"] == "2"


def test_a_ban_without_an_end_has_no_lift(capsys):
    with pytest.raises(SystemExit):
        page(reversal.main, "policies.call_restriction.stop=null")
    assert "no stop" in capsys.readouterr().err
