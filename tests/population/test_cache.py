"""Worlds on disk: the same as in memory, whole or not there, and checked."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.population import cache
from sim.population.array_store import write_manifest
from sim.population.build import build_world
from sim.population.cache import SMALL, load_world, world_key, worlds_folder
from sim.population.recipe import count_ages
from tests.helpers.cli import REPO, python

N = 150_000  # users: more than SMALL and than a chunk
CONFIG = load_config(f"population.n_users={N}")
LOAD = f"""
import os, sys
from pathlib import Path
from sim import load_config
from sim.population.cache import load_world
config = load_config("population.n_users={N}")
folder = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
world = load_world(config, 1, folder)
place = next(p for p in folder.iterdir() if p.is_dir() and p.suffix != ".part")
print((place / "manifest.json").stat().st_ino, int(world.rows.indices.sum(dtype="u8")), flush=True)
"""


def arrays(world):
    return {
        f"{part}.{field.name}": getattr(getattr(world, part), field.name)
        for part in ("population", "rows", "seats")
        for field in fields(getattr(world, part))
    }


def same(one, other):
    theirs = arrays(other)
    return all(
        a.dtype == theirs[name].dtype and np.array_equal(a, theirs[name])
        for name, a in arrays(one).items()
    )


@pytest.fixture(scope="module")
def world():
    return build_world(CONFIG)


@pytest.fixture
def cached(tmp_path):
    """Return a folder that holds the world."""
    load_world(CONFIG, folder=tmp_path)
    return tmp_path


def place_of(folder):
    return folder / world_key(CONFIG)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_a_world_is_the_same_for_any_number_of_threads_and_from_disk(world, tmp_path, n_threads):
    assert same(build_world(CONFIG, n_threads), world)
    assert same(load_world(CONFIG, n_threads, tmp_path), world)
    assert same(load_world(CONFIG, n_threads, tmp_path), world)


def test_arrays_of_a_loaded_world_are_like_arrays_in_memory(cached):
    for name, array in arrays(load_world(CONFIG, folder=cached)).items():
        assert type(array) is np.ndarray, name
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.flags.aligned


def test_compiled_loops_see_one_type_whether_a_world_is_loaded_or_built(world, cached):
    count_ages(world.population.age)
    n_types = len(count_ages.signatures)
    count_ages(load_world(CONFIG, folder=cached).population.age)
    assert len(count_ages.signatures) == n_types


def test_what_a_run_writes_to_a_loaded_world_is_not_kept(world, cached):
    load_world(CONFIG, folder=cached).population.age[:] = 0
    assert same(load_world(CONFIG, folder=cached), world)


def test_small_worlds_are_not_saved(tmp_path):
    load_world(load_config(f"population.n_users={SMALL - 1}"), folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_cache_stands_where_caches_stand(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert worlds_folder() == tmp_path / "messenger-migration-sim/worlds"


def test_the_key_names_what_a_world_depends_on_and_nothing_else(tmp_path):
    key = world_key(CONFIG)
    assert key == world_key(load_config(f"population.n_users={N}", "dur_days=14"))
    others = ["seed=2", "network.degree_scale=1.1", "population.concern_sd=0.9"]
    keys = {world_key(load_config(f"population.n_users={N}", other)) for other in others}
    assert len(keys | {key}) == 4
    ties = tmp_path / "ties.txt"
    ties.write_text("1 2\n")
    files = ["network=from_file", f"network.path={ties}"]
    first = world_key(load_config(*files))
    ties.write_text("1 3\n")
    assert world_key(load_config(*files)) != first
    config = load_config(*files)
    ties.unlink()
    with pytest.raises(ConfigError, match=r"cannot read .*ties\.txt"):
        world_key(config)


def test_the_key_names_how_many_messengers_there_are_and_the_table_of_ages(tmp_path):
    """Tastes have a column a messenger; ages follow a table of the case."""
    fewer = {name: p for name, p in CONFIG.platforms.items() if name != "imo"}
    assert world_key(CONFIG.model_copy(update={"platforms": fewer})) != world_key(CONFIG)
    shutil.copytree(CONFIG.case.data, tmp_path / "data")
    case = CONFIG.case.model_copy(update={"folder": str(tmp_path)})
    there = CONFIG.model_copy(update={"case": case})
    assert world_key(there) == world_key(CONFIG)
    table = tmp_path / "data" / CONFIG.population.ages
    table.write_bytes(table.read_bytes() + b"\n")
    assert world_key(there) != world_key(CONFIG)


@pytest.mark.parametrize(
    "name", ["population/traits.py", "kernel/inverse_cdfs.py", "config/settings.py"]
)
def test_the_key_names_the_sources_that_build_a_world(monkeypatch, tmp_path, name):
    for room in ("config", "kernel", "population"):
        shutil.copytree(Path(cache.__file__).parents[1] / room, tmp_path / room)
    key = world_key(CONFIG)
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "population/cache.py"))
    assert world_key(CONFIG) == key
    with (tmp_path / name).open("a") as file:
        file.write("# another recipe")
    assert world_key(CONFIG) != key


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    content = bytearray(path.read_bytes())
    content[-len(content) // 3] ^= 16
    path.write_bytes(content)


def remove(path):
    path.unlink()


def forge(path):
    """Write what is no array or manifest, and checksums that fit."""
    if path.suffix == ".json":
        path.write_text(json.dumps(dict.fromkeys(json.loads(path.read_text()), 1)))
    else:
        path.write_bytes(b"no array")
        write_manifest(path.parent)


@pytest.mark.parametrize("damage", [truncate, flip, remove, forge])
@pytest.mark.parametrize("name", ["rows.indices.npy", "population.age.npy", "manifest.json"])
def test_a_damaged_world_is_noticed_said_and_built_anew(world, cached, caplog, damage, name):
    place = place_of(cached)
    damage(place / name)
    assert same(load_world(CONFIG, folder=cached), world)
    assert "built anew" in caplog.text
    caplog.clear()
    assert same(load_world(CONFIG, folder=cached), world)
    assert not caplog.text
    assert {path.name for path in cached.iterdir()} == {place.name, f"{place.name}.lock"}


def test_the_manifest_tells_sizes(cached):
    place = place_of(cached)
    manifest = json.loads((place / "manifest.json").read_text())
    assert all((place / name).stat().st_size == told["bytes"] for name, told in manifest.items())
    assert {path.name for path in place.iterdir()} == {*manifest, "manifest.json"}


def test_a_cache_that_cannot_be_written_does_not_stop_a_run(world, tmp_path, caplog):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    assert same(load_world(CONFIG, folder=blocked), world)
    assert "not cached" in caplog.text


def loader(folder):
    """Start a process that loads the world once it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOAD, str(folder)],
        cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.slow
def test_processes_that_ask_at_once_share_one_world(world, tmp_path):
    processes = [loader(tmp_path) for _ in range(4)]
    for process in processes:
        go(process)
    said = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(said) == 1  # the same file, written once
    assert int(said.pop().split()[1]) == world.rows.indices.sum(dtype=np.uint64)


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_a_builder_that_is_killed_leaves_nothing_that_is_read(world, tmp_path):
    process = loader(tmp_path)
    go(process)
    while not list(tmp_path.glob("*.part/rows.indices.npy")):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not place_of(tmp_path).exists()
    assert same(load_world(CONFIG, folder=tmp_path), world)
    assert not list(tmp_path.glob("*.part"))


def test_memory_grows_by_what_a_world_holds_and_little_more():
    """At most 150 bytes a user: the world itself, whose ties are 75 bytes, in memory."""
    code = """
import resource
from sim import load_config
from sim.population.build import build_world
peaks = []
for n in (2_000, 1_000_000):
    build_world(load_config(f"population.n_users={n}"))
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(peaks[1] - peaks[0])
"""
    assert int(python(code)) < 220_000  # KiB
