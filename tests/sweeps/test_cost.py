"""A dry run says what many runs would cost, checks them all, and leaves nothing."""

import pytest

from experiments.sweep import main as sweep
from sim import load_config
from sim.base.errors import ConfigError
from sim.sweeps import cost
from sim.sweeps.cost import Cost, Speed, cost_of_jobs, cost_of_runs, described
from sim.sweeps.executors import Serial, Slurm
from sim.sweeps.launch import rehearse

SMALL = ("population.n_users=200", "dur_days=63", "replications=3")


@pytest.fixture
def known(monkeypatch):
    """Let a start take ten seconds and the steps of a run two."""
    monkeypatch.setattr(cost, "speed_of", lambda _: Speed(start=10.0, steps=2.0))


@pytest.mark.usefixtures("known")
def test_jobs_cost_a_start_and_the_steps_of_all_their_runs():
    config = load_config("+scenario=call_ban", *SMALL)  # in three worlds
    found = cost_of_jobs([config], 4)
    assert found.core_seconds == 4 * (10 + 3 * 3 * 2)
    drawn = cost_of_jobs([load_config("+scenario=call_ban", "parameters=posterior", *SMALL)], 1)
    assert drawn.core_seconds == 3 * 10 + 3 * 3 * 2  # a society for each replication


@pytest.mark.usefixtures("known")
def test_runs_of_a_design_share_the_starts_of_their_points():
    assert cost_of_runs(load_config(*SMALL), 40, 5).core_seconds == 5 * 10 + 40 * 2


def test_what_was_measured_grows_with_users_and_steps(monkeypatch):
    monkeypatch.setattr(cost, "SAMPLE", 200)
    monkeypatch.setattr(cost.time, "perf_counter", iter(range(100)).__next__)  # a second each
    one = cost.speed_of(load_config("population.n_users=200", "dur_days=77"))
    twice = cost.speed_of(load_config("population.n_users=400", "dur_days=154"))
    assert one == Speed(start=1.0, steps=1.1)
    assert twice == Speed(start=2.0, steps=4.4)


def test_what_is_asked_of_slurm_is_said():
    found = Cost("80 runs", 80, 80 * 3600.0, 3e9, 5e9)
    assert described(found, Serial()) == (
        "80 runs: about 80 hours of one core, 3.0 GB of memory for each at work, up to 5.0 GB of "
        "results.\nNothing was run."
    )
    said = described(found, Slurm(workers=10, cores=2, memory="4GB"))
    assert "up to 10 workers" in said
    assert "about 4 hours with all of them" in said
    assert "too little" not in said
    assert "executor.memory=2GB is too little" in described(found, Slurm(workers=10))


def test_a_dry_run_leaves_nothing_and_refuses_what_a_run_would(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    said = rehearse(["+scenario=call_ban,full_block", "seed=range(3)", *SMALL])
    assert said.startswith("6 jobs of 9 runs of up to 200 users: about ")
    with pytest.raises(ConfigError, match="seed=-1"):
        rehearse(["seed=1,-1"])
    few = 'design.overrides=["population.n_users=200","dur_days=63"]'
    assert sweep(["design=grade_and_push", few, "--dry-run"]) == 0
    assert "runs of up to 200 users" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
