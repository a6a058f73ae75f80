"""The mesa face: users to look at, data to collect, rules to replace."""

import re

import mesa
import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from sim import load_config
from sim.config.settings import BANDS, TYPES
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.measures.series import Series, step_series
from sim.model.agents import RENAMED, User
from sim.model.mesa_engine import MesaEngine
from sim.model.model import AGENT_LIMIT, MigrationModel
from sim.rules.records import CALL
from sim.runs.run import run
from tests.helpers.cli import REPO, python
from tests.helpers.worlds import from_fixed_point

SIZE = ("+scenario=call_ban", "population.n_users=120", "replications=1")
N_STEPS = 30  # to the end of 2025: calls fail, Max is pushed
REPORTERS = {
    "model_reporters": {
        "time": "time",
        "max": lambda model: sum("max" in user.messengers for user in model.users),
    },
    "agent_reporters": {
        "messengers": lambda user: "+".join(user.messengers),
        "mandated": "mandated",
        "habit": lambda user: user.habits["whatsapp"],
        "belief": lambda user: user.beliefs["max"],
        "vpn": "vpn",
    },
}


def made(engine, n_steps=N_STEPS, **keys):
    model = MigrationModel(load_config(*SIZE, f"engine={engine}"), **keys)
    for _ in range(n_steps):
        model.step()
    return model


@pytest.fixture(scope="module")
def model():
    """Return the model of plain users, stepped by mesa."""
    return made("mesa", collectors=REPORTERS)


def assert_same_state(first, second):
    mine, theirs = (m.simulation.state for m in (first, second))
    for name in ("users", "abuse"):
        assert getattr(mine, name).tobytes() == getattr(theirs, name).tobytes(), name
    for name in ("choice_state", "belief_state"):
        a, b = (getattr(state.public, name) for state in (mine, theirs))
        assert a.tobytes() == b.tobytes(), name


def test_data_collected_with_either_engine_are_the_same(model):
    compiled = made("compiled", collectors=REPORTERS)
    for table in ("get_model_vars_dataframe", "get_agent_vars_dataframe"):
        mine, theirs = (getattr(m.datacollector, table)() for m in (model, compiled))
        assert len(mine) == N_STEPS * (120 if "agent" in table else 1)
        assert_frame_equal(mine, theirs, check_exact=True)
    assert_same_state(model, compiled)


def test_what_users_did_last_is_what_was_observed_of_them(model):
    """Their talk is written by ``engine=mesa`` alone: compiled rows keep it for a moment."""
    series = step_series(model.config)
    last = model.simulation.recorder.observations.steps[-1][0]
    names = model.config.messengers
    said = {
        Series("any", "any", "welfare"): [user.step_record.welfare for user in model.users],
        Series("any", "call", "reachable"): [
            user.step_record.reachable[CALL] for user in model.users
        ],
    }
    for p, name in enumerate(names):
        openings = np.array([user.step_record.openings[p] for user in model.users], float)
        said[Series(name, "any", "dau")] = -np.expm1(-openings)
    for measure, values in said.items():
        assert np.mean(values, dtype=float) == pytest.approx(last[series.index(measure)])
        assert np.std(values) > 0


def test_the_model_is_the_run_of_the_tables(model):
    config = load_config(*SIZE, "dur_days=364")
    table = run(config).timeseries
    mau = table[(table["group"] == "all") & (table["measure"] == "mau")]
    firsts = [values[0] for _, values in model.simulation.recorder.observations.months]
    n = len(firsts)
    assert n == 6  # June to November; December is not over
    wide = mau.pivot_table(index="date", columns="platform", values="value", observed=True)
    assert np.array_equal(wide[list(config.messengers)].to_numpy()[:n], np.array(firsts))


def test_mesas_own_generator_is_that_of_the_replication():
    """A rule that takes it (docs/howto_agents.md) would else toss the same coins in each."""
    first, again, other = (made("mesa", 0, replication=r).random.random() for r in (0, 0, 1))
    assert first == again != other


def test_a_user_is_printed_as_who_it_is(model):
    user = model.users[7]
    assert repr(user) == f"<User 7: {user.age_band}, {user.region}, {user.type}>"


def test_every_user_is_an_agent(model):
    assert isinstance(model, mesa.Model)
    assert list(model.agents) == model.users
    assert [user.row for user in model.users] == list(range(120))
    assert all(isinstance(user, mesa.Agent) and user.model is model for user in model.users)


def test_properties_of_users_are_their_rows(model):
    users, names = model.simulation.state.users, model.config.messengers
    in_use = users.installed & users.account
    for user in model.users:
        i = user.row
        assert user.messengers == tuple(n for p, n in enumerate(names) if in_use[i] >> p & 1)
        assert user.mandated == tuple(n for p, n in enumerate(names) if users.mandated[i] >> p & 1)
        assert list(user.habits) == list(names)
        habits = from_fixed_point(habit=users.habit[i, : len(names)])
        assert list(user.habits.values()) == pytest.approx(habits)
        assert list(user.beliefs) == list(names)
        believed = 1 / (1 + np.exp(-from_fixed_point(belief=users.belief[i, : len(names)])))
        assert list(user.beliefs.values()) == pytest.approx(believed)
        assert user.vpn == (users.place[i] & 1 == 1)
        assert user.region == model.config.regions[users.place[i] // 2]
        assert user.age_band == BANDS[users.band[i]]
        assert user.type == TYPES[users.type[i] + 1]


def test_the_model_has_all_that_the_properties_can_show(model):
    public = {
        "messengers": set(), "mandated": set(), "age_band": set(), "type": set(), "vpn": set()
    }  # fmt: skip
    for user in model.users:
        public["messengers"].update(user.messengers)
        public["mandated"].update(user.mandated)
        public["age_band"].add(user.age_band)
        public["type"].add(user.type)
        public["vpn"].add(user.vpn)
    assert public["messengers"] >= {"whatsapp", "telegram", "max", "vk"}
    assert public["mandated"] == {"max"}
    assert public["age_band"] == set(BANDS)
    assert public["type"] == set(TYPES)
    assert public["vpn"] == {True, False}


def test_contacts_are_mutual_and_the_ties_of_the_graph(model):
    contacts = {user: set(user.contacts) for user in model.users}
    assert all(user in contacts[other] for user in model.users for other in contacts[user])
    assert all(user not in others for user, others in contacts.items())
    ties = model.simulation.state.ties
    assert [len(user.contacts) for user in model.users] == ties.degree.tolist()


class Stubborn(User):
    """The example of sim/model/agents.py."""

    def install_utility(self, platform):
        return super().install_utility(platform) - (1.0 if platform == "max" else 0.0)


class Unwilling(User):
    def install_utility(self, platform):
        return -np.inf if platform == "max" else super().install_utility(platform)


class Obedient(User):
    """Overrides every rule without changing it."""


PARAMS = (
    "reconsider", "communicate", "converse", "open_apps", "weigh_vpn", "ask_contact", "revise",
    "remember", "follow_promotion", "learn", "switch_vpn", "draw_victimisation", "step", "advance",
    "publish",
)  # fmt: skip
for _name in PARAMS:
    setattr(Obedient, _name, lambda self, _name=_name: getattr(User, _name)(self))
Obedient.install_utility = lambda self, platform: super(Obedient, self).install_utility(platform)


def n_with(model, messenger):
    return sum(messenger in user.messengers for user in model.users)


@pytest.mark.slow
@pytest.mark.parametrize("user_class", [Stubborn, Unwilling])
def test_a_rule_replaced_in_python_changes_what_comes_out(model, user_class):
    changed = made("mesa", user_class=user_class)
    assert {type(user) for user in changed.agents} == {user_class}
    assert n_with(changed, "max") < n_with(model, "max")


@pytest.mark.slow
def test_who_takes_up_a_messenger_at_any_price_has_it_in_the_end():
    class Eager(User):
        def install_utility(self, platform):
            return np.inf if platform == "vk" else super().install_utility(platform)

    eager, usual = (made("mesa", user_class=c) for c in (Eager, User))
    assert n_with(eager, "vk") > 3 * n_with(usual, "vk")


@pytest.mark.slow
def test_rules_that_only_call_their_parents_change_no_bit(model):
    assert_same_state(model, made("mesa", user_class=Obedient))


@pytest.mark.parametrize(
    ("name", "rule"),
    [("recnsider", "reconsider"), ("installUtility", "install_utility"), ("learns", "learn")],
)
def test_a_method_that_is_nearly_called_like_a_rule_is_reported(name, rule):
    """Nobody would call it, and the model would run as if it had not been written."""
    with pytest.raises(TypeError, match=rf"^Mine\.{name}: .* did you mean {rule}\?"):
        type("Mine", (User,), {name: User.learn})


@pytest.mark.parametrize("name", RENAMED)
def test_a_former_name_is_refused_with_the_new_one(model, name):
    with pytest.raises(TypeError, match=rf"^Mine\.{name}: .*{RENAMED[name]}"):
        type("Mine", (User,), {name: User.learn})
    with pytest.raises(AttributeError, match=f"{name}.*{RENAMED[name]}"):
        getattr(model.users[0], name)


def test_a_class_may_have_other_methods_and_values():
    class Mine(User):
        learned = False

        def contacts_with(self, messenger):
            return sum(messenger in contact.messengers for contact in self.contacts)

    assert made("mesa", 0, user_class=Mine).users[0].contacts_with("whatsapp") >= 0


def test_users_know_themselves_when_they_are_made():
    class Remembering(User):
        def __init__(self, model, row):
            super().__init__(model, row)
            self.had = self.messengers

    model = made("mesa", 0, user_class=Remembering)
    assert [user.had for user in model.users] == [user.messengers for user in model.users]
    assert len({user.had for user in model.users}) > 1


class Careless(User):
    """Never takes a VPN and hears no news."""

    def weigh_vpn(self):
        self.step_record.vpn_gain = np.nan

    def hear(self):
        pass

    def learn(self):
        pass


def test_rules_of_vpns_and_beliefs_can_be_replaced_as_well(model):
    careless = made("mesa", user_class=Careless).simulation.state.users
    start = made("mesa", 0).simulation.state.users
    usual = model.simulation.state.users
    assert (careless.place == start.place).all()
    assert (careless.belief == start.belief).all()
    assert (usual.place != start.place).any()
    assert (careless.aware & 0b100 > 0).sum() < (usual.aware & 0b100 > 0).sum()


class Waiting(User):
    def install_utility(self, platform):
        there = sum(platform in contact.messengers for contact in self.contacts)
        return super().install_utility(platform) + there - 2


@pytest.mark.slow
def test_rules_that_look_at_contacts_do_not_depend_on_the_order_of_agents():
    config = load_config("+scenario=call_ban", "engine=mesa", "population.n_users=150")
    start = prepare(config, Threads(1))
    forth, back = (MigrationModel(config, start=start, user_class=Waiting) for _ in range(2))
    back.simulation.engine = MesaEngine(reversed(back.users))
    for model in (forth, back):
        model.run_for(20)
    assert_same_state(forth, back)


def test_a_class_of_ones_own_is_refused_where_only_compiled_rules_run():
    with pytest.raises(ValueError, match=r"Stubborn needs engine=mesa, not compiled"):
        made("compiled", user_class=Stubborn)


def test_more_users_than_agents_are_good_for_are_refused_at_once():
    config = load_config(f"population.n_users={AGENT_LIMIT + 1}")
    with pytest.raises(ValueError, match=rf"n_users={AGENT_LIMIT + 1}.*{AGENT_LIMIT}"):
        MigrationModel(config)


def test_mesa_keeps_time_in_steps():
    stepped, ran = made("compiled", 5), made("compiled", 0)
    assert ran.time == 0
    ran.run_for(5)
    assert (stepped.time, stepped.steps) == (ran.time, ran.steps) == (5, 5)
    assert stepped.simulation.n_done == ran.simulation.n_done == 5
    assert_same_state(stepped, ran)


def test_models_share_a_prepared_start_without_changing_it():
    first = made("compiled", 0)
    start = first.simulation.state
    before = start.users.tobytes()
    shared = made("compiled", 5, start=start)
    assert start.users.tobytes() == before
    assert_same_state(shared, made("compiled", 5))


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (["population.n_users=130"], "start has 120 users; allowed: 130"),
        (["case_dir=turkey_whatsapp_2021"], "start has 5 messengers; allowed: 3"),
        (
            ["~population.regions.moscow", "population.regions.central=0.275"],
            "start has 21 places; allowed: 19",
        ),
        (["abuse=none"], "start has 2 kinds of abuse; allowed: 0"),
    ],
)
def test_a_start_of_another_world_is_refused(others, told):
    """It ended the process, notebook and all, by a segmentation fault."""
    start = made("compiled", 0).simulation.state
    with pytest.raises(ValueError, match=told):
        MigrationModel(load_config("population.n_users=120", *others), start=start)


def test_replications_of_a_model_differ():
    first, second = (made("compiled", 5, replication=r) for r in (0, 1))
    assert first.simulation.state.users.tobytes() != second.simulation.state.users.tobytes()


@pytest.mark.slow
def test_the_how_to_runs_as_it_stands():
    text = (REPO / "docs/howto_agents.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 5
    printed = python("\n".join(blocks))
    usual, careful = map(int, re.search(r"vk: (\d+) users as usual, (\d+)", printed).groups())
    assert usual / 2 < careful < 0.8 * usual  # tastes last: few leave it in half a year
