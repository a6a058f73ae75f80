"""The mesa face: users to look at, data to collect."""

import re

import mesa
import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from sim import load_config
from sim.config.settings import BANDS, TYPES
from sim.measures.series import Series, step_series
from sim.model.model import AGENT_LIMIT, MigrationModel
from sim.rules.records import CALL
from sim.runs.run import run
from tests.helpers.cli import REPO, python
from tests.helpers.models import N_STEPS, REPORTERS, SIZE, assert_same_state, made
from tests.helpers.toys import from_fixed_point


@pytest.fixture(scope="module")
def model():
    """Return the model of plain users, stepped by mesa."""
    return made("mesa", collectors=REPORTERS)


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
    text = text.replace("n_users=200", "n_users=50")  # of a table, whose numbers nobody reads here
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 5
    printed = python("\n".join(blocks))
    usual, careful = map(int, re.search(r"vk: (\d+) users as usual, (\d+)", printed).groups())
    assert usual / 2 < careful < 0.8 * usual  # tastes last: few leave it in half a year
