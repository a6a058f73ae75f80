"""Mesa models as runs: they end as a run does, and what they recorded makes its tables."""

import mesa
import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from sim import ConfigError, load_config
from sim.model.model import MigrationModel
from sim.runs.results import assemble
from sim.runs.run import compare
from tests.model.test_model import SIZE


def test_a_model_ends_with_its_run():
    """Mesa's `run_model` goes on while there are steps; a second trace of the same run says so."""
    model = MigrationModel(load_config("population.n_users=30", "dur_days=21"))
    model.run_model()
    assert (model.simulation.n_done, model.running) == (3, False)
    with pytest.raises(ValueError, match=r"^step 4: the run \(dur_days=21\) ends after 3 steps"):
        model.step()
    assert model.simulation.n_done == 3


def test_what_models_recorded_makes_the_tables_of_a_run():
    """As docs/howto_agents.md makes those of a class of one's own."""
    config = load_config(*SIZE, "compare_to=[baseline]", "replications=2", "dur_days=196")
    records = {}
    for world in (config, config.counterfactual("baseline")):
        models = [MigrationModel(world, r) for r in range(2)]
        for one in models:
            one.run_model()
        records[world.scenario] = [one.simulation.recorder.observations for one in models]
    tables, usual = (
        assemble(config, records, [one.simulation.recorder.strata for one in models]),
        compare(config),
    )
    for name in ("timeseries", "effects", "flows"):
        assert_frame_equal(getattr(tables, name), getattr(usual, name), check_exact=True)
    records["baseline"].pop()
    with pytest.raises(ValueError, match=r"^baseline: runs of \[28\] steps; allowed: \[28, 28\]"):
        assemble(config, records, [one.simulation.recorder.strata for one in models])


def test_models_that_kept_nothing_to_compare_are_not_compared():
    config = load_config("population.n_users=30", "replications=1", "dur_days=35", "compare_to=[]")
    model = MigrationModel(config)
    model.run_model()
    seen, strata = model.simulation.recorder.observations, [model.simulation.recorder.strata]
    assert len(seen.months) == 1
    assert len(assemble(config, {"mine": [seen]}, strata).timeseries) > 0
    with pytest.raises(
        ValueError, match=r"^mine: compare_to=\[\] in its runs; allowed: any other"
    ):
        assemble(config, {"mine": [seen], "usual": [seen]}, strata)


def batch(**keys):
    """Return the rows of a batch of Mesa over a short run."""
    config = load_config("population.n_users=60", "dur_days=35")
    collectors = {
        "model_reporters": {
            "seed": lambda model: model.config.seed,
            "ties": lambda model: sum(len(user.contacts) for user in model.users),
        },
        "agent_reporters": {"messengers": lambda user: len(user.messengers)},
    }
    parameters = {"config": config, "collectors": [collectors]}
    return mesa.batch_run(MigrationModel, parameters, display_progress=False, **keys)


def test_mesa_runs_batches_to_their_last_step_or_to_the_end():
    rows = batch(rng=[1, 2], max_steps=3)
    assert len(rows) == 2 * 60
    assert {row["Step"] for row in rows} == {3}
    assert [row["seed"] for row in rows[::60]] == [row["rng"] for row in rows[::60]] == [1, 2]
    assert rows[0]["ties"] != rows[60]["ties"]  # another society
    assert len({row["messengers"] for row in rows}) > 1
    assert {row["Step"] for row in batch(rng=1)} == {5}


@pytest.mark.filterwarnings("ignore:The `iterations`:DeprecationWarning")
def test_iterations_of_a_batch_differ():
    """Mesa passes rng=None to each: with the seed of the configuration all would be the same."""
    seeds = [row["seed"] for row in batch(iterations=3, max_steps=1)[::60]]
    assert len(set(seeds)) == 3


@pytest.mark.filterwarnings("ignore:The use of the `seed`:FutureWarning")
def test_rng_is_the_seed_of_the_run():
    config = load_config("population.n_users=60")
    same = [MigrationModel(load_config("population.n_users=60", "seed=7"))]
    same += [MigrationModel(config, **{name: 7}) for name in ("rng", "seed")]
    for model in same:
        model.step()
    states = {model.simulation.state.users.tobytes() for model in same}
    assert len(states) == 1
    drawn = [MigrationModel(config, rng=np.random.default_rng(7)).config.seed for _ in range(2)]
    assert drawn[0] == drawn[1] != 7


@pytest.mark.parametrize(
    ("keys", "error", "reason"),
    [
        ({"rng": 1, "seed": 2}, ValueError, "either rng or seed, not both"),
        ({"rng": 2**63}, ConfigError, f"seed={2**63}: must be less than"),
        ({"replicatoin": 1}, TypeError, r"replicatoin=: unknown; allowed: rng, seed"),
    ],
)
def test_keywords_that_mesa_does_not_know_are_refused(keys, error, reason):
    with pytest.raises(error, match=reason):
        MigrationModel(load_config("population.n_users=60"), **keys)


def test_agents_can_be_selected_told_and_counted():
    model = MigrationModel(load_config("population.n_users=60"))
    telegram = model.agents.select(lambda user: "telegram" in user.messengers)
    others = model.agents.select(lambda user: "telegram" not in user.messengers)
    assert 0 < len(telegram) == 60 - len(others) < 60
    assert telegram.agg("row", max) == max(user.row for user in telegram)
    seen = []
    model.agents.do(lambda user: seen.append(user.row))
    assert seen == list(range(60))
