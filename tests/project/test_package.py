"""The wheel, installed in an environment of its own and used in an empty folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib

import pytest

from tests.helpers.cli import REPO


def in_folder(folder, *command):
    env = os.environ | {"NUMBA_DISABLE_JIT": "1"}  # to compile the copy takes a minute
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the scripts of an environment that holds the wheel; libraries are borrowed."""
    folder = tmp_path_factory.mktemp("package")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    sources = folder / "sources"  # a copy: setuptools leaves folders where it builds
    for name in ("sim", "conf", "cases"):
        shutil.copytree(REPO / name, sources / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPO / name, sources)
    in_folder(
        folder, *pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder,
        sources,
    )  # fmt: skip
    in_folder(folder, sys.executable, "-m", "venv", "--without-pip", folder / "env")
    python = folder / "env/bin/python"
    site = in_folder(
        folder, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"
    )
    (wheel,) = folder.glob("*.whl")
    in_folder(folder, *pip, "--python", python, "install", "--no-deps", "--no-index", wheel)
    with open(f"{site.strip()}/libraries.pth", "w", encoding="utf-8") as file:
        file.write(sysconfig.get_path("purelib"))
    return folder / "env/bin"


@pytest.mark.slow
def test_the_wheel_runs_in_an_empty_folder(installed, tmp_path):
    where = in_folder(tmp_path, installed / "python", "-c", "import sim; print(sim.__file__)")
    assert where.startswith(str(installed.parent))
    run = (
        "+scenario=call_ban",
        "population.n_users=20",
        "replications=1",
        "step_days=14",
        "compare_to=[]",
    )
    out = in_folder(tmp_path, installed / "messim", *run, "--quiet")
    assert (tmp_path / out.strip() / "report.html").is_file()
    assert "Nothing is wrong" in in_folder(tmp_path, installed / "messim", "case", "uae_calls")
    same = in_folder(tmp_path, installed / "python", "-m", "sim.case", "uae_calls")
    assert same == in_folder(tmp_path, installed / "messim", "case", "uae_calls")


def test_every_room_is_packed():
    packed = tomllib.loads((REPO / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    rooms = {f"sim.{path.parent.name}" for path in (REPO / "sim").glob("*/__init__.py")}
    assert set(packed) == {"sim", "sim.conf", "sim.cases"} | rooms
