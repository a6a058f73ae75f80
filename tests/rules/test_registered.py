"""An own rule, registered from outside the package: both engines, known answers, refusals."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from sim import ConfigError, compare, load_config, register_rule, run
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.kernel.rng import uniform
from sim.model.model import MigrationModel
from sim.rules.chance import happens
from sim.rules.registered import described_rules, registered_rules
from sim.runs.header import Header
from sim.runs.manifest import manifest, read_manifest
from sim.runs.memory import Estimate
from sim.sweeps.executors import Processes, Slurm
from tests.helpers.worlds import outcome

N = 300
CONFIG = load_config(f"population.n_users={N}", "replications=1", "dur_days=28", "compare_to=[]")


def leave(i, user, own, values, env, params, keys):  # noqa: ARG001
    """Let users leave all messengers for good with a hazard; count the steps until then."""
    if user.mandated == 0 and own.left == 0:
        own.steps += np.uint16(1)
        own.left = happens(uniform(keys[0], i), values.hazard * env.effects.days)
    if own.left:
        user.online, user.installed = np.uint8(0), np.uint8(0)


@pytest.fixture
def leaving():
    own = register_rule(
        "leave", leave, parameters={"hazard": 0.02}, state=[("steps", "u2"), ("left", "u1")],
        draws=("leave",),
    )  # fmt: skip
    yield own
    own.unregister()


def with_engine(name):
    return CONFIG.model_copy(update={"engine": CONFIG.engine.model_copy(update={"name": name})})


def simulated(name, start):
    simulation = MigrationModel(with_engine(name), start=start).simulation
    while simulation.n_done < CONFIG.n_steps:
        simulation.step()
    return simulation


@pytest.mark.slow
def test_both_engines_give_the_same_bits_and_users_leave_as_the_hazard_says(leaving):
    """Survivors are exp(-hazard days); their number is binomial, so within 4 sd of its mean."""
    leaving.set(hazard=0.05)
    start = prepare(CONFIG, Threads(1))
    compiled, mesa = (simulated(name, start) for name in ("compiled", "mesa"))
    for name, array in compiled.state.changing().items():
        np.testing.assert_array_equal(array, mesa.state.changing()[name], err_msg=name)
    assert outcome(compiled) == outcome(mesa)
    own = compiled.state.own["leave"]
    assert 0 < own.left.sum() < N
    alive = np.exp(-0.05 * CONFIG.n_steps * CONFIG.step_days)
    assert abs((own.left == 0).mean() - alive) < 4 * np.sqrt(alive * (1 - alive) / N)
    assert (own.steps[own.left == 0] == CONFIG.n_steps).all()


@pytest.mark.slow
def test_a_rule_changes_tables_and_goes_without_a_trace(leaving):
    """Where all leave in the first step, nobody has a messenger from the second step on."""
    leaving.set(hazard=1e6)
    gone = run(CONFIG).timeseries
    reach = gone[(gone["measure"] == "dau") & (gone["group"] == "all")]
    later = reach["date"] > reach["date"].min()
    assert later.any()
    assert (reach.loc[later, "value"] == 0).all()
    leaving.set(hazard=0.0)
    idle = compare(CONFIG).timeseries
    leaving.unregister()
    assert_frame_equal(idle, compare(CONFIG).timeseries, check_exact=True)


def test_a_manifest_names_the_rules_and_a_checkpoint_of_others_is_refused(tmp_path, leaving):
    with manifest(tmp_path / "run", CONFIG, Estimate(N, 1.0, 1.0)):
        pass
    assert read_manifest(tmp_path / "run")["registered_rules"] == {"leave": {"hazard": 0.02}}
    header = Header.now(CONFIG)
    (tmp_path / "checkpoint").mkdir()
    header.write(tmp_path / "checkpoint")
    assert Header.read(tmp_path / "checkpoint") == header
    leaving.unregister()
    with pytest.raises(ConfigError, match=r"rules=\{'leave'.*it is \{\} now"):
        Header.read(tmp_path / "checkpoint")


def test_a_rule_of_the_same_name_takes_the_place_of_the_first(leaving):
    """As when a cell of a notebook runs twice."""
    again = register_rule("leave", leave, parameters={"hazard": 0.1}, state=[("steps", "u2")])
    assert registered_rules() == (again,)
    assert leaving.parameters == {"hazard": 0.02}


def test_what_cannot_be_meant_is_refused(leaving):
    with pytest.raises(ConfigError, match="rule 'a b': allowed: letters"):
        register_rule("a b", leave)
    with pytest.raises(ConfigError, match="nothing reads speed; allowed"):
        register_rule("other", leave, parameters={"hazard": 0.1, "speed": 1.0})
    with pytest.raises(ConfigError, match=r"leave\.speed=1: allowed: hazard"):
        leaving.set(speed=1)
    with pytest.raises(ConfigError, match=r"leave\.hazard=nan: allowed: a finite number"):
        leaving.set(hazard=float("nan"))
    with pytest.raises(ConfigError, match=r"engine=mpi with registered rules \(leave\); allowed"):
        run(with_engine("mpi"))
    for executor in (Processes(), Slurm(workers=1)):
        with pytest.raises(ConfigError, match=r"registered rules \(leave\); allowed: executor=s"):
            executor.check([CONFIG])
    assert described_rules() == {"leave": {"hazard": 0.02}}
