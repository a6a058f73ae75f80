"""Files that are whole or not there, when the disk is full."""

import errno
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from sim import load_config
from sim.report.run_folder import run_to_folder
from sim.runs.manifest import read_manifest, write_json

TINY = ("population.n_users=100", "replications=1", "dur_days=14")


def full(_, path, **__):
    """Write a part of what is to be written."""
    path.write_text("PAR1")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_table_that_finds_no_room_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(OSError, match="No space left on device"):
        run_to_folder(load_config(*TINY), tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    # of the figures, which are drawn meanwhile, whole ones may be there
    figures = {name for name in left if re.fullmatch(r"[a-z_]+\.(png|svg)", name)}
    assert left - figures == {"config.yaml", "manifest.json"}


def test_a_manifest_that_finds_no_room_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "manifest.json"
    write_json(path, {"status": "running"})
    monkeypatch.setattr(os, "fsync", lambda _: full(None, Path(os.devnull)))
    with pytest.raises(OSError, match="No space left on device"):
        write_json(path, {"status": "done"})
    assert read_manifest(tmp_path) == {"status": "running"}
    assert list(tmp_path.iterdir()) == [path]
