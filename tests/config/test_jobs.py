"""What the jobs of a sweep are, and what is refused before the first of them runs."""

from pathlib import Path

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.config.compose import scenario_name
from sim.config.jobs import configurations, expand
from sim.config.launchers import refuse_launchers, split
from sim.kernel.parallel_map import available_cores
from tests.helpers.cli import command
from tests.helpers.multirunning import finish, start


def test_jobs_are_numbered_as_hydra_numbers_them():
    assert expand(["+scenario=call_ban,full_block", "seed=range(2)", "start=2025-06-01"]) == [
        ("+scenario=call_ban", "seed=0", "start=2025-06-01"),
        ("+scenario=call_ban", "seed=1", "start=2025-06-01"),
        ("+scenario=full_block", "seed=0", "start=2025-06-01"),
        ("+scenario=full_block", "seed=1", "start=2025-06-01"),
    ]


def test_a_job_is_composed_from_its_overrides():
    job = expand(["+scenario=call_ban,full_block", "~policies.max_egov", "seed=3"])[0]
    assert load_config(*job) == load_config("+scenario=call_ban", "~policies.max_egov", "seed=3")


def test_names_can_be_globbed():
    jobs = expand(["+scenario=glob(call_*)"])
    assert [scenario_name(job) for job in jobs] == ["call_ban", "call_ban_only"]


def test_a_name_is_whole_whatever_it_is_made_of():
    """Of `iran-2018` two scenarios were made, `iran` and `2018`."""
    assert scenario_name(["+scenario=iran-2018"]) == "iran-2018"
    assert scenario_name(["++scenario=[iran-2018, 'b.1']"]) == "iran-2018+b.1"


def test_each_swept_value_is_checked_beside_the_first_of_the_others():
    found = list(
        configurations(["seed=range(3)", "+scenario=call_ban,baseline", "replications=2"])
    )
    assert [(c.seed, c.scenario, c.replications) for c in found] == [
        (0, "call_ban", 2), (1, "call_ban", 2), (2, "call_ban", 2), (0, "baseline", 2),
    ]  # fmt: skip
    assert found[2] == load_config("seed=2", "+scenario=call_ban", "replications=2")


def test_numbers_of_a_range_reach_what_is_added_to_a_policy():
    key = "policies.call_restriction.grade"
    found = configurations(["+scenario=call_ban", f"++{key}=range(0,1,0.25)"])
    grades = [config.policies["call_restriction"].grade for config in found]
    assert grades == [0, 0.25, 0.5, 0.75]


def test_what_the_parser_cannot_take_is_refused_in_words():
    with pytest.raises(ConfigError, match="nested too deeply"):
        list(configurations(["seed=1,2", f"seed={'[' * 3000}"]))


def test_thousands_of_jobs_are_checked_at_once():
    assert sum(1 for _ in configurations(["seed=range(2000)", "+scenario=call_ban"])) == 2000


REFUSED = {
    "a value that is not the first": (["seed=1,2,-5"], "seed=-5"),
    "a number of a range": (["step_days=range(1,6)"], "step_days=3"),
    "a scenario that is not the first": (["+scenario=call_ban,nope"], "nope"),
    "an interval": (["seed=interval(0,1)"], "cannot be swept"),
    "a quote that does not end": (["seed='1"], "seed='1"),
}


@pytest.mark.parametrize(("overrides", "word"), REFUSED.values(), ids=REFUSED)
def test_a_sweep_is_refused(overrides, word):
    with pytest.raises(ConfigError) as error:
        list(configurations([*overrides, "replications=1"]))
    assert word in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["-m", "population.n_users=500,200000000", "replications=1000"], "would fit"),
        (["-m", "seed=1,-5", "executor=processes"], "seed=-5"),
        (["-m", "seed=1,2", "executor=processes", "executor.worker=2"], "executor.worker"),
        (["executor=processes"], "after -m"),
        (["-m", "hydra/launcher=joblib"], "hydra/launcher=joblib: write executor=processes"),
        (["seed=1", "+cluster=slurm"], "+cluster=slurm: write executor=slurm"),
    ],
)
def test_nothing_is_left_of_a_sweep_that_is_refused(tmp_path, arguments, word):
    process = command(*arguments, f"hydra.sweep.dir={tmp_path}/sweep", cwd=tmp_path)
    assert process.returncode == 2, process.stderr
    assert word in process.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("before", "successor"),
    [
        ("hydra/launcher=submitit_local", "executor=processes"),
        ("hydra/launcher=submitit_slurm", "executor=slurm"),
        ("+cluster=local", "executor=processes"),
        ("hydra.launcher.n_jobs=4", "executor.KEY=VALUE, as in conf/executor"),
        ("hydra/sweeper=optuna", "python -m experiments.sweep"),
    ],
)
def test_launchers_of_hydra_are_refused_with_their_successors(before, successor):
    with pytest.raises(ConfigError) as error:
        refuse_launchers(["seed=1,2", before])
    assert str(error.value).startswith(f"{before}: ")
    assert successor in str(error.value)


def test_what_follows_m_is_about_jobs_who_runs_them_and_where():
    found = split(["seed=1,2", "executor.workers=3", "hydra.sweep.dir='mine'", "executor=dask"])
    assert found == (["seed=1,2"], ["executor.workers=3", "executor=dask"], Path("mine"))
    with pytest.raises(ConfigError, match=r"hydra\.verbose=true: allowed with -m"):
        split(["hydra.verbose=true"])


def test_slurm_is_refused_where_there_is_none(tmp_path):
    sweep = ("-m", "executor=slurm", "seed=1,2", f"hydra.sweep.dir={tmp_path}/sweep")
    status, _, errors = finish(start("sim", *sweep, PATH=str(tmp_path)))
    assert status == 2
    assert "sbatch not found" in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["SLURM_CPUS_PER_TASK", "NUMBA_NUM_THREADS"])
def test_a_job_takes_no_more_threads_than_it_is_given(monkeypatch, name):
    for told in ("SLURM_CPUS_PER_TASK", "NUMBA_NUM_THREADS"):
        monkeypatch.delenv(told, raising=False)
    all_cores = available_cores()
    monkeypatch.setenv(name, "1")
    assert available_cores() == 1
    for told in ("1024", ""):
        monkeypatch.setenv(name, told)
        assert available_cores() == all_cores
