"""What a case brings is read only if it is a file, of honest size, with digits of ASCII."""

import os
import shutil
from time import monotonic

import pandas as pd
import pytest

from sim import load_config
from sim.base import inputs
from sim.base.errors import ConfigError
from sim.commands import case
from sim.config.case_files import MOST_BYTES
from sim.config.conf import CASES
from tests.helpers.case_copy import (
    CASE,
    OF_AGES,
    OF_OBSERVATIONS,
    OF_PLATFORMS,
    PATIENCE,
    append,
    change,
    refused,
)


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(CASES / CASE, tmp_path / "case")


def a_pipe(path):
    os.mkfifo(path)


def endless(path):
    path.symlink_to("/dev/zero")


def elsewhere(path):
    path.symlink_to("/etc/passwd")


def nowhere(path):
    path.symlink_to("nowhere")


def a_folder(path):
    path.mkdir()


def huge(path):
    with path.open("w") as file:
        file.truncate(2**40)  # takes no room


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (a_pipe, "a named pipe; allowed: a file"),
        (endless, "a device; allowed: a file"),
        (elsewhere, "a link that leaves the folder of the case"),
        (a_folder, "a folder; allowed: a file"),
        (huge, "1,099,511,627,776 bytes; allowed: up to "),
        (nowhere, ""),
    ],
)
class TestWhatIsNoFile:
    """What would be waited for without end, read without end, or is nobody's business."""

    def test_is_no_file_of_configuration(self, folder, make, reason):
        make(folder / "conf/scenario/mine.yaml")
        reason = reason or "cannot be read: No such file"
        assert refused(folder).startswith(f"conf/scenario/mine.yaml: {reason}")

    @pytest.mark.parametrize("name", ["population.csv", "observations.csv"])
    def test_is_no_table(self, folder, make, reason, name):
        (folder / "data" / name).unlink()
        make(folder / "data" / name)
        began, said = monotonic(), "\n".join(case.problems(str(folder)))
        assert monotonic() - began < PATIENCE.total_seconds()
        assert name in said
        if make in (elsewhere, huge):
            assert reason in said


def test_a_folder_that_leads_elsewhere_is_not_entered(folder, tmp_path):
    shutil.move(folder / "conf/scenario", tmp_path / "scenario")
    (folder / "conf/scenario").symlink_to(tmp_path / "scenario")
    assert refused(folder).startswith("conf/scenario: a link that leaves the folder of the case")


def test_a_file_of_configuration_is_small(folder):
    append(folder, OF_PLATFORMS, "#" * MOST_BYTES)
    assert f"{OF_PLATFORMS}: 26" in refused(folder)


def test_a_table_of_any_honest_size_is_read(folder, monkeypatch):
    assert inputs.MOST_BYTES == 2**24
    monkeypatch.setattr(inputs, "MOST_BYTES", 2**16)  # the same in less time
    table = folder / OF_AGES
    table.write_bytes(table.read_bytes() + b"\n" * (2**16 - table.stat().st_size))
    assert list(case.problems(str(folder))) == []
    table.write_bytes(table.read_bytes() + b"\n")
    said = "\n".join(case.problems(str(folder)))
    assert "population.csv: 65,537 bytes; allowed: up to 65,536" in said


@pytest.mark.parametrize("ages", ["../population.csv", "/etc/passwd", "..", "a/../population.csv"])
def test_the_table_of_ages_stands_among_the_data(folder, ages):
    shutil.copy(folder / OF_AGES, folder / "population.csv")
    with pytest.raises(ConfigError, match=r"allowed: the name of a file of the data|no such file"):
        load_config(f"case_dir={folder}", f"population.ages={ages}")


def test_draws_are_read_from_a_file_of_the_case(folder):
    (folder / "data/posterior.csv").unlink()
    (folder / "data/posterior.csv").symlink_to("/etc/passwd")
    with pytest.raises(ConfigError, match=r"posterior\.csv: a link that leaves the folder"):
        load_config(f"case_dir={folder}", "parameters=posterior", "seed=2")


@pytest.mark.parametrize("make", [a_pipe, endless, a_folder])
def test_a_graph_is_a_file(tmp_path, make):
    make(tmp_path / "graph")
    with pytest.raises(ConfigError, match=r"network\.path=.*graph: a .*; allowed: a file"):
        load_config("network=from_file", f"network.path={tmp_path}/graph")


@pytest.mark.parametrize(
    ("column", "text"), [("base", "١٢+"), ("value", "٥"), ("date", "٢٠٢١-٠١")]
)
def test_digits_of_observations_are_those_of_ascii(folder, column, text):
    table = pd.read_csv(folder / OF_OBSERVATIONS, dtype=str, keep_default_na=False)
    table.loc[0, column] = text
    table.to_csv(folder / OF_OBSERVATIONS, index=False)
    assert f"observations.csv, line 2: {column}={text!r}: " in "\n".join(
        case.problems(str(folder))
    )


@pytest.mark.parametrize(("old", "new"), [("15-19,", "١٥-١٩,"), ("15-19,", "15-19,١")])
def test_digits_of_the_ages_are_those_of_ascii(folder, old, new):
    change(folder, OF_AGES, old, new)
    assert "population.csv, line 5: " in "\n".join(case.problems(str(folder)))


@pytest.mark.parametrize("override", ["seed=١", "population.n_users=１０００", "start=٢٠٢١-01-04"])
def test_digits_of_a_command_are_those_of_ascii(override):
    with pytest.raises(ConfigError, match=override.split("=")[0]):
        load_config(override)
