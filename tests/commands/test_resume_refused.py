"""What cannot be resumed is refused, and nothing of it is lost."""

import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.base.interrupts import Interrupted
from sim.base.locks import exclusive_lock
from sim.report import run_folder as folder
from sim.report.run_folder import fill_folder, run_to_folder
from sim.runs.checkpoint import NAME, Checkpoint
from sim.runs.manifest import MULTIRUN
from tests.helpers.resuming import MESA, TINY, assert_same_tables, nothing, stopped


@pytest.fixture
def _no_figures(monkeypatch):
    monkeypatch.setattr(folder, "save_figures", lambda *_: None)


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Return a folder with a checkpoint; tests change copies of it."""
    path = tmp_path_factory.mktemp("broken") / "run"
    stopped(load_config(*TINY, *MESA), path, 80)  # the second run, after the 52 of one
    return path


@pytest.fixture
def copy(broken, tmp_path):
    return shutil.copytree(broken, tmp_path / "run")


def refusal(path):
    with pytest.raises(ConfigError) as error:
        Checkpoint.of(path)
    return str(error.value)


def test_other_sources_are_refused_with_both_hashes(copy, monkeypatch):
    monkeypatch.setattr("sim.runs.header.sources", lambda: "abc")
    message = refusal(copy)
    assert "sources=" in message
    assert "abc now" in message
    assert "commit" in message


def test_other_libraries_are_refused_by_name(copy, monkeypatch):
    monkeypatch.setattr("sim.runs.header.versions", lambda: {"numpy": "0.1"})
    assert f"versions.numpy={np.__version__}, it is 0.1 now" in refusal(copy)


@pytest.mark.parametrize("damage", ["flipped", "shorter", "longer", "empty"])
@pytest.mark.parametrize("kind", ["header.json", ".run", ".done"])
def test_damage_is_noticed_wherever_it_is(copy, kind, damage):
    path = next(p for p in sorted((copy / NAME).iterdir()) if p.name.endswith(kind))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle] ^= 1
    path.write_bytes(
        {"flipped": data, "shorter": data[:middle], "longer": data + b"0", "empty": b""}[damage]
    )
    message = refusal(copy)
    assert str(path) in message
    assert "damaged" in message


def test_a_run_that_was_kept_and_has_finished_since_is_counted_once(copy):
    """As when a process is killed before it deletes where a finished run had stood."""
    (done,) = (copy / NAME).glob("*.done")
    (begun,) = (copy / NAME).glob("*.run")
    shutil.copy(begun, done.with_suffix(".run"))
    assert Checkpoint.of(copy).n_done == 80


@pytest.mark.slow
@pytest.mark.usefixtures("_no_figures")
def test_a_folder_that_is_complete_is_refused(copy):
    fill_folder(Checkpoint.of(copy), nothing)
    assert "complete already" in refusal(copy)
    assert "status=done" in refusal(copy)


def test_folders_without_a_checkpoint_are_refused(tmp_path, copy):
    assert "no such folder" in refusal(tmp_path / "nowhere")
    assert "no checkpoint" in refusal(tmp_path)
    shutil.rmtree(copy / NAME)
    assert "status=interrupted" in refusal(copy)


def test_a_new_run_does_not_overwrite_a_checkpoint(copy):
    with pytest.raises(ConfigError, match="checkpoint of another configuration"):
        run_to_folder(load_config(*TINY), copy)


@pytest.mark.usefixtures("_no_figures")
def test_what_is_left_of_a_checkpoint_without_its_header_is_nobodys(copy, tmp_path):
    """As when a process is killed while it deletes what it had kept."""
    (copy / NAME / "header.json").unlink()
    other = load_config(*TINY, "seed=9")
    run_to_folder(other, copy)
    run_to_folder(other, tmp_path / "alone")
    assert_same_tables(tmp_path / "alone", copy)
    assert not (copy / NAME).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("_no_figures")
def test_what_is_left_without_a_header_is_gone_once_other_runs_are_kept(copy, tmp_path):
    """Else the second run would begin where another one, of another seed, has stood."""
    assert {p.suffix for p in (copy / NAME).iterdir()} == {".json", ".done", ".run"}
    (copy / NAME / "header.json").unlink()
    other = load_config(*TINY, *MESA, "seed=9", "engine.checkpoint_minutes=1e-6")
    run_to_folder(other, copy)
    run_to_folder(other, tmp_path / "alone")
    assert_same_tables(tmp_path / "alone", copy)


def test_a_job_of_a_multirun_names_the_folder_of_all(copy, tmp_path):
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    shutil.copytree(copy, jobs / "0")
    stop = Interrupted(signal.SIGINT)
    assert f"sim.resume {jobs / '0'}" in Checkpoint.of(jobs / "0").explain(stop)
    (jobs / MULTIRUN).touch()
    begun, before = Checkpoint.of(jobs / "0"), Checkpoint.at(jobs / "1", load_config(*TINY))
    for checkpoint in (begun, before):
        assert checkpoint.explain(stop).endswith(f"go on with: python -m sim.resume {jobs}")
    assert Checkpoint.at(Path(), load_config(*TINY)).explain(stop).endswith("nothing was kept.")


def test_a_folder_holds_one_process_at_a_time(tmp_path):
    with exclusive_lock(tmp_path, "other runs"):
        with pytest.raises(ConfigError, match="another process is at"):
            run_to_folder(load_config(*TINY), tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    assert not list(tmp_path.iterdir())


def test_a_world_that_has_changed_is_refused(copy, monkeypatch):
    """As when a file of ties is another by now."""
    monkeypatch.setattr("sim.runs.checkpoint._digest", lambda *_: "other")
    with pytest.raises(ConfigError, match="start=other"):
        fill_folder(Checkpoint.of(copy), nothing)
    assert Checkpoint.of(copy).n_done == 80
