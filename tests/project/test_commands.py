"""What README and docs show works: every command line and block of Python is run, in toy size.

All pages are followed in one folder, as by a reader who goes on from page to page: a line that
was run is not run again. Of the lines `python -m sim ...` that differ in their worlds alone the
first is run; the others are composed, as every scenario is run by test_scenarios.py. Commands
run in this process. What is not run, and why, stands in tests/helpers/commands.py; a line that
is no command is tagged as `text`.
"""

import gc
import io
import os
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from sim import load_config
from sim.base.interrupts import Interrupted
from sim.config.jobs import expand
from sim.config.keys import open_key
from sim.config.launchers import split
from sim.report import run_folder
from sim.report.run_folder import run_to_folder
from tests.helpers.commands import EXCERPTS, NOT_RUN, PAGES, REPO, files, pieces, reason, small
from tests.helpers.howto import FOLLOWED

README = (REPO / "README.md").read_text(encoding="utf-8")
ELSEWHERE = {  # pages that other tests follow
    "howto_agents.md",  # tests/model/test_model.py looks at what it prints
    *(page.name for page in FOLLOWED),  # tests/project/test_howtos.py
}
SHOWN = [page for page in PAGES if pieces(page) and page.name not in ELSEWHERE]
LINKED = [*PAGES, REPO / "CONTRIBUTING.md", REPO / "sim/kernel/README.md"]
STOPPED = ("+scenario=call_ban_only", "population.n_users=100", "replications=1")
A_RUN = re.compile(r"(python -m sim(?: -m)?)(?: --quiet)? [^-]")


class Reader:
    """Somebody who does what one page after the other says, in a folder."""

    def __init__(self, folder):
        self.folder, self.done, self.written = folder, set(), {}
        (folder / "docs").mkdir()
        (folder / "cases").symlink_to(REPO / "cases")

    def follow(self, page):
        self.written, names = files(page), {}
        for language, text in pieces(page):
            if language == "python":
                exec(compile(self.filled(text), page.name, "exec"), names)  # noqa: S102
            elif reason(text) is None:
                self.run(self.filled(small(text)))

    def run(self, line):
        """Run a command line that was not run yet; of runs that differ in worlds, the first."""
        a_run = A_RUN.match(line)
        if any(Path(name).stem in line for name in self.written):
            self.compose_in_a_copy(line)
        elif a_run and a_run[1] in self.done:
            composed(line)
        elif line not in self.done:
            self.done |= {line, a_run and a_run[1]}
            is_plain = line.startswith("python -m ") and ">" not in line
            (self.call if is_plain else self.shell)(line)

    def call(self, line):
        """Run a command line of Python in this process."""
        name, *words = shlex.split(line)[2:]
        threshold, argv, out, status = gc.get_threshold(), sys.argv, io.StringIO(), None
        sys.argv = [name, *words]
        try:
            with redirect_stdout(out), warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*prior to execution")  # imported before
                runpy.run_module(name, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            status = end.code
        finally:
            sys.argv = argv
            gc.set_threshold(*threshold)
        assert not status, f"{line}: status {status}"
        assert out.getvalue(), line

    def shell(self, line, packages=REPO):
        """Run a command line as a shell does."""
        tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = os.environ | {"PATH": tools, "PYTHONPATH": str(packages), "NO_COLOR": "1"}
        done = subprocess.run(
            ["bash", "-ec", line], cwd=self.folder, env=env,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        assert done.stdout or ">" in line or line.startswith(("cp", "eval")), line

    def compose_in_a_copy(self, line):
        """Do what needs files that the page tells to write, without a run."""
        copy = self.folder / "clone"
        if not copy.exists():
            for name in ("sim", "conf", "cases"):
                left_out = shutil.ignore_patterns("__pycache__")
                shutil.copytree(REPO / name, copy / name, ignore=left_out)
        for name, text in self.written.items():
            (copy / name).write_text(text, encoding="utf-8")
        if A_RUN.match(line):
            words = shlex.split(line)[3:]
            line = f"python -c {shlex.quote(f'import sim; print(sim.load_config(*{words}))')}"
        self.shell(line, copy)

    def filled(self, text):
        """Put what is there in place of TIME, FOLDER, NAME; make what is not there yet."""
        text = text.replace("/path/to/mine", "mine")
        if "sim.resume" in text and not re.search("multirun|sweeps", text):
            return f"python -m sim.resume {self.stopped()}"
        for word, meant in MEANT.items():
            if word in text:
                return text.replace("FOLDER", meant).replace("NAME", meant)
        text = text.replace("sim.collect FOLDER", "sim.collect multirun/TIME")
        text = text.replace("sim.report FOLDER", "sim.report outputs/call_ban/TIME")
        for place in re.findall(r"((?:outputs/[\w/]+|multirun)/TIME)", text):
            text = text.replace(place, str(self.newest(place)))
        return text

    def newest(self, place):
        """Return the folder that a command has left."""
        found = sorted(self.folder.glob(place.replace("TIME", "*")))
        if not found:
            parts = place.split("/")
            self.call(small(MAKES[parts[0], len(parts)].format(parts)))
            return self.newest(place)
        return found[-1].relative_to(self.folder)

    def stopped(self):
        """Return a folder whose run was interrupted."""
        left = 5

        def stop():
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGINT)

        if not (self.folder / "stopped").exists():
            with pytest.raises(Interrupted):
                run_to_folder(load_config(*STOPPED), self.folder / "stopped", stop)
        return "stopped"


MEANT = {"sim.case FOLDER": "cases/uae_calls", "sim.scenarios NAME": "call_ban"}
MAKES = {  # what leaves a folder, by its beginning and its depth
    ("outputs", 3): "python -m sim +scenario={0[1]}",
    ("outputs", 4): "python -m experiments.sweep design={0[2]}",
    ("multirun", 2): "python -m sim -m +scenario=call_ban_only seed=1,2",
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return Reader(tmp_path_factory.mktemp("reader"))


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWN, ids=[page.stem for page in SHOWN])
def test_what_a_page_shows_works(page, reader, monkeypatch):
    monkeypatch.chdir(reader.folder)
    if page.name in EXCERPTS:
        source = (REPO / EXCERPTS[page.name]).read_text(encoding="utf-8")
        (excerpt,) = (text for language, text in pieces(page) if language == "python")
        assert excerpt[excerpt.index("@rule") :] in source
        return
    if reader.done:  # figures are drawn on the first page
        monkeypatch.setattr(run_folder, "save_figures", lambda *_: None)
    reader.follow(page)


def composed(line):
    """Compose the first job of a command line."""
    words = [w for w in shlex.split(line)[3:] if not w.startswith("-") and w != "job"]
    load_config(*expand(split(map(open_key, words)).jobs)[0])


LINES = sorted({piece.text for page in SHOWN for piece in pieces(page) if piece.language == "sh"})


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("python -m sim ")])
def test_a_command_line_composes_in_its_own_size(line):
    if not re.search(r"late_ban|telegram_calls|ties.txt|/path|NAME|case_dir=\.\.\.", line):
        composed(line)


def test_what_is_not_run_is_shown_and_held_by_another_test():
    for pattern, why in NOT_RUN.items():
        assert any(re.search(pattern, line) for line in LINES), pattern
        for test in re.findall(r"tests/\w+\.py", why):
            assert (REPO / test).is_file(), test


def test_make_run_runs_what_the_tutorial_says():
    done = subprocess.run(
        ["make", "-n", "run"], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert "python -m sim +scenario=call_ban parameters=posterior" in done.stdout


@pytest.mark.parametrize("page", LINKED, ids=[str(page.relative_to(REPO)) for page in LINKED])
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_every_scenario_is_named():
    for path in (REPO / "conf/scenario").glob("*.yaml"):
        assert f"`{path.stem}`" in README, path.stem


def test_the_two_commands_stand_at_the_top():
    top = README[: README.index("\n## ")]
    assert "make run" in top
    assert "make test" in top


def test_the_costs_stand_beside_the_first_figures_of_adoption():
    figures = re.findall(r"!\[([^]]+)\]\((docs/figures/\w+\.png)\)", README)
    assert "docs/figures/reach.png" in [path for _, path in figures]
    assert any(
        all(c in said for c in ("tate reading", "without means", "welfare")) for said, _ in figures
    )
