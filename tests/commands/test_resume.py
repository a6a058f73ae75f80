"""Runs that are stopped and resumed end in the same bits; what cannot be resumed is refused."""

import dataclasses
import random
import shutil
import signal

import pytest

from sim import load_config
from sim.base.interrupts import Interrupted
from sim.engine.state import State
from sim.report import run_folder as folder
from sim.report.run_folder import fill_folder, run_to_folder
from sim.runs import container
from sim.runs.checkpoint import NAME, Checkpoint
from sim.runs.run import n_steps_in_all
from tests.helpers.country import country
from tests.helpers.resuming import (
    MESA,
    TINY,
    Stop,
    assert_same_tables,
    names,
    nothing,
    read_manifest,
    stopped,
)
from tests.helpers.worlds import world

# -- in this process, stopped after a step that is known -----------------------------------


@pytest.fixture
def _no_figures(monkeypatch):
    monkeypatch.setattr(folder, "save_figures", lambda *_: None)


@pytest.mark.slow
@pytest.mark.usefixtures("_no_figures")
def test_more_messengers_than_a_tile_holds_go_on_with_the_same_bits(tmp_path):
    config = country("compiled")
    run_to_folder(config, tmp_path / "straight")
    stopped(config, tmp_path / "resumed", 10)
    fill_folder(Checkpoint.of(tmp_path / "resumed"), nothing)
    assert_same_tables(tmp_path / "straight", tmp_path / "resumed")


@pytest.mark.slow
@pytest.mark.usefixtures("_no_figures")
@pytest.mark.parametrize(
    ("engine", "seed"),
    [
        (("engine.threads=2",), 1),
        (MESA, 4),
        (("parameters=posterior",), 5),
    ],
)
def test_stopped_again_and_again_it_ends_in_the_same_bits(tmp_path, engine, seed):
    config = load_config(*TINY, *engine, f"seed={seed}")
    run_to_folder(config, tmp_path / "straight")
    path, rng, n_steps = tmp_path / "broken", random.Random(seed), n_steps_in_all(config)  # noqa: S311
    stopped(config, path, rng.randrange(1, n_steps // 2))
    n_stops = 1
    while True:
        checkpoint = Checkpoint.of(path)
        left = n_steps - checkpoint.n_done
        try:
            fill_folder(checkpoint, Stop(rng.randrange(left // 3 + 1, left + 20)))
            break
        except Interrupted:
            n_stops += 1
    assert_same_tables(tmp_path / "straight", path)
    assert names(path) == names(tmp_path / "straight")
    assert len(read_manifest(path)["resumed"]) == n_stops


@pytest.mark.usefixtures("_no_figures")
def test_checkpoints_on_the_way_change_nothing_and_are_gone_at_the_end(tmp_path, monkeypatch):
    written, write = [], container.write
    monkeypatch.setattr(
        container, "write", lambda path, *parts: (written.append(path.name), write(path, *parts))
    )
    run_to_folder(load_config(*TINY), tmp_path / "never")
    assert written == []
    run_to_folder(load_config(*TINY, "engine.checkpoint_minutes=1e-6"), tmp_path / "often")
    assert {"give_in.0.run", "give_in.0.done", "full_block.1.done"} < set(written)
    assert_same_tables(tmp_path / "never", tmp_path / "often")
    assert names(tmp_path / "never") == names(tmp_path / "often")


@pytest.mark.slow
@pytest.mark.usefixtures("_no_figures")
def test_the_manifest_says_what_became_of_the_run(tmp_path):
    config = load_config(*TINY, *MESA, "replications=1")  # steps in the main thread
    stop = stopped(config, tmp_path, 20, signal.SIGTERM)
    assert stop.status == 143
    assert f"20 of {n_steps_in_all(config)} steps" in stop.message
    assert f"python -m sim.resume {tmp_path}" in stop.message
    before = read_manifest(tmp_path)
    assert (before["status"], before["error"]) == ("interrupted", "SIGTERM")
    fill_folder(Checkpoint.of(tmp_path), nothing)
    after = read_manifest(tmp_path)
    assert (after["status"], after["started"]) == ("done", before["started"])
    assert [stage["from_step"] for stage in after["resumed"]] == [20]
    assert "error" not in after


@pytest.mark.slow
@pytest.mark.usefixtures("_no_figures")
def test_only_steps_not_taken_yet_are_taken(tmp_path):
    config, counted = load_config(*TINY, "engine.threads=2"), []
    stopped(config, tmp_path, 30)
    checkpoint = Checkpoint.of(tmp_path)
    n_done = checkpoint.n_done
    assert n_done >= 30
    fill_folder(checkpoint, lambda: counted.append(1))
    assert len(counted) == n_steps_in_all(config) - n_done


@pytest.mark.slow
def test_results_that_were_complete_survive_a_stop_while_figures_are_drawn(tmp_path, monkeypatch):
    config = load_config(*TINY)

    def stop(*_):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(folder, "facts", stop)  # a copy of the process draws meanwhile
    with pytest.raises(Interrupted):
        run_to_folder(config, tmp_path)
    assert Checkpoint.of(tmp_path).n_done == n_steps_in_all(config)
    monkeypatch.undo()
    fill_folder(Checkpoint.of(tmp_path), pytest.fail)
    assert not (tmp_path / NAME).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("_no_figures")
def test_a_second_signal_in_the_midst_of_writing_leaves_the_earlier_checkpoint(
    tmp_path, monkeypatch
):
    config = load_config(*TINY, *MESA, "replications=1")  # which writes in the main thread
    path, straight = tmp_path / "broken", tmp_path / "straight"
    stopped(config, path, 8)
    earlier = {p.name: p.read_bytes() for p in (path / NAME).iterdir()}
    write, pieces = container._Hashed.write, []

    def impatient(self, data):
        pieces.append(data)
        write(self, data)
        if len(pieces) == 9:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(container._Hashed, "write", impatient)
    with pytest.raises(Interrupted):
        fill_folder(Checkpoint.of(path), Stop(2))
    monkeypatch.undo()
    monkeypatch.setattr(folder, "save_figures", lambda *_: None)
    assert {p.name: p.read_bytes() for p in (path / NAME).iterdir()} == earlier
    fill_folder(Checkpoint.of(path), nothing)
    run_to_folder(config, straight)
    assert_same_tables(straight, path)


# -- what is refused --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Return a folder with a checkpoint; tests change copies of it."""
    path = tmp_path_factory.mktemp("broken") / "run"
    stopped(load_config(*TINY, *MESA), path, 80)  # the second run, after the 52 of one
    return path


@pytest.fixture
def copy(broken, tmp_path):
    return shutil.copytree(broken, tmp_path / "run")


@pytest.mark.slow
@pytest.mark.usefixtures("_no_figures")
def test_a_run_that_takes_over_its_start_ends_in_the_same_bits(tmp_path, monkeypatch):
    """A run alone needs no copy of its start, and is resumed from the same start all the same."""
    config = load_config(*TINY, "replications=1", "compare_to=[]")
    run_to_folder(config, tmp_path / "straight")
    monkeypatch.setattr("sim.runs.run.SMALL", 0)
    taken = []
    usual = State.copy
    monkeypatch.setattr(State, "copy", lambda state: taken.append(state) or usual(state))
    run_to_folder(config, tmp_path / "alone")
    stopped(config, tmp_path / "broken", 20)
    fill_folder(Checkpoint.of(tmp_path / "broken"), nothing)
    assert not taken
    for path in ("alone", "broken"):
        assert_same_tables(tmp_path / "straight", tmp_path / path)


def test_a_copy_of_a_state_has_its_own_of_what_changes_and_nothing_else():
    _, start = world()
    one, other = (dict(_named_leaves(state)) for state in (start, start.copy()))
    assert {name for name in one if one[name] is not other[name]} == start.changing().keys()
    assert all(one[name] is array for name, array in start.changing().items())


def _named_leaves(node, path=""):
    """Yield the arrays of a state with their names."""
    if dataclasses.is_dataclass(node):
        inner = {field.name: getattr(node, field.name) for field in dataclasses.fields(node)}
    elif isinstance(node, dict):
        inner = node
    elif hasattr(node, "_asdict"):
        inner = node._asdict()
    else:
        yield path, node
        return
    for name, one in inner.items():
        yield from _named_leaves(one, f"{path}.{name}" if path else name)
