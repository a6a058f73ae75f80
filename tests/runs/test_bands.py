"""Bands over chance: which runs share random numbers, and when they are known."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sim.base.errors import ConfigError
from sim.runs.bands import Bands


def piece(run, values, scenario="call_ban", platform="max"):
    """Return what a replication gives of a series, a value a month."""
    n = len(values)
    dates = pd.date_range("2025-06-01", periods=n, freq="MS")
    names = {"group": "all", "platform": platform, "channel": "any", "measure": "mau"}
    columns = {name: [text] * n for name, text in names.items()}
    return pa.table({
        "run": [run] * n, "scenario": [scenario] * n, "date": dates, **columns,
        "value": np.array(values, float),
    })  # fmt: skip


def banded(bands, *runs):
    return [table.to_pandas() for table in bands.complete(runs)]


def test_runs_that_differ_by_seed_and_replication_alone_share_a_band():
    done = pd.DataFrame({"run": range(4), "grade": [0.5, 0.9] * 2, "seed": [1, 1, 2, 2]})
    bands = Bands(done.assign(replication=[0, 1, 1, 0]), ["grade", "seed", "replication"])
    for run in range(4):
        for at in (0.0, 0.5):  # replications
            bands.add(piece(run, [at + 0.25 * (run // 2), run % 2]))
    assert banded(bands, 0, 1) == []  # others with the same grade are to come
    (low,) = banded(bands, 2)
    assert low["grade"].tolist() == [0.5, 0.5]
    assert not {"seed", "replication"} & set(low)
    assert low["n"].tolist() == [4, 4]
    assert low[["low", "median", "high"]].iloc[0].tolist() == pytest.approx(
        [0.05 * 0.75, 0.375, 0.95 * 0.75]  # quantiles of 0, .25, .5, .75
    )
    (high,) = banded(bands, 3)
    assert high["grade"].tolist() == [0.9, 0.9]
    assert high[["low", "median", "high"]].iloc[1].tolist() == [1.0] * 3


def test_a_parameter_that_some_runs_do_not_set_is_another_value_of_it():
    done = pd.DataFrame({"run": [0, 1], "grade": [0.5, None]})
    bands = Bands(done, ["grade"])
    for run in range(2):
        bands.add(piece(run, [run]))
    assert [table["median"].item() for table in banded(bands, 0, 1)] == [0.0, 1.0]


def test_each_scenario_has_its_band_and_without_parameters_all_runs_share_it():
    bands = Bands(pd.DataFrame({"run": [4, 7], "seed": [1, 2]}), ["seed"])
    for run in (4, 7):
        bands.add(piece(run, [run]))
        bands.add(piece(run, [10 * run], scenario="baseline"))
    assert banded(bands, 7) == []
    medians = [(t["scenario"].item(), t["median"].item()) for t in banded(bands, 4)]
    assert medians == [("call_ban", 5.5), ("baseline", 55.0)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_replications_of_different_series_are_not_joined(order):
    bands = Bands(pd.DataFrame({"run": range(3), "grade": 0.5}), ["grade"])
    platforms = ("max", "max", "vk")
    for run in order:
        bands.add(piece(run, [0.0], platform=platforms[run]))
    with pytest.raises(ConfigError, match=r"call_ban at grade=0\.5: .* different series"):
        banded(bands, 0, 1, 2)
