"""Folders of runs that were resumed and of runs without a break, compared."""

import json

import pandas as pd
from pandas.testing import assert_frame_equal

TABLES = ("timeseries", "effects", "flows")


def read_manifest(path):
    return json.loads((path / "manifest.json").read_text(encoding="utf-8"))


def assert_same_tables(one, other):
    for name in TABLES:
        mine, theirs = (pd.read_parquet(path / f"{name}.parquet") for path in (one, other))
        assert_frame_equal(mine, theirs, check_exact=True)


def names(path):
    return {p.name for p in path.iterdir()} - {".hydra"}
