"""The compile cache never serves stale code, and works where the home cannot be written."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.base.private import private_folder
from sim.kernel import compiled

# preinstall (rules/promotion.py) calls event_occurs (rules/chance.py), which calls happens unless
# the random bits already rule the event out: with a hazard of almost zero, nothing is installed
CALL = """
import numpy as np
from sim.rules.promotion import preinstall
from sim.rules.records import EFFECTS, PURPOSES, USER, records
effects, users = records(EFFECTS, 1)[0], records(USER, 2000)
effects.preinstall[0] = 1e-12
for i, user in enumerate(users):  # random bits leave some of them to the helper
    preinstall(i, user, 0, effects, np.zeros(len(PURPOSES), np.uint64))
print(int(users.installed.any()))
"""
HAPPENS = "return bool(u < hazard)"


@pytest.fixture
def package(tmp_path):
    """Return a folder with a copy of the package and a cache of its own."""
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(sim.__file__).parent, tmp_path / "sim", ignore=leave)
    return tmp_path


def run(package, code, **environment):
    kept = {k: v for k, v in os.environ.items() if k != "HOME" and not k.startswith("NUMBA_")}
    env = {**kept, "XDG_CACHE_HOME": str(package / "cache"), **environment}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=package,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def caches(package):
    return list((package / "cache/messenger-migration-sim/numba").iterdir())


@pytest.mark.slow
def test_a_changed_helper_of_another_module_is_compiled_anew(package):
    """numba alone would keep the old helper inside its cached caller."""
    assert run(package, CALL) == run(package, CALL) == "0"
    assert len(caches(package)) == 1
    helper = package / "sim/rules/chance.py"
    assert HAPPENS in helper.read_text()
    helper.write_text(helper.read_text().replace(HAPPENS, "return True"))
    assert run(package, CALL) == "1"
    assert len(caches(package)) == 2


def test_the_cache_counts_as_empty_until_something_is_compiled(package):
    ask = "\nfrom sim.kernel.compiled import nothing_compiled\nprint(nothing_compiled())"
    assert (
        run(package, "import sim.engine.engines" + ask) == "True"
    )  # folders are made by importing
    assert run(package, CALL + ask) == "0\nFalse"


FACES = """
from sim.kernel.compiled import rule
@rule
def one_more(x): return x + 1
@rule
def two_more(x): return one_more(one_more(x))
def told(): return [len(face.signatures) for face in (one_more, two_more)]
print(two_more(1), told(), one_more(2), told(), two_more(0.5), told())
"""


@pytest.mark.skipif(compiled.INTERPRETED, reason="nothing is compiled")
def test_what_rules_call_is_compiled_for_python_only_where_python_calls_it(package):
    code = package / "faces.py"  # numba keeps nothing of a function without a file
    code.write_text(FACES)
    assert run(package, "import faces") == "3 [1, 1] 3 [2, 1] 2.5 [3, 2]"
    assert run(package, "import faces") == "3 [0, 1] 3 [1, 1] 2.5 [1, 2]"  # from the cache


def test_touching_a_file_keeps_the_cache(package):
    run(package, CALL)
    (package / "sim/rules/habit.py").touch()
    run(package, CALL)
    assert len(caches(package)) == 1


@pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(package):
    blocked = package / "cache"
    blocked.write_text("a file where a folder should be")
    assert run(package, CALL, TMPDIR=str(package)) == "0"
    assert (package / "messenger-migration-sim/numba").is_dir()


def test_numba_imported_before_us_still_uses_our_cache(package):
    assert run(package, "import numba\n" + CALL) == "0"
    (cache,) = caches(package)
    assert list(cache.rglob("*.nbi"))
    assert not list((package / "sim").rglob("*.nbi"))  # what is compiled later stands there too


def test_a_folder_asked_for_holds_one_cache_a_state_of_the_sources(package):
    assert run(package, CALL, NUMBA_CACHE_DIR=str(package / "asked")) == "0"
    assert len(list((package / "asked/messenger-migration-sim/numba").iterdir())) == 1


def open_to_a_group(folder):
    folder.chmod(0o750)


def open_to_all(folder):
    folder.chmod(0o707)


def of_somebody_else(folder):
    os.chown(folder, 65534, 65534)


def a_link(folder):
    folder.rename(folder.with_name("moved"))
    folder.symlink_to("moved")


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
@pytest.mark.parametrize("level", ["messenger-migration-sim", "messenger-migration-sim/numba", ""])
def test_a_cache_of_somebody_else_is_left_alone(tmp_path, level):
    """What numba keeps is a pickle: who can write it, runs what he likes."""
    assert not is_used_after(of_somebody_else, tmp_path, level)


@pytest.mark.parametrize("harm", [a_link, open_to_all])
@pytest.mark.parametrize("level", ["messenger-migration-sim", "messenger-migration-sim/numba", ""])
def test_a_cache_that_others_can_write_is_left_alone(tmp_path, level, harm):
    assert not is_used_after(harm, tmp_path, level)


def test_the_cache_itself_is_closed_to_others_from_the_first(tmp_path):
    assert is_used_after(Path.iterdir, tmp_path, "")
    assert not is_used_after(open_to_a_group, tmp_path, "")


@pytest.mark.parametrize(("mode", "is_used"), [(0o777, False), (0o1777, True), (0o755, True)])
def test_a_cache_is_used_below_a_folder_of_all_only_if_they_cannot_rename_it(
    tmp_path, mode, is_used
):
    tmp_path.chmod(mode)
    assert (private_folder(tmp_path / "base", ("a", "b")) is not None) == is_used


def is_used_after(harm, base, level):
    """Say whether a cache is used again after something was done to one of its levels."""
    levels = (*compiled.LEVELS, "key")
    folder = private_folder(base, levels)
    assert folder is not None
    assert [one.stat().st_mode & 0o777 for one in (folder, folder.parent)] == [0o700, 0o700]
    harm(base / level if level else folder)
    return private_folder(base, levels) == folder


def test_a_cache_without_room_is_replaced(tmp_path):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so a write fails, as on a full disk
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    try:
        assert private_folder(tmp_path, ("a", "b")) is None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert private_folder(tmp_path, ("a", "b")) == tmp_path / "a/b"


FULL = """
import resource, sys
import sim.kernel.compiled as c
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
import faces
from sim.kernel.compiled import nothing_compiled
print(nothing_compiled())
"""


def run_short_of_room(package, code, *arguments, **environment):
    """Run `code` beside the rules of FACES; return what was printed, and told."""
    (package / "faces.py").write_text(FACES)
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=package, capture_output=True, text=True,
        env=os.environ | {"XDG_CACHE_HOME": str(package / "cache")} | environment, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


@pytest.mark.skipif(compiled.INTERPRETED, reason="nothing is compiled")
def test_where_nothing_can_be_kept_rules_are_compiled_and_the_places_are_named(package):
    package.chmod(0o777)
    here = {name: str(package) for name in ("XDG_CACHE_HOME", "TMPDIR")}
    printed, told = run_short_of_room(package, "import faces", **here)
    assert printed == "3 [1, 1] 3 [2, 1] 2.5 [3, 2]\n"
    assert told.count("Compiled code is not kept: not private") == 1
    assert str(package) in told
    assert not list(package.rglob("*.nbi"))


@pytest.mark.skipif(compiled.INTERPRETED, reason="nothing is compiled")
def test_a_disk_that_fills_up_meanwhile_does_not_end_a_run(package):
    """The limit of the size of a file makes writes fail, as a full disk does."""
    printed, told = run_short_of_room(package, FULL, "100")
    assert printed == "3 [1, 1] 3 [2, 1] 2.5 [3, 2]\nTrue\n"
    assert told.count("compiled code is not kept there") == 1
    assert str(package / "cache") in told
    printed, told = run_short_of_room(package, FULL, str(2**30))  # there is room again
    assert (printed.splitlines()[-1], told) == ("False", "")


@pytest.mark.skipif(compiled.INTERPRETED, reason="nothing is compiled")
def test_a_folder_asked_for_that_cannot_be_used_is_named_with_the_one_in_its_place(package):
    (package / "asked").write_text("a file where a folder should be")
    code = "import sim.kernel.compiled as c; print(c._config.CACHE_DIR)"
    printed, told = run_short_of_room(package, code, NUMBA_CACHE_DIR=str(package / "asked"))
    assert printed.startswith(str(package / "cache"))
    assert told.startswith(f"Compiled code is kept in {package / 'cache'}")
    assert f"room: {package / 'asked'}; another" in told
