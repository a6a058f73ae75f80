"""Controls are overrides. Each has an effect, or says that it has none."""

import pytest

from sim import load_config
from sim.app.controls import AS_PLANNED, CONTROLS, idle, overrides
from sim.config.conf import names
from sim.policies.checks import not_reached
from sim.policies.restrictions import Restriction


def moved(scenario, **chosen):
    return load_config(*overrides(scenario, chosen))


@pytest.mark.parametrize("scenario", names("scenario"))
def test_controls_moved_together_make_a_world_that_can_be_run(scenario):
    moved(scenario, **{name: list(lever.settings)[-1] for name, lever in CONTROLS.items()})


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["baseline", "call_ban"])
def test_a_setting_changes_the_policies_or_says_that_it_does_not(scenario):
    planned = load_config(f"+scenario={scenario}").policies
    for name, lever in CONTROLS.items():
        for setting in [at for at in lever.settings if at != AS_PLANNED]:
            is_idle = moved(scenario, **{name: setting}).policies == planned
            assert is_idle == bool(idle(scenario, name, setting)), (name, setting)


def test_as_planned_changes_nothing():
    assert overrides("call_ban", dict.fromkeys(CONTROLS, AS_PLANNED)) == ["+scenario=call_ban"]


def test_calls_fail_as_often_as_the_lever_says_and_messages_as_before():
    policies = moved("as_happened", calls="half fail").policies
    grades = {p.grade for p in policies.values() if isinstance(p, Restriction)}
    assert policies["call_restriction"].grade == 0.5
    assert policies["whatsapp_throttling"].grade == 0.71
    assert 0.5 in grades


def test_where_calls_fail_with_messages_both_fail_as_often_as_the_lever_says():
    policies = moved("full_block", calls="half fail").policies.values()
    grades = [p.grade for p in policies if isinstance(p, Restriction) and p.channel == "any"]
    assert set(grades) == {0.5}


@pytest.mark.parametrize(
    ("setting", "grade"),
    [("none fail", 0), ("one in four fails", 0.25), ("three in four fail", 0.75), ("all fail", 1)],
)
def test_calls_fail_as_often_as_the_setting_is_called(setting, grade):
    assert moved("call_ban_only", calls=setting).policies["call_restriction"].grade == grade


@pytest.mark.parametrize(
    ("setting", "times"), [("half as fast", 0.5), ("twice as fast", 2), ("four times as fast", 4)]
)
def test_all_rates_of_the_push_are_as_much_faster_as_the_setting_is_called(setting, times):
    planned = load_config("+scenario=as_happened").policies
    pushed = moved("as_happened", push=setting).policies
    rates = [
        (name, rate)
        for name, policy in planned.items()
        for rate in ("rate", "awareness_rate", "trial_rate")
        if policy.kind in ("mandate", "preinstallation", "campaign") and hasattr(policy, rate)
    ]
    assert {rate for _, rate in rates} == {"rate", "awareness_rate", "trial_rate"}
    for name, rate in rates:
        wanted = times * getattr(planned[name], rate)
        assert getattr(pushed[name], rate) == pytest.approx(wanted), (name, rate)


def test_the_push_is_left_out_or_hastened_in_both_worlds():
    without = moved("call_ban", push="none")
    assert list(without.policies) == ["call_restriction"]
    assert not without.counterfactuals["mandate_only"]
    twice, planned = moved("call_ban", push="twice as fast"), load_config("+scenario=call_ban")
    for policies in (twice.policies, twice.counterfactuals["mandate_only"]):
        assert policies["max_pupils"].rate == 2 * planned.policies["max_pupils"].rate


def test_what_a_lever_adds_is_added_to_the_scenario_alone():
    config = moved("call_ban", vpn="helped", compliance="both comply")
    added = {"vpn_support", "whatsapp_compliance", "telegram_compliance"}
    assert added <= set(config.policies)
    assert not added & set(config.counterfactuals["mandate_only"])
    for name in ("whatsapp_compliance", "telegram_compliance"):
        assert str(config.policies[name].start) == "2025-12-15"
        assert config.policies[name].lost_users is None  # whatever it has lost


def test_a_push_by_invitation_is_no_push():
    assert "friends_chats" in moved("mutual_help", push="none").policies


def test_a_lever_without_effect_says_why():
    assert idle("baseline", "calls", "half fail") == (
        "No effect here: the scenario restricts no calls."
    )
    assert idle("baseline", "calls", AS_PLANNED) == idle("baseline", "calls", "half fail")
    assert "already" in idle("comply_and_lift", "compliance", "WhatsApp complies")
    assert idle("call_ban", "calls", "half fail") == ""
    assert idle("call_ban", "calls", AS_PLANNED) == ""


def test_a_lever_outside_of_the_run_is_not_reached_as_on_the_command_line():
    config = load_config(
        *overrides("call_ban_only", {"compliance": "WhatsApp complies"}, "dur_days=140")
    )
    assert not_reached(config) == ["whatsapp_compliance"]
