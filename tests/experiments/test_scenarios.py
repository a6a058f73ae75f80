"""Every scenario runs and does what it must."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from sim import load_config
from sim.config.conf import CONF
from sim.config.sim_config import SimConfig
from sim.engine.offenders import reach
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.threads import Threads
from sim.measures.series import step_series
from sim.rules.records import CALL, MESSAGE
from tests.helpers.worlds import advanced, outcome, simulation, world

SCENARIOS = sorted(path.stem for path in (CONF / "scenario").glob("*.yaml"))
COMPOSED = (
    "[call_ban,vpn_support]",
    "[full_block,vpn_support]",
    "[call_ban,mutual_help]",
    "[call_ban,fraud_only_measures]",
    "[full_block,vpn_support,fraud_only_measures]",
)
MESSENGERS = ("whatsapp", "telegram", "max", "imo", "vk")
WHATSAPP, TELEGRAM, MAX_MESSENGER = range(3)
AVERSE, FAVOURABLE = -1, 1


composed = cache(load_config)  # no test changes a configuration


def policies_of(scenario):
    return composed(f"+scenario={scenario}").policies


@cache
def run(scenario, *overrides):
    """Return a finished run of a small society; scenarios share its start and random numbers."""
    config, start = world("population.n_users=1000")
    chosen = composed(f"+scenario={scenario}", *overrides)
    chosen = chosen.model_copy(update={"population": config.population})
    return advanced(simulation(chosen, start), config.n_steps)


def series(scenario, measure, platform="any", channel="any"):
    """Return a measure over all users, step by step."""
    finished = run(scenario)
    column = step_series(finished.config).index((platform, channel, measure))
    return np.array(finished.recorder.observations.steps)[:, 0, column]


def at_end(scenario, *names):
    return float(series(scenario, *names)[-1])


def in_force(scenario, step):
    return PolicySchedule(composed(f"+scenario={scenario}")).at(step)


def step_of(config: SimConfig, policy):
    """Return the first step that lies wholly after the start of a policy."""
    days = (config.policies[policy].start - config.start).days
    return int(np.ceil(days / config.step_days))


# What stands in the files


# That they run


@pytest.mark.parametrize("name", [*SCENARIOS, *COMPOSED])
def test_every_scenario_runs_and_gives_numbers(name):
    config, start = world("step_days=14")
    chosen = composed(f"+scenario={name}").model_copy(
        update={"population": config.population, "step_days": config.step_days}
    )
    finished = advanced(simulation(chosen, start), config.n_steps)
    values = np.array(finished.recorder.observations.steps)[:, 0]
    assert np.isfinite(values).all()
    names = [s.measure for s in step_series(chosen)]
    unbounded = ("welfare", "multihoming", "use", "chats")
    shares = [k for k, n in enumerate(names) if n not in unbounded and "_" not in n]
    assert (values[:, shares] >= 0).all()
    assert (values[:, shares] <= 1 + 1e-9).all()


# What must hold


def test_throttled_messages_fail_beside_calls_and_max_works():
    config = composed("+scenario=throttle_messages")
    q = in_force("throttle_messages", step_of(config, "messages_throttled")).availability
    assert (q[0::2, :, [WHATSAPP, TELEGRAM]][:-1] < 0.4).all()
    assert (q[:, :, MAX_MESSENGER] == 1).all()


@pytest.mark.slow
def test_harder_restrictions_leave_fewer_messages_safe_from_the_state():
    ladder = ("call_ban", "throttle_messages", "full_block", "vpn_crackdown")
    safe = [at_end(name, "secure", "any", "message") for name in ladder]
    assert safe[0] > max(safe[1:3])
    assert safe[3] < min(safe[1:3])


def test_a_crackdown_on_vpns_leaves_fewer_vpns_and_less_use_of_what_is_blocked():
    assert at_end("vpn_crackdown", "vpn") < at_end("full_block", "vpn")
    for platform in ("whatsapp", "telegram"):
        for names in (("dau", platform), ("use", platform, "message"), ("use", platform, "call")):
            assert at_end("vpn_crackdown", *names) <= at_end("full_block", *names)


@pytest.mark.parametrize("under", ["baseline", "call_ban", "full_block"])
def test_help_with_vpns_leaves_more_vpns(under):
    chosen = "vpn_support" if under == "baseline" else f"[{under},vpn_support]"
    assert at_end(chosen, "vpn") > at_end(under, "vpn")


def test_who_obeys_gets_its_calls_back_and_is_read():
    config = composed("+scenario=comply_and_lift")
    when = step_of(config, "whatsapp_compliance")
    before, after = in_force("comply_and_lift", when - 2), in_force("comply_and_lift", when)
    assert before.effects.access[WHATSAPP] == 0
    assert after.effects.access[WHATSAPP] == 1
    assert (before.availability[0, CALL, [WHATSAPP, TELEGRAM]] < 0.2).all()
    assert after.availability[0, CALL, WHATSAPP] == 1
    assert after.availability[0, CALL, TELEGRAM] < 0.2
    assert after.effects.access[TELEGRAM] == 0
    assert at_end("comply_and_lift", "exposure") > at_end("call_ban", "exposure")


@pytest.mark.slow
def test_a_lift_without_obeying_gives_calls_back_and_nobody_is_read():
    last = composed().n_steps - 1
    env = in_force("ban_then_lift", last)
    assert (env.availability == 1).all()
    assert (env.effects.access[[WHATSAPP, TELEGRAM]] == 0).all()
    for channel in ("message", "call"):
        here, banned = (
            at_end(s, "reachable", "any", channel) for s in ("ban_then_lift", "call_ban")
        )
        assert here > banned - 0.01


def test_both_give_in_once_they_have_lost_enough_and_are_read_then():
    sooner = (f"policies.{name}_compliance.lost_users=0.1" for name in ("whatsapp", "telegram"))
    finished = run("give_in", *sooner)  # VPNs keep the three in ten of the scenario
    assert set(finished.onsets) == {"whatsapp_compliance", "telegram_compliance"}
    assert (finished.env.effects.access[[WHATSAPP, TELEGRAM]] == 1).all()
    assert (finished.env.availability == 1).all()


def test_a_gate_stops_new_accounts_only_where_it_stands():
    config = composed("+scenario=registration_gate")
    gate = config.policies["registration_gate"]
    passing = in_force("registration_gate", config.n_steps - 1).effects.passing
    assert passing[[WHATSAPP, TELEGRAM]] == pytest.approx(1 - gate.grade)
    assert passing[MAX_MESSENGER] == 1


@pytest.mark.slow
def test_without_the_push_nothing_is_demanded_and_the_restrictions_stay():
    happened, without = policies_of("as_happened"), policies_of("no_mandate")
    gone = set(happened) - set(without)
    assert {happened[name].platform for name in gone} == {"max"}
    assert not any(getattr(policy, "platform", "") == "max" for policy in without.values())
    assert series("no_mandate", "mandated", "max").max() == 0
    assert at_end("no_mandate", "dau", "max") < at_end("as_happened", "dau", "max")


def test_moved_chats_bind_their_members_and_never_go_back():
    chats = run("group_move").state.chats
    assert chats.bound.any()
    assert (chats.platform[chats.bound == 1] == MAX_MESSENGER).all()
    assert at_end("group_move", "chats", "max") > at_end("call_ban", "chats", "max")


def test_a_shutdown_cuts_all_but_the_whitelist_and_leaves_no_way_round():
    config = composed("+scenario=whitelist_shutdown")
    when, policy = step_of(config, "long_shutdown"), config.policies["long_shutdown"]
    q = in_force("whitelist_shutdown", when).availability[:-1]
    open_ = [MESSENGERS.index(m) for m in policy.whitelist]
    shut = [k for k in range(len(MESSENGERS)) if k not in open_]
    assert (q[:, :, open_] == 1).all()
    assert (q[:, :, shut] <= 1 - policy.grade + 1e-12).all()
    assert q[0::2, MESSAGE, shut] == pytest.approx(q[1::2, MESSAGE, shut])  # with a VPN too
    for channel in ("message", "call"):
        here, there = (
            series(s, "secure", "any", channel) for s in ("whitelist_shutdown", "call_ban")
        )
        assert (here[: when - 1] == there[: when - 1]).all()
        assert (here[when:] < there[when:]).all()


def test_a_leak_convinces_the_state_averse_most():
    shocked, calm = (run(s).state.users for s in ("trust_shock", "call_ban"))
    change = shocked.belief[:, MAX_MESSENGER].astype(float) - calm.belief[:, MAX_MESSENGER]
    averse, favourable = (change[calm.type == t].mean() for t in (AVERSE, FAVOURABLE))
    assert averse > 0
    assert averse > favourable


def test_measures_against_fraud_alone_touch_fraud_alone():
    """Adoption is the same bit for bit; losses fall, whom a stranger could reach does not."""
    for chosen, counterfactual in (
        ("fraud_only_measures", "baseline"),
        ("[call_ban,fraud_only_measures]", "call_ban"),
    ):
        here, there = run(chosen), run(counterfactual)
        one, other = outcome(here), outcome(there)
        differ = {name for name in one if one[name] != other[name]}
        if not there.config.compare_to:
            differ -= {"benefits"}  # which only a run that is compared keeps
        kinds = tuple(here.config.abuse)
        about_abuse = {n for n in one if n.startswith(tuple(f"steps.{kind}_" for kind in kinds))}
        assert {"steps.fraud_attempts", "steps.fraud_incidents", "steps.fraud_losses"} <= differ
        assert differ <= about_abuse | {"abuse", "users.victim"}
        reached = [reach(r.state, r.env, Threads(1)) for r in (here, there)]
        assert (reached[0] == reached[1]).all()
        assert at_end(chosen, "fraud_losses") < at_end(counterfactual, "fraud_losses")
        assert at_end(chosen, "fraud_losses") < at_end(chosen, "fraud_incidents")


def test_mutual_help_brings_up_the_app_that_is_helped():
    assert at_end("mutual_help", "installed", "imo") > at_end("baseline", "installed", "imo")


def test_the_long_run_of_a_lifted_ban_is_that_of_the_ban_until_the_lift():
    config = composed("+scenario=ban_then_lift")
    lift = (config.policies["call_restriction"].stop - config.start).days // int(config.step_days)
    here, banned = (series(s, "dau", "whatsapp") for s in ("ban_then_lift", "call_ban"))
    assert (here[:lift] == banned[:lift]).all()
    assert any(a != b for a, b in pairwise(here[lift - 1 :]))


# The page docs/scenarios.md
