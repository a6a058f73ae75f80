"""What the folder of a run keeps: little, and enough to write its report again."""

import numpy as np
import pandas as pd

from sim import load_config, read_result
from sim.config.output import BY_GROUP
from sim.report.page import write_report
from sim.runs.run import compare
from sim.runs.tables import write_tables
from tests.helpers.cli import simulated

MB = 1_000_000
TINY = ("+scenario=call_ban_only", "population.n_users=200", "replications=2", "dur_days=91")
MANY = ("+scenario=call_ban", "population.n_users=1000")  # rows are those of the default job


def test_the_folder_of_the_default_job_is_small_and_writes_its_report_again(tmp_path):
    assert simulated(*MANY, f"hydra.run.dir={tmp_path}", "--quiet").returncode == 0
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5 * MB
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Who moved" in page
    assert write_report(read_result(tmp_path), tmp_path).read_text(encoding="utf-8") == page


def test_everybody_is_kept_to_the_bit_and_groups_by_some_measures(tmp_path):
    result = compare(load_config(*TINY))
    write_tables(result, tmp_path)
    for name, value in (("timeseries", "value"), ("effects", "median")):
        whole, kept = getattr(result, name), pd.read_parquet(tmp_path / f"{name}.parquet")
        mine, theirs = (table[table["group"] == "all"][value] for table in (whole, kept))
        assert np.array_equal(mine.to_numpy(), theirs.to_numpy())
        by_group = kept[kept["group"] != "all"]
        assert set(by_group["measure"]) == set(BY_GROUP)
        there = whole[(whole["group"] != "all") & whole["measure"].isin(BY_GROUP)][value]
        np.testing.assert_allclose(by_group[value].to_numpy(), there.to_numpy(), rtol=1e-7)


def test_fields_and_figures_are_left_out_by_options(tmp_path):
    done = simulated(*TINY, "--fields", "vpn", "--no-figures", f"hydra.run.dir={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert not [*tmp_path.glob("*.svg"), *tmp_path.glob("*.png")]
    rows = read_result(tmp_path).timeseries
    assert set(rows[rows["group"] != "all"]["measure"]) == {"vpn"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Who moved" not in page
    assert "<svg" not in page


def test_a_measure_that_does_not_exist_is_refused_before_a_folder_is_made(tmp_path):
    folder = tmp_path / "run"
    for several in ((), ("-m", "seed=1,2")):
        where = "hydra.sweep.dir" if several else "hydra.run.dir"
        done = simulated(*TINY, "--fields", "dau,worseoff", f"{where}={folder}", *several)
        assert done.returncode != 0
        assert "output.fields" in done.stderr
        assert "worse_off" in done.stderr
        assert not folder.exists()
