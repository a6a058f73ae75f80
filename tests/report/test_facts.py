"""What a report says, from tables written by hand: which number stands in which place."""

from dataclasses import replace

import pandas as pd
import pytest

from sim import load_config
from sim.base.numbers import Number
from sim.report.facts import facts
from sim.report.summary import how_many_missed, reach_points
from sim.runs.run import run
from tests.helpers.written import CONFIG, STEPS, written

DECEMBER = pd.Timestamp("2025-12-01")
EFFECTS = {  # of the ban, shares and utils
    ("whatsapp", "any", "dau"): -0.101, ("telegram", "any", "dau"): -0.022,
    ("max", "any", "dau"): 0.053, ("vk", "any", "dau"): 0.014, ("imo", "any", "dau"): 0.005,
    ("cellular", "call", "use"): 0.021, ("any", "any", "exposure_phone"): -0.031,
    ("any", "any", "exposure_apps"): 0.032, ("any", "any", "worse_off"): 0.033,
    ("any", "call", "displaced"): 0.041, ("any", "message", "displaced"): 0.042,
    ("any", "call", "no_means"): 0.043, ("any", "message", "no_means"): -0.044,
    ("any", "any", "welfare"): -0.512, ("any", "any", "fraud_losses"): -0.061,
    ("any", "any", "recruitment_incidents"): 0.017,
}  # fmt: skip


def told(value, **groups):
    return facts(written(value, **groups))


def chance(at):
    """Return a value that chance moves alike in both scenarios, and the effect in one of them."""
    effect = EFFECTS.get((at.platform, at.channel, at.measure), 0.0)
    return 0.3 + 0.1 * at.replication + effect * (at.scenario == "call_ban")


def test_every_number_of_the_answer_stands_in_its_place():
    words = " ".join(told(chance).answer).replace("\N{MINUS SIGN}", "-")
    for said in (
        "daily reach of WhatsApp is 10.1 points lower (-10.1 to -10.1), of Max is 5.3 points "
        "higher (+5.3 to +5.3) (the largest changes)",
        "ordinary phone calls make up 2.1 points more",
        "losses to fraud are 6.1 % lower (-6.1 to -6.1), incidents of recruitment 1.7 % higher "
        "(+1.7 to +1.7)",
        "4.1 % (4.1 to 4.1) of calls and 4.2 % (4.2 to 4.2) of messages go by other means",
        "3.3 % (3.3 to 3.3) of people are worse off",
        "4.3 points more (+4.3 to +4.3) of ties are without means of calling",
        "4.4 points fewer (-4.4 to -4.4) of writing",
        "3.1 points less (-3.1 to -3.1) is readable by the state as calls and SMS",
        "3.2 points more (+3.2 to +3.2) on apps",
        "welfare is 0.512 index points lower",
    ):
        assert said in words


def test_a_difference_that_chance_alone_could_make_is_not_told_as_one():
    """Ties without means of writing move by chance, state reading by less than is written."""

    def value(at):
        banned = at.scenario == "call_ban"
        if (at.channel, at.measure) == ("message", "no_means"):
            return 0.3 + banned * (-0.006, 0.004, 0.003)[at.replication]
        if at.measure == "exposure_phone":
            return 0.3 + banned * (0.0001, 0.0002, 0.0003)[at.replication]
        return 0.3

    words = " ".join(told(value).answer).replace("\N{MINUS SIGN}", "-")
    for said in (
        "in December 2025, daily reach is the same; ordinary phone",
        "0.0 points more or less (0.0 to 0.0) is readable by the state",
        "0.3 points more (-0.5 to +0.4, no effect shown) of writing",
        "0.0 points more or fewer (0.0 to 0.0, no effect shown) of ties are without means",
        "welfare is 0.000 index points higher or lower (0.000 to 0.000, no effect shown)",
    ):
        assert said in words


def alone(value, **changes):
    """Return what is told of a scenario that is compared with nothing."""
    result = written(value)
    config = result.config.model_copy(update={"compare_to": (), "counterfactuals": {}} | changes)
    mine = result.timeseries["scenario"] == "call_ban"
    table = result.timeseries[mine].astype({"scenario": str})
    return facts(replace(result, config=config, timeseries=table.assign(scenario=config.scenario)))


def test_a_world_alone_is_reported_by_its_levels_the_highest_first_and_what_they_cost():
    reach = {"whatsapp": 0.3, "telegram": 0.5, "max": 0.7, "vk": 0.2, "imo": 0.1, "any": 0.4}
    words, costs, _ = alone(lambda at: reach.get(at.platform, 0.0)).answer
    assert words.startswith("In December 2025, daily reach is: Max 70.0 %")
    named = [words.index(f" {name} ") for name in ("Max", "Telegram", "WhatsApp", "VK", "imo")]
    assert named == sorted(named)
    for cost in ("readable by phone", "readable on apps", "no means of calling", "welfare"):
        assert f"{cost} 0.400" in costs or f"{cost} 40.0 (40.0 to 40.0)" in costs


def test_missed_points_are_said_to_be_of_another_world_only_where_they_are():
    other = "they are of what happened, not of this scenario"
    assert alone(lambda *_: 0.5).answer[-1].endswith(f" of the source; {other}.")
    happened = {
        "scenario": "as_happened",
        "policies": load_config(scenario="as_happened").policies,
    }
    there = alone(lambda *_: 0.5, **happened, replications=2).answer[-1]
    assert other not in there
    assert "2 replications of one society" in there
    changed = happened | {"policies": load_config(scenario="call_ban").policies}
    assert other in alone(lambda *_: 0.5, **changed).answer[-1]


def test_two_replications_have_a_band_and_one_has_none():
    both = Number.of(pd.Series([0.1, 0.3]), "percent")
    assert both.level(" %") == "20.0 % (11.0 to 29.0)"
    assert Number.of(pd.Series([0.1]), "percent").level(" %") == "10.0 %"


def test_names_are_reported_whole_and_numbers_beside_them_do_not_change_sides():
    """Beside Arabic letters a browser sets 21.4 % on the other side of the name."""
    labels = {"whatsapp": "Signal, the app", "max": "\u0628\u0644\u0647"}
    platforms = {
        name: platform.model_copy(update={"label": labels.get(name, platform.label)})
        for name, platform in CONFIG.platforms.items()
    }
    result = written(chance)
    config = CONFIG.model_copy(update={"platforms": platforms})
    words = facts(replace(result, config=config)).answer[0]
    assert "daily reach of Signal, the app is 10.1 points" in words
    assert f"of \u200e{labels['max']}\u200e is 5.3 points" in words


def test_one_missed_point_is_reported_in_the_singular():
    points = pd.DataFrame({"standardised": [-0.4, -3.2, 2.9]})
    rest = "by over 3 times the error of the source"
    assert how_many_missed(points) == f"1 of 3 observed points is missed {rest}"
    assert how_many_missed(points[:1]) == f"0 of 1 observed points are missed {rest}"


def test_a_poll_that_may_be_off_by_more_than_the_model_is_no_miss():
    """Of the Emirates one poll of reach is known; it was called missed by over 3 points."""
    config = load_config(
        "case_dir=uae_calls", "+scenario=uae_calls", "population.n_users=300",
        "case.observed_shares.whatsapp.reach=0.8",
    )  # fmt: skip
    seen = reach_points(run(config))
    assert (seen["error_points"].abs() > 3.0).all()
    assert how_many_missed(seen).startswith("0 of 1 ")


def test_the_months_and_what_was_observed_in_the_later_one():
    found = told(lambda at: 0.1 * at.replication + (0.5 if at.date >= DECEMBER else 0.2))
    assert (f"{found.before:%Y-%m}", f"{found.after:%Y-%m}") == ("2025-06", "2025-12")
    lines = {line.row.label: line for line in found.lines}
    line = lines["WhatsApp, monthly"]
    assert (line.before.median, line.after.median) == pytest.approx((0.3, 0.6))
    assert (line.after.low, line.after.high) == pytest.approx((0.51, 0.69))
    assert line.observed == f"{100 * 94.47 / 123:.1f}"
    assert lines["Readable on apps"].observed == ""


@pytest.mark.parametrize("simulated", [0.0, 1.0])
def test_points_are_missed_from_below_as_from_above(simulated):
    found = told(lambda *_: simulated)
    off = (found.observed["value"] - simulated).abs()
    assert found.observed["date"].is_monotonic_increasing
    n_missed = int((off > 3.0 * found.observed["sigma"]).sum())
    assert n_missed > 10
    assert f"{n_missed} of {len(off)} observed points" in found.answer[-1]


def test_who_moved_is_the_median_of_paired_effects_a_step_counting_by_its_days_in_the_month():
    inside = STEPS[(STEPS > "2025-11-30") & (STEPS <= "2026-01-01")]
    assert len(inside) == 5
    assert pd.Timestamp("2026-01-01") in STEPS  # its step stands for the last days of December
    weights = dict(zip(inside, (1, 2, 2, 3, 12), strict=True))
    mean = (6.5 * 1 + 7 * (2 + 2 + 3) + 3.5 * 12) / 31

    def by_group(at):
        level = 0.1 * at.replication
        if at.scenario == "mandate_only":
            return level
        size = {"age=12-17": 1.0, "type=state_averse": -2.0, "all": 0.0}[at.group]
        size *= {"max": 1.0, "any": 3.0}.get(at.platform, 0.0)
        return level + size * (0.01, 0.02, 0.09)[at.replication] * weights.get(at.date, 70.0)

    groups = told(by_group, groups=("all", "age=12-17", "type=state_averse")).groups
    assert list(groups.index) == ["age=12-17", "type=state_averse"]
    assert groups["max"].tolist() == pytest.approx([2.0 * mean, -4.0 * mean])
    assert groups["readable on apps"].tolist() == pytest.approx([6.0 * mean, -12.0 * mean])
    assert groups["whatsapp"].tolist() == pytest.approx([0.0, 0.0])


def test_whose_exposure_moved_is_reported_for_calls_and_messages_together():
    result = written(lambda at: 0.4 + 0.1 * (at.scenario == "call_ban"), ("all", "age=12-17"))
    series = result.timeseries.astype({"channel": str})
    of_calls = series[series["measure"] == "exposure_apps"].assign(channel="call", value=0.9)
    found = facts(replace(result, timeseries=pd.concat([series, of_calls])))
    assert found.groups["readable on apps"].tolist() == pytest.approx([10.0])
