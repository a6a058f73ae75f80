"""Damage to results is noticed: one flipped bit, anywhere, in any file of a run."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from sim import ConfigError, load_config, read_result, run_to_folder
from sim.commands.verify import main
from sim.report.page import write_report
from sim.runs.manifest import read_manifest
from tests.helpers.sweeping import GRADE, begin, finish

TINY = ("+scenario=call_ban_only", "population.n_users=100", "replications=1", "dur_days=112")
READ = {"config.yaml", "timeseries.parquet", "effects.parquet", "flows.parquet"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the folder of a run."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    run_to_folder(load_config(*TINY), folder)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    """Return a copy of it, to be damaged."""
    return shutil.copytree(whole, tmp_path / "copy")


def flip(path, rng):
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)


def status(*arguments):
    """Return the exit status of ``python -m sim.verify``."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        return end.code
    return 0


def test_a_manifest_holds_the_hash_of_every_file_of_results(whole, capsys):
    kept = read_manifest(whole)["sha256"]
    assert set(kept) > READ
    assert {path.suffix for path in map(whole.joinpath, kept)} >= {".png", ".svg", ".html"}
    for name, value in kept.items():
        assert hashlib.sha256((whole / name).read_bytes()).hexdigest() == value
    assert status(whole) == 0
    assert f"{len(kept)} files are as the run left them" in capsys.readouterr().out


def test_a_flipped_bit_in_any_file_is_found(folder, capsys):
    rng = np.random.default_rng(1)
    for name in read_manifest(folder)["sha256"]:
        before = (folder / name).read_bytes()
        flip(folder / name, rng)
        assert status(folder) == 1
        assert f"{folder / name}: changed since the run" in capsys.readouterr().err
        if name in READ:
            with pytest.raises(ConfigError, match=f"{name}: changed since the run"):
                read_result(folder)
        (folder / name).write_bytes(before)
    assert status(folder) == 0


def test_a_table_or_figure_that_is_gone_or_changed_is_in_no_report(folder):
    result = read_result(folder)
    figure = next(folder.glob("*.svg"))
    figure.write_text(figure.read_text() + " ")
    with pytest.raises(ConfigError, match=f"{figure.name}: changed"):
        write_report(result, folder)
    (folder / "effects.parquet").unlink()
    with pytest.raises(ConfigError, match=r"effects\.parquet: missing"):
        read_result(folder)


def test_a_report_that_is_written_again_is_no_damage(folder):
    page = folder / "report.html"
    page.write_text("something else")
    assert status(folder) == 1
    write_report(read_result(folder), folder)
    assert status(folder) == 0


def test_a_manifest_that_was_changed_is_found(folder, capsys):
    path = folder / "manifest.json"
    entry = json.loads(path.read_text())
    path.write_text(json.dumps(entry | {"seed": entry["seed"] + 1}))
    assert status(folder) == 1
    assert "manifest.json: changed since the run" in capsys.readouterr().err


def test_a_run_without_hashes_is_refused_by_verify_alone(folder):
    path = folder / "manifest.json"
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in entry.items() if not k.startswith("sha256")}))
    assert status(folder) == 2
    assert len(read_result(folder).timeseries)


@pytest.mark.slow
def test_a_flipped_bit_in_a_shard_of_a_sweep_is_found_or_changes_no_value(tmp_path):
    """The hash is that of all values; a flip in what is no value may be unseen."""
    path = tmp_path / "sweep"
    folder = begin(path, {GRADE: {"levels": (0.1, 0.9)}})
    finish(folder)
    assert status(path) == 0
    shard, file = folder.shards()[0], path / "outcomes" / "00000.parquet"
    before, values, rng, found = file.read_bytes(), shard.outcomes(), np.random.default_rng(1), 0
    for _ in range(40):
        flip(file, rng)
        try:
            same = shard.outcomes().equals(values)
        except ConfigError as error:
            found += str(file) in str(error)
        else:
            assert same
        file.write_bytes(before)
    assert found > 20
