"""What the terminal shows: a table that agrees with the series, and what to beware of."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from sim import load_config
from sim.base.numbers import signed
from sim.config.conf import CONF
from sim.observation.observed import observations
from sim.observation.operators import REACH
from sim.observation.residuals import FAR, residuals
from sim.report.facts import facts
from sim.report.summary import months, reach_points, rows, warnings
from sim.report.terminal import headline, table
from sim.runs.run import compare
from tests.helpers.written import CONFIG, written

SIZE = ("population.n_users=200", "replications=3")
DECEMBER = pd.Timestamp("2025-12-01")


@pytest.fixture(scope="module")
def result():
    return compare(load_config("+scenario=call_ban", *SIZE))


@pytest.fixture(scope="module")
def cells(result):
    """Return the table's cells by label."""
    columns = [list(column.cells) for column in table(facts(result)).columns]
    labels, *values = columns
    return dict(zip(labels, zip(*values, strict=True), strict=True))


def series(result, scenario, platform, channel, measure):
    """Return one value a date and replication."""
    t = result.timeseries
    mine = t[
        (t["scenario"] == scenario)
        & (t["group"] == "all")
        & (t["platform"] == platform)
        & (t["channel"] == channel)
        & (t["measure"] == measure)
    ]
    return mine.pivot_table(index="date", columns="replication", values="value")


def test_adoption_is_never_shown_without_what_it_costs(result, cells):
    for name in result.config.messengers:
        label = result.config.platforms[name].label
        assert {f"{label}, monthly", f"{label}, daily"} <= set(cells)
    for cost in (
        "Ordinary phone",
        "Readable by",
        "Displaced calls",
        "No means of calling",
        "Worse off",
        "Welfare",
    ):
        assert any(label.startswith(cost) for label in cells), cost
    assert len(cells) == len(rows(result.config))


def test_the_effect_is_a_column(result):
    headers = [str(column.header) for column in table(facts(result)).columns]
    assert headers == ["", "Jun\n2025", "Dec\n2025", "change (90 % interval)", "observed"]


def test_the_first_words_are_the_finding_and_what_it_is_compared_with(result):
    found = facts(result)
    assert headline(found).startswith(f"{found.finding}. (Compared with promoting Max")
    assert "mandate_only" not in headline(found)


def test_the_months_are_the_first_whole_one_and_the_cases_headline(result):
    assert months(result) == (pd.Timestamp("2025-06-01"), DECEMBER)


def test_a_run_that_ends_before_the_headline_month_is_reported_by_its_last_whole_one(result):
    t = result.timeseries
    short = replace(result, timeseries=t[t["date"] < "2025-10-01"])
    assert months(short) == (pd.Timestamp("2025-06-01"), pd.Timestamp("2025-09-01"))


def shown(value):
    return f"{100 * value:.1f}"


def test_monthly_reach_agrees_with_the_series(result, cells):
    before, after, change, observed = cells["Max, monthly"]
    values = series(result, "call_ban", "max", "any", "mau")
    assert before == shown(values.iloc[0].median())
    assert after == shown(values.loc[DECEMBER].median())
    other = series(result, "mandate_only", "max", "any", "mau")
    low, middle, high = 100 * np.quantile((values - other).loc[DECEMBER], [0.05, 0.5, 0.95])
    assert change == f"{signed(middle)} ({signed(low)} to {signed(high)})"
    assert observed == "56.9"  # 70 million of 123, Mediascope


@pytest.mark.parametrize(
    ("label", "key", "form"),
    [
        ("WhatsApp, daily", ("whatsapp", "any", "dau"), shown),
        ("Readable by phone", ("any", "any", "exposure_phone"), shown),
        ("Displaced calls", ("any", "call", "displaced"), shown),
        ("No means of calling", ("any", "call", "no_means"), shown),
        ("Welfare", ("any", "any", "welfare"), "{:.3f}".format),
        ("Ordinary phone calls", ("cellular", "call", "use"), "{:.3f}".format),
    ],
)
def test_other_values_are_means_of_december_by_its_days(result, cells, label, key, form):
    """Steps start on 1, 8, 15, 22 and 29 December, and stand for half a week on either side."""
    row = next(values for name, values in cells.items() if name.startswith(label))
    values = series(result, "call_ban", *key)
    december = values[(values.index >= DECEMBER) & (values.index < "2026-01-01")]
    assert len(december) == 5
    expected = np.average(december, axis=0, weights=[3.5, 7, 7, 7, 6.5])
    assert row[1] == form(np.median(expected))


def test_what_a_company_claims_is_not_shown_as_observed(result):
    """In October 2025 Max told its daily users, and a panel its monthly ones."""
    t = result.timeseries
    short = replace(result, timeseries=t[t["date"] < "2025-11-01"])
    labels, *_, observed = (list(column.cells) for column in table(facts(short)).columns)
    seen = dict(zip(labels, observed, strict=True))
    assert (seen["Max, monthly"], seen["Max, daily"]) == ("39.0", "")


def test_a_run_of_one_month_shows_it_once():
    """It stood under "first" and under "later", twice the same numbers."""
    config = load_config("population.n_users=200", "replications=2", "dur_days=35")
    heads = [str(column.header) for column in table(facts(compare(config))).columns]
    assert heads == ["", "Jun\n2025 (90 % interval)", "observed"]


def test_a_run_shorter_than_a_month_has_no_table():
    config = load_config("population.n_users=200", "replications=1", "dur_days=14")
    short = compare(config)
    assert facts(short) is None
    assert any("no whole month" in warning for warning in warnings(short))


def test_the_table_fits_a_terminal_of_eighty_columns(result):
    console = Console(width=80, record=True, file=io.StringIO())
    wide = written(lambda at: 0.1 + 0.2 * at.replication * (at.scenario == "call_ban"))
    for found in (facts(result), facts(wide)):
        console.print(table(found))
        text = console.export_text()
        assert "…" not in text, "labels are cut"
        lines = [line.strip() for line in text.partition("─\n")[2].splitlines()]
        broken = [line for line in lines[: len(found.lines)] if re.match(r"[\d+−]", line)]
        assert not broken, "a cell is broken"


def test_warnings_count_the_points_that_are_missed(result):
    text = "\n".join(warnings(result))
    run = result.timeseries[result.timeseries["scenario"] == "call_ban"]
    points = residuals(run, observations(result.config)).dropna(subset="median")
    measured = points[(points["use"] == "fit") & points["operator"].isin(list(REACH))]
    n_missed = (measured["standardised"].abs() > FAR).sum()
    assert n_missed > 0
    assert f"{n_missed} of {len(measured)} observed points" in text
    worst = measured.loc[measured["standardised"].abs().idxmax()]
    label = result.config.platforms[worst["platform"]].label
    word = {"monthly_reach": "monthly", "daily_reach": "daily"}[worst["operator"]]
    assert f"worst: {label} {word} {worst['date']:%b %Y}" in text


def test_both_months_of_the_scenario_are_reported_by_their_medians():
    """Of three replications the middle one, not the mean."""
    out = table(facts(written(lambda at: (0.1, 0.2, 0.9)[at.replication])))
    before, after = (list(out.columns[k].cells) for k in (1, 2))
    for row, first, later in zip(rows(CONFIG), before, after, strict=True):
        share = row.form == "percent"
        assert first == later == ("20.0" if share else "0.200")


def test_one_run_has_neither_a_band_nor_a_word_of_it():
    result = written(lambda at: 0.1 + 0.2 * at.replication)
    first = result.timeseries[result.timeseries["replication"] == 0]
    config = CONFIG.model_copy(update={"replications": 1})
    out = table(facts(replace(result, config=config, timeseries=first)))
    assert "interval" not in " ".join(str(column.header) for column in out.columns)
    assert set(out.columns[2].cells) == {"10.0", "0.100"}


def test_who_misses_nothing_is_not_sent_to_what_happened(monkeypatch):
    monkeypatch.setattr("sim.observation.residuals.FAR", 100.0)
    text = "\n".join(warnings(written(lambda *_: 0.0)))
    assert re.search(r"\b0 of \d+ observed points are missed", text)
    assert "compare with +scenario" not in text


def test_what_is_missed_from_below_may_be_the_worst():
    result = written(lambda *_: 0.0)
    largest = reach_points(result)["value"].max()
    named = "\n".join(warnings(result)).partition("(worst: ")[2]
    assert re.match(r"WhatsApp monthly \w+ 2025 (\S+),", named)[1] == f"{-100 * largest:+.1f}"


def test_warnings_say_what_the_band_leaves_out_and_what_did_not_happen(result):
    text = "\n".join(warnings(result))
    assert "3 replications" in text
    assert "200 users" in text
    assert "+scenario=as_happened" in text


def test_what_happened_is_not_warned_of_as_if_it_had_not():
    happened = compare(load_config("+scenario=as_happened", "compare_to=[]", *SIZE))
    assert "compare with +scenario" not in "\n".join(warnings(happened))


def test_documents_that_warnings_refer_to_exist(result):
    for word in " ".join(warnings(result)).split():
        if word.startswith("docs/"):
            assert (CONF.parent / word.rstrip(".,")).is_file(), word
