"""What README and docs show works: every command line and block of Python is run, in toy size.

A page is a folder in which its commands follow one another, as they would for a reader. Of the
lines of a page that differ in their worlds alone the first is given as a command; the worlds of
the others are run in this process. What is not run, and why, stands in tests/helpers/commands.py;
a line that is no command is tagged as `text`.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sim import compare, load_config
from sim.base.interrupts import Interrupted
from sim.config.jobs import expand
from sim.config.keys import open_key
from sim.config.launchers import split
from sim.report.run_folder import run_to_folder
from tests.helpers.commands import EXCERPTS, NOT_RUN, PAGES, REPO, files, pieces, reason, small
from tests.helpers.howto import FOLLOWED

README = (REPO / "README.md").read_text(encoding="utf-8")
ELSEWHERE = {  # pages that other tests follow
    "howto_agents.md",  # tests/model/test_model.py looks at what it prints
    *(page.name for page in FOLLOWED),  # tests/project/test_howtos.py
}
SHOWN = [page for page in PAGES if pieces(page) and page.name not in ELSEWHERE]
ONCE = {  # what several pages show is run for the first of them
    piece.text: page
    for page in reversed(SHOWN)
    for piece in pieces(page)
    if piece.text.startswith("python -m ") and not re.search("TIME|FOLDER", piece.text)
}
LINKED = [*PAGES, REPO / "CONTRIBUTING.md", REPO / "sim/kernel/README.md"]
STOPPED = ("+scenario=call_ban_only", "population.n_users=100", "replications=1")


class Reader:
    """Somebody who does what a page says, in a folder."""

    def __init__(self, folder, page):
        self.folder, self.page, self.names = folder, page, {}
        (folder / "docs").mkdir()
        (folder / "cases").symlink_to(REPO / "cases")
        self.written, self.has_run = files(page), False

    def follow(self):
        for language, text in pieces(self.page):
            if language == "python":
                exec(compile(self.filled(text), self.page.name, "exec"), self.names)  # noqa: S102
            elif reason(text) is None and ONCE.get(text, self.page) == self.page:
                self.run(self.filled(small(text)))

    def run(self, line):
        """Run a command line; once one of its like has been run, its worlds without a folder."""
        words = shlex.split(line)
        is_plain = words[:3] == ["python", "-m", "sim"] and " -" not in " ".join(words[2:])
        if is_plain and self.has_run and not self.is_about_files(line):
            compare(load_config(*map(open_key, words[3:])))
        else:
            self.shell(line)
            self.has_run |= is_plain

    def shell(self, line):
        """Run a command line as a shell does."""
        if self.is_about_files(line):  # rules are not compiled for the copy
            line = re.sub(r"n_users=\d+", "n_users=20", line)
        print(f"$ {line}")
        done = subprocess.run(
            ["bash", "-ec", line], cwd=self.folder, env=self.environment(line),
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{self.page.name}: {line}\n{done.stderr}"
        assert done.stdout or ">" in line or line.startswith(("cp", "eval")), line

    def environment(self, line):
        tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = os.environ | {"PATH": tools, "PYTHONPATH": str(REPO), "NO_COLOR": "1"}
        if self.is_about_files(line):
            return env | {"PYTHONPATH": str(self.copy()), "NUMBA_DISABLE_JIT": "1"}
        return env

    def is_about_files(self, line):
        """Say whether a command line needs the files that the page tells to write."""
        return any(Path(name).stem in line for name in self.written)

    def copy(self):
        """Return a copy of the package with the files that the page tells to write."""
        place = self.folder / "clone"
        if not place.exists():
            for name in ("sim", "conf", "cases"):
                left_out = shutil.ignore_patterns("__pycache__")
                shutil.copytree(REPO / name, place / name, ignore=left_out)
            for name, text in self.written.items():
                (place / name).write_text(text, encoding="utf-8")
        return place

    def filled(self, text):
        """Put what is there in place of TIME, FOLDER, NAME; make what is not there yet."""
        text = text.replace("/path/to/mine", "mine")
        if "sim.resume" in text and "multirun" not in text:
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
            self.shell(small(MAKES[parts[0], len(parts)].format(parts)))
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

        with pytest.raises(Interrupted):
            run_to_folder(load_config(*STOPPED), self.folder / "stopped", stop)
        return "stopped"


MEANT = {"sim.case FOLDER": "cases/uae_calls", "sim.scenarios NAME": "call_ban"}
MAKES = {  # what leaves a folder, by its beginning and its depth
    ("outputs", 3): "python -m sim +scenario={0[1]}",
    ("outputs", 4): "python -m experiments.sweep design={0[2]}",
    ("multirun", 2): "python -m sim -m +scenario=call_ban_only seed=1,2",
}


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWN, ids=[page.stem for page in SHOWN])
def test_what_a_page_shows_works(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if page.name in EXCERPTS:
        source = (REPO / EXCERPTS[page.name]).read_text(encoding="utf-8")
        (excerpt,) = (text for language, text in pieces(page) if language == "python")
        assert excerpt[excerpt.index("@rule") :] in source
        return
    Reader(tmp_path, page).follow()


LINES = sorted({piece.text for page in SHOWN for piece in pieces(page) if piece.language == "sh"})


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("python -m sim ")])
def test_a_command_line_composes_in_its_own_size(line):
    words = [w for w in shlex.split(line)[3:] if not w.startswith("-") and w != "job"]
    if "case_dir=..." not in words and not re.search(
        "late_ban|telegram_calls|ties.txt|/path|NAME", line
    ):
        load_config(*expand(split(map(open_key, words)).jobs)[0])  # of many the first job


def test_what_is_not_run_is_shown_and_held_by_another_test():
    for pattern, why in NOT_RUN.items():
        assert any(re.search(pattern, line) for line in LINES), pattern
        for test in re.findall(r"tests/\w+\.py", why):
            assert (REPO / test).is_file(), test


def test_make_run_runs_what_the_tutorial_says():
    done = subprocess.run(
        ["make", "-n", "run"], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert "python -m sim +scenario=call_ban" in done.stdout


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
    assert any(all(c in said for c in ("xposure", "isolation", "welfare")) for said, _ in figures)
