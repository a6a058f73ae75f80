"""Mesa models as runs: they end as a run does, and what they recorded makes its tables."""

import pytest
from pandas.testing import assert_frame_equal

from sim import load_config
from sim.model.model import MigrationModel
from sim.runs.results import assemble
from sim.runs.run import compare
from tests.model.test_model import SIZE


def test_a_model_ends_with_its_run():
    """Mesa's `run_model` goes on while there are steps; a diary cell run twice is told so."""
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
        assemble(config, records, models[0].simulation.recorder.strata),
        compare(config),
    )
    for name in ("timeseries", "effects", "flows"):
        assert_frame_equal(getattr(tables, name), getattr(usual, name), check_exact=True)
    records["baseline"].pop()
    with pytest.raises(ValueError, match=r"^baseline: runs of \[28\] steps; allowed: \[28, 28\]"):
        assemble(config, records, models[0].simulation.recorder.strata)
