"""What a restriction takes from people, in worlds so small that the answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from sim import compare, load_config
from sim.config.platforms import CHANNELS
from sim.engine.accumulators import BENEFIT_STEPS, N_COLUMNS, SLOTS, Accumulators
from sim.engine.engines import CompiledEngine
from sim.engine.slots import slots_of
from sim.engine.threads import Threads, chunks
from sim.measures.measure import Series
from sim.measures.registry import find, step_series
from sim.measures.series import Observations
from sim.measures.strata import Strata
from sim.measures.sums import Sums
from sim.measures.thresholds import DEAR
from sim.rules.records import MAX
from sim.runs.results import assemble
from tests.helpers.ties import equal_ties
from tests.helpers.toys import toy_env, toy_params, toy_state, toy_users
from tests.helpers.worlds import keys

CONFIG = load_config(
    "population.n_users=30", "replications=1", "population.abroad.weight=0.4",
    "+scenario=call_ban_only", "dur_days=91",
)  # fmt: skip
VALUES = [[1.0, 0.5], [0.7, 0.2]]  # a_cp of two messengers


def three(abroad=()):
    """Return three people: 0 and 1 share messenger 0, 2 has messenger 1, 0 has ties to both."""
    users = toy_users(3, 2)
    users.installed[:] = 0b01, 0b01, 0b10
    users.abroad[list(abroad)] = 1
    params = toy_params(2, network_value=2.0, content_value=0.5, content_openings=4.0,
                        base_openings=[0.5, 0.25, 0, 0, 0, 0], abroad_weight=0.4)  # fmt: skip
    return toy_state(users, equal_ties([[1, 2], [0], [0]]), params)


def observed(state, env):
    """Let all take a step; return its sums, and the benefits [utils]."""
    n, strata = state.n_users, Strata(CONFIG, state.users)
    sums, nothing = np.zeros((len(chunks(n)), strata.n, N_COLUMNS)), np.zeros(0)
    accumulators = Accumulators(
        len(CONFIG.regions), np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.int16),
        np.zeros((n, MAX), np.uint16), nothing, nothing, sums,
        np.zeros((len(sums), 0, strata.n, 8)),
    )  # fmt: skip
    CompiledEngine(Threads(1)).step(state, env, keys(0), accumulators)
    of_step = Sums(CONFIG, strata, sums.sum(axis=0)[None], slots_of(1, SLOTS), [env])
    return of_step, accumulators.benefit / BENEFIT_STEPS


def half_of_calls():
    """Return what is in force where half of the attempts of an end to call fail on messenger 0."""
    q = np.ones((1, 2, 2))
    q[0, 1, 0] = 0.5
    return toy_env(VALUES, losses=(1.0, 3.0), q=q)


def no_means(state, env):
    with np.errstate(invalid="ignore"):  # most groups are empty
        return find("no_means").value(observed(state, env)[0])[0, 0]


def test_nobody_is_without_means_while_the_phone_is_cheap():
    env = half_of_calls()
    assert no_means(three(), env).tolist() == [0, 0]
    env.effects.price[1, -1] = 0.99 * DEAR
    assert no_means(three(), env).tolist() == [0, 0]


def test_where_the_phone_is_dear_a_tie_has_the_messenger_that_works_best_or_nothing():
    """Of 0, half the ties miss 1 - .5^2 of calls and half have no messenger; 1 misses .75."""
    env = half_of_calls()
    env.effects.price[1, -1] = DEAR
    assert no_means(three(), env) == pytest.approx([0, (0.875 + 0.75 + 1) / 3])
    env.effects.price[0, -1] = DEAR  # all messages get through on messenger 0
    assert no_means(three(), env)[0] == pytest.approx((0.5 + 0 + 1) / 3)


def test_a_contact_abroad_without_a_messenger_is_out_of_reach():
    """Person 1 has one, with .4 of the weight of its ties; the others have none."""
    assert no_means(three(abroad=[1]), half_of_calls()) == pytest.approx([0.4 / 3] * 2)
    env = half_of_calls()
    env.effects.price[1, -1] = DEAR
    lacking = 0.875 + (0.6 * 0.75 + 0.4) + 1
    assert no_means(three(abroad=[1]), env)[1] == pytest.approx(lacking / 3)


def test_a_person_without_ties_lacks_none():
    users = toy_users(2, 2)
    state = toy_state(users, equal_ties([[], []]), toy_params(2))
    env = half_of_calls()
    env.effects.price[:, -1] = DEAR
    assert no_means(state, env).tolist() == [0, 0]


def test_a_benefit_is_that_of_contacts_and_content():
    """beta sum_c d_c ln(1 + e^v) + omega C ln(1 + k): shares of channels are .8 and .2."""
    state, env = three(), half_of_calls()
    _, benefits = observed(state, env)
    welfare = 0.8 * np.log1p(np.exp(1.0)) + 0.2 * np.log1p(0.25 * np.exp(0.7 - 3.0 * 0.75))
    nothing_shared = 0.0  # ln of the phone alone, e^0
    expected = [
        2 * (welfare + nothing_shared) / 2 + 2.0 * np.log1p(0.5),
        2 * welfare + 2.0 * np.log1p(0.5),
        2 * nothing_shared + 2.0 * np.log1p(0.25),
    ]
    assert benefits == pytest.approx(expected, abs=0.6 / BENEFIT_STEPS)


@pytest.fixture(scope="module")
def taken():
    """Return a comparison whose tables are read as they are."""
    return compare(CONFIG)


def levels(result, measure, channel="any"):
    """Return a measure of everybody: a row a date, a column a scenario."""
    t = result.timeseries
    rows = t[(t["measure"] == measure) & (t["channel"] == channel) & (t["group"] == "all")]
    return rows.pivot_table("value", "date", "scenario", observed=True)


def test_displaced_is_what_each_platform_has_less_of():
    here, there = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.1, 0.2])
    displaced = find("displaced").value
    assert displaced(here, there) == pytest.approx(0.4)
    assert displaced(2 * here, 2 * there) == pytest.approx(0.4)
    assert displaced(there, there) == 0
    assert displaced(np.array([0.0, 1.0]), np.array([1.0, 0.0])) == 1


@pytest.mark.parametrize("channel", CHANNELS)
def test_displaced_in_the_table_is_that_of_the_use_beside_it(taken, channel):
    t = taken.timeseries
    rows = t[(t["measure"] == "use") & (t["channel"] == channel) & (t["group"] == "all")]
    use = rows.pivot_table("value", ["date", "platform"], "scenario", observed=True)
    gone = (use["baseline"] - use["call_ban_only"]).clip(lower=0).groupby("date").sum()
    expected = gone / use["baseline"].groupby("date").sum()
    found = levels(taken, "displaced", channel)
    assert found["call_ban_only"].to_numpy() == pytest.approx(expected.to_numpy())
    assert (found["baseline"] == 0).all()
    if channel == "call":
        assert expected.iloc[-1] > 0.05  # the ban began


def test_worse_off_are_those_who_have_lost_more_than_the_threshold():
    users, n = toy_users(4, 2), 4
    steps = np.zeros((CONFIG.n_steps, len(Strata(CONFIG, users).counts), len(step_series(CONFIG))))
    steps += 0.5
    before = 3 * BENEFIT_STEPS
    serious = CONFIG.behaviour.serious_loss
    lost = np.array([-1.0, 0.0, serious - 0.01, serious + 0.01])
    month = steps[0][:, : len(CONFIG.messengers)]

    def run(benefits):
        seen = np.array(benefits, np.int16)
        return Observations(list(steps), [(CONFIG.start, month)], [], [], [seen])

    config = CONFIG.model_copy(
        update={"population": CONFIG.population.model_copy(update={"n_users": n})}
    )
    records = {
        "call_ban_only": [run(before - BENEFIT_STEPS * lost)], "baseline": [run([before] * n)],
    }  # fmt: skip
    found = levels(assemble(config, records, [Strata(config, users)]), "worse_off")
    assert found.iloc[0].to_dict() == {"call_ban_only": 0.25, "baseline": 0}
    other = replace(records["baseline"][0], benefits=[np.array([before - 512] * n, np.int16)])
    records["mandate_only"] = [other]
    found = levels(assemble(config, records, [Strata(config, users)]), "worse_off")
    assert found.iloc[0].to_dict() == {"call_ban_only": 0.25, "baseline": 0, "mandate_only": 1}


def test_a_scenario_that_changes_nothing_takes_nothing():
    same = compare(
        load_config(
            "population.n_users=30", "replications=1", "+scenario=call_ban_only", "dur_days=91",
            "policies.call_restriction.grade=1e-9",
        )
    )  # fmt: skip
    for channel in CHANNELS:
        assert levels(same, "displaced", channel).to_numpy().max() < 1e-6
    assert (levels(same, "worse_off") == 0).to_numpy().all()


def test_a_run_that_is_compared_with_nothing_tells_no_losses():
    alone = load_config("population.n_users=30", "replications=1", "+scenario=baseline",
                        "dur_days=35")  # fmt: skip
    measures = set(compare(alone).timeseries["measure"])
    assert "no_means" in measures
    assert not measures & {"displaced", "worse_off"}


@pytest.mark.parametrize("name", ["isolation", "cut_off"])
def test_measures_that_are_gone_name_what_stands_in_their_place(name):
    with pytest.raises(KeyError, match=f"{name}.*allowed: .*displaced, .*worse_off|no_means"):
        find(name)


def test_what_the_state_reads_by_phone_and_on_apps_adds_up(taken):
    for channel in (*CHANNELS, "any"):
        both = sum(levels(taken, f"exposure_{by}", channel) for by in ("phone", "apps"))
        np.testing.assert_allclose(both, levels(taken, "exposure", channel), rtol=1e-12)
    assert Series("any", "any", "exposure_apps") in step_series(CONFIG)
