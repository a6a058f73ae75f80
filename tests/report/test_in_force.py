"""What is told of a run in words: what is in force, since when, and how things stand."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from sim import load_config
from sim.app.model import LiveModel
from sim.config.conf import names
from sim.model.model import MigrationModel
from sim.report.glossary import words
from sim.report.in_force import changes, in_force
from sim.report.standing import reached
from tests.helpers.cli import REPO


def week_of(config, date):
    return (dt.date.fromisoformat(date) - config.start).days // 7


def told(scenario, date, *overrides, complying=()):
    config = load_config(f"+scenario={scenario}", *overrides)
    return in_force(config, week_of(config, date), complying)


def test_nothing_is_in_force_before_and_the_ban_from_its_week_on():
    assert told("call_ban_only", "2025-08-10") == []
    assert told("call_ban_only", "2025-08-13") == ["97% of calls on WhatsApp and Telegram fail"]


def test_policies_of_one_effect_are_reported_together():
    (chats,) = (line for line in told("call_ban", "2025-12-10") if "institutions" in line)
    assert chats.startswith("institutions demand Max from: pupils, parents, students")


def test_a_ramp_is_reported_as_far_as_it_has_come():
    first, later = (told("as_happened", date)[0] for date in ("2025-06-02", "2025-07-20"))
    grades = [float(re.search(r"([\d.]+)%", line)[1]) for line in (first, later)]
    assert grades[0] < grades[1] == 2.5


def test_who_waits_for_losses_obeys_once_it_does():
    waits = told("give_in", "2025-12-01")
    assert not any("complies" in line for line in waits)
    obeys = told("give_in", "2025-12-01", complying=["telegram_compliance"])
    assert "Telegram complies with local law and lets the state read" in obeys


def test_two_that_obey_are_reported_in_a_sentence_each():
    """The page said "WhatsApp, Telegram complies with local law"."""
    both = told("give_in", "2025-12-01", complying=["whatsapp_compliance", "telegram_compliance"])
    for name in ("WhatsApp", "Telegram"):
        assert f"{name} complies with local law and lets the state read" in both


def test_what_obeys_is_restricted_no_more_or_less():
    obeys = "WhatsApp complies with local law and lets the state read"
    before = told("comply_and_lift", "2025-12-01")
    assert before[0] == "97% of calls on WhatsApp and Telegram fail"
    after = told("comply_and_lift", "2026-01-12")
    assert after[:2] == ["97% of calls on Telegram fail", obeys]
    relief = "policies.whatsapp_compliance.relief=0.5"
    half = told("comply_and_lift", "2026-01-12", relief)
    assert half[:2] == ["48% of calls on WhatsApp, 97% of calls on Telegram fail", obeys]


@pytest.mark.parametrize("scenario", names("scenario"))
def test_every_policy_of_every_scenario_has_words(scenario):
    config = load_config(f"+scenario={scenario}")
    for policy in config.policies.values():
        lines = in_force(config, week_of(config, str(policy.start)), config.policies)
        assert lines
        assert not any(re.search(r"[{}_]|any|None", line) for line in lines)


def test_changes_are_dated_and_name_what_ends():
    table = changes(load_config("+scenario=ban_then_lift"))
    assert table["date"].is_monotonic_increasing
    labels = table.set_index("date")["label"]
    assert labels[pd.Timestamp("2025-08-13")] == "call restriction"
    assert labels[pd.Timestamp("2025-12-15")] == "call restriction ends"
    assert labels[pd.Timestamp("2025-08-25")] == "max pupils and 3 more"
    assert changes(load_config("+scenario=baseline")).empty


def test_a_live_world_starts_with_the_parameters_that_it_draws():
    config = load_config(
        "+scenario=as_happened", "parameters=posterior", "compare_to=[]", "population.n_users=200",
        "engine.threads=1",
    )  # fmt: skip
    params = [model(config, 1).simulation.state.params for model in (LiveModel, MigrationModel)]
    assert params[0].network_value == params[1].network_value
    assert params[0].network_value != np.float32(load_config().behaviour.network_value)


def test_adoption_is_reported_with_what_it_costs_in_both_worlds():
    config = load_config("+scenario=call_ban", "population.n_users=500", "engine.threads=1")
    model = LiveModel(config)
    model.run_for(11)
    table = model.timeseries()
    said = reached(table, config, model.scenarios)
    for word in (
        "WhatsApp",
        "Max",
        "Readable",
        "Displaced",
        "worse off",
        "No means",
        "Welfare",
    ):
        assert word in said
    last = table[(table["date"] == table["date"].max()) & (table["group"] == "all")]
    moved = last[(last["measure"] == "displaced") & (last["channel"] == "call")]
    here, there = moved.set_index("scenario")["value"]
    assert f"Displaced** are **{100 * here:.0f}%** of calls" in said
    assert there == 0
    worse = table[(table["measure"] == "worse_off") & (table["group"] == "all")]
    here, there = worse[worse["date"] == "2025-07-01"].set_index("scenario")["value"]
    assert f"worse off** at the end of July were **{100 * here:.0f}** people" in said
    alone = reached(table, config, model.scenarios[:1])
    assert not re.search(r"\d+\)", alone)


def test_the_words_of_the_sentences_are_explained():
    for word in (
        "daily reach",
        "readable by phone",
        "displaced",
        "worse off",
        "welfare",
        "main app",
    ):
        assert words()[word]


def test_the_how_to_runs_as_it_stands():
    page = (REPO / "docs/howto_app.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    namespace = {}
    exec(compile(block, "docs/howto_app.md", "exec"), namespace)  # noqa: S102
    assert namespace["figure"].get_label().startswith("Map of 500 users")
