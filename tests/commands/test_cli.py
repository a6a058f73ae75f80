"""The real command: what it leaves, what it refuses, and what becomes of a run that breaks."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas.testing import assert_frame_equal

from sim import load_config
from sim.base.versions import PACKAGES
from sim.config.keys import close_key
from sim.config.validation import validate
from sim.report.run_folder import run_to_folder
from sim.runs.kept import kept
from sim.runs.manifest import manifest
from sim.runs.memory import estimate_memory
from sim.runs.run import compare
from tests.helpers.cli import command, simulated

TINY = ("population.n_users=100", "replications=1", "dur_days=14")
SMALL = ("+scenario=call_ban_only", "population.n_users=200", "replications=2", "seed=4")
TABLES = ("timeseries", "effects", "flows")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Return a run that went well, and its folder."""
    folder = tmp_path_factory.mktemp("run") / "call_ban_only"
    return command(*SMALL, f"hydra.run.dir={folder}"), folder


def read_manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def read_tables(folder):
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}


def test_a_run_leaves_what_it_promises(done):
    process, folder = done
    assert process.returncode == 0, process.stderr
    figures = ("reach", "use", "harms", "flows", "effects_against_baseline")
    expected = {f"{name}.parquet" for name in TABLES} | {"config.yaml", "manifest.json"}
    expected |= {f"{name}.{kind}" for name in figures for kind in ("png", "svg")}
    found = {path.name for path in folder.iterdir()}
    assert expected <= found
    assert not [name for name in found if name.startswith(".") and name != ".hydra"], "drafts"
    assert all((folder / name).stat().st_size > 0 for name in expected)


def test_a_run_says_what_came_out_and_where_it_is(done):
    process, folder = done
    for word in ("WhatsApp", "Readable by", "observed points are missed", str(folder)):
        assert word in process.stdout


def test_nothing_of_a_terminal_escapes_into_a_file(done):
    process, _ = done
    assert "Warning" not in process.stderr
    assert "\x1b" not in process.stderr
    assert "\r" not in process.stdout
    assert "\x1b" not in process.stdout


def test_the_manifest_of_a_run_that_went_well(done):
    entry = read_manifest(done[1])
    assert (entry["status"], entry["scenario"], entry["compare_to"], entry["seed"]) == (
        "done", "call_ban_only", ["baseline"], 4,
    )  # fmt: skip
    assert (entry["n_users"], entry["replications"], entry["engine"]) == (200, 2, "compiled")
    assert set(PACKAGES) < set(entry["versions"])
    assert set(entry["timings_s"]) == {"simulate", "tables", "figures", "facts", "report"}
    memory = entry["memory_gb"]
    assert 0.1 < memory["estimate"] < 2 * memory["peak"]
    assert entry["duration_s"] >= sum(entry["timings_s"].values()) - 0.01
    assert pd.Timestamp(entry["started"]).tzinfo is not None
    assert "error" not in entry


def test_the_configuration_that_a_run_keeps_gives_the_same_run(done):
    folder = done[1]
    config = validate(yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")))
    again = compare(config)
    for name, table in read_tables(folder).items():
        mine = kept(getattr(again, name), config).reset_index(drop=True)
        assert_frame_equal(mine, table, check_exact=True, check_categorical=False)


AMOUNTS = r"use|multihoming|chats|\w+_(attempts|incidents|losses)"  # measures that may exceed 1


def test_a_run_keeps_the_overrides_of_its_command_line(done):
    left = yaml.safe_load((done[1] / ".hydra/overrides.yaml").read_text(encoding="utf-8"))
    assert [close_key(one) for one in left] == list(SMALL)


def test_tables_on_disk_have_their_columns_and_possible_values(done):
    tables = read_tables(done[1])
    key = ["date", "group", "platform", "channel", "measure"]
    assert list(tables["timeseries"]) == ["scenario", "replication", *key, "value"]
    assert list(tables["effects"]) == ["scenario", "counterfactual", *key, "median", "low", "high"]
    assert list(tables["flows"])[2:] == [
        "from_date", "to_date", "from_platform", "to_platform", "share",
    ]  # fmt: skip
    t = tables["timeseries"]
    assert not t[t["group"] == "all"]["value"].isna().any()
    is_amount = t["measure"].astype(str).str.fullmatch(AMOUNTS)
    shares = t[~is_amount & (t["measure"] != "welfare")]["value"].dropna()
    assert shares.between(0, 1 + 1e-6).all()
    assert (t[is_amount]["value"].dropna() >= 0).all()
    assert tables["flows"]["share"].between(0, 1).all()
    e = tables["effects"].dropna()
    assert (e["low"] <= e["median"]).all()
    assert (e["median"] <= e["high"]).all()
    assert np.isfinite(t["value"].dropna()).all()


REFUSED = {
    "an unknown key": (["typo=1"], "typo"),
    "an unknown key, added": (["+typo=1"], "typo=1"),
    "a sweep without -m": (["seed=1,2"], "--multirun"),
    "an unknown scenario": (["+scenario=nope"], "call_ban_only"),
    "a scenario without +": (["scenario=call_ban"], "+scenario=call_ban"),
    "an impossible value": (["behaviour.call_share=1.5"], "behaviour.call_share=1.5"),
    "a number for a group": (["population=5"], "population"),
    "a file that is not named": (["network=from_file"], "network.path"),
    "a folder without a name": (["hydra.run.dir="], "hydra.run.dir="),
    "a folder of a sweep without a name": (["-m", "hydra.sweep.dir=''"], "dir='': empty"),
    "a key of Hydra": (["hydra.job.chdir=true"], "allowed for one run: hydra.run.dir=FOLDER"),
    "a launcher of one run": (["hydra/launcher=joblib"], "write executor=processes"),
    "an option of Hydra": (["--info"], "--info: allowed: ~policies.NAME"),
    "code to run": (
        ["+hydra.callbacks.x._target_=os.mkdir", "+hydra.callbacks.x.path={folder}"],
        "_target_",
    ),
    "code to run in a sweep": (
        ["-m", "+hydra.callbacks.x._target_=os.mkdir", "+hydra.callbacks.x.path={folder}"],
        "_target_",
    ),
}


@pytest.mark.parametrize(("arguments", "word"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_says_why_and_leaves_no_folder(tmp_path, arguments, word, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "folder"
    filled = [argument.format(folder=folder) for argument in arguments]
    process = simulated(*filled, *TINY, f"hydra.run.dir={folder}")
    assert process.returncode == 2, process.stderr
    assert word in process.stderr
    assert process.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_says_running_while_a_run_lasts(tmp_path, config):
    with manifest(tmp_path, config, estimate_memory(config)) as timings:
        assert read_manifest(tmp_path)["status"] == "running"
        timings["thinking"] = 1.25
    entry = read_manifest(tmp_path)
    assert (entry["status"], entry["timings_s"]) == ("done", {"thinking": 1.25})
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


@pytest.fixture
def config(done):
    return validate(yaml.safe_load((done[1] / "config.yaml").read_text(encoding="utf-8")))


def test_a_run_that_breaks_leaves_its_traceback(tmp_path):
    """A file of ties can only be read once the run has begun; this one is no such file."""
    ties, folder = tmp_path / "ties.txt", tmp_path / "run"
    ties.write_text("0 1\n1 two\n")
    process = command(
        "network=from_file", f"network.path={ties}", *TINY, f"hydra.run.dir={folder}"
    )
    assert process.returncode != 0
    assert "two" in process.stderr
    entry = read_manifest(folder)
    assert entry["status"] == "failed"
    assert "two" in entry["error"]
    assert "Traceback" in entry["traceback"]
    assert (folder / "config.yaml").is_file()
    assert not list(folder.glob("*.parquet"))


def test_a_folder_that_cannot_be_made_is_reported_and_nothing_is_run(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    process = simulated(*TINY, f"hydra.run.dir={taken}")
    assert process.returncode != 0
    assert str(taken) in process.stderr
    assert taken.read_text() == "mine"


def test_a_folder_used_again_holds_the_figures_of_its_last_run_alone(done, tmp_path):
    """Effects against a yardstick of the run before stood beside the tables of another world."""
    folder = shutil.copytree(done[1], tmp_path / "run")
    before = {path.stem for path in folder.glob("*.png")}
    run_to_folder(load_config("+scenario=baseline", *TINY), folder)
    assert before - {path.stem for path in folder.glob("*.png")} >= {"effects_against_baseline"}


def test_by_default_a_folder_is_named_after_scenario_and_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    process = simulated("+scenario=baseline", *TINY)
    assert process.returncode == 0, process.stderr
    (folder,) = tmp_path.glob("outputs/*/*")
    assert folder.parent.name == "baseline"
    pd.to_datetime(folder.name[:19], format="%Y-%m-%d_%H-%M-%S")
    assert read_manifest(folder)["status"] == "done"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--help"], ["scenario:", "call_ban", "policy:"]),
        (["--cfg", "job", "+scenario=call_ban"], ["call_restriction:", "grade:", "n_users:"]),
    ],
    ids=["help", "configuration"],
)
def test_one_can_look_without_running(tmp_path, flags, words, monkeypatch):
    monkeypatch.chdir(tmp_path)
    process = simulated(*flags)
    assert process.returncode == 0, process.stderr
    for word in words:
        assert word in process.stdout
    assert list(tmp_path.iterdir()) == []
