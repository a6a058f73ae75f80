"""Does what a how-to page says, to the letter, to a copy of the repository.

A block ```` ```LANGUAGE title="PATH" ```` is a file to write, a block ``diff`` an edit (as `git
apply` takes it), a block ``sh`` holds commands, and a block ``python`` without a title is a
script to run. Other blocks only show something.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

from tests.helpers.commands import REPO

BLOCK = re.compile(
    r"^(?P<pad> *)(?P<fence>```+)(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<text>.*?)^(?P=pad)(?P=fence)$",
    re.M | re.S,
)
NOT_COPIED = (
    ".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", ".coverage*", "outputs",
    "multirun", "build", "*.egg-info",
)  # fmt: skip
TOY = (  # of interpreted rules
    "population.n_users=10", "replications=1", "step_days=14", "dur_days=140", "--no-figures",
)  # fmt: skip
SIZE = re.compile(r"n_users=\d+")


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    title: str  # path of the file to write, "" if none
    text: str


def blocks(page):
    """Return the fenced blocks of a page, in their order."""
    return [
        Block(found["language"], found["title"] or "", dedent(found["text"]))
        for found in BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


MOST = {"howto_rule": 6, "howto_policy": 6, "howto_measure": 4, "howto_platform": 3}  # files
FOLLOWED = [
    path for name in MOST
    if (path := REPO / f"docs/{name}.md").is_file() and any(b.title for b in blocks(path))
]  # fmt: skip


class Follower:
    """Somebody who follows pages in a copy of the repository."""

    def __init__(self, folder):
        self.copy = folder / "copy"
        shutil.copytree(REPO, self.copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
        self.before = contents(self.copy)

    def follow(self, page):
        """Do what the page says, block by block."""
        for block in blocks(page):
            if block.title:
                self.write(block)
            elif block.language == "diff":
                self.edit(block.text)
            elif block.language == "sh":
                for line in block.text.replace("\\\n", " ").splitlines():
                    self.run(line)
            elif block.language == "python":
                self.call([sys.executable, "-c", SIZE.sub(TOY[0].partition(".")[2], block.text)])

    def write(self, block):
        """Write a new file."""
        path = self.copy / block.title
        assert not path.exists(), f"{block.title} exists already: show the edit as a diff"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def edit(self, patch):
        """Change files as a patch says."""
        self.call(["git", "apply", "--recount", "--whitespace=nowarn", "-"], patch)

    def run(self, line):
        """Run a command line in toy size; `python` is the interpreter of the test."""
        command, _, target = line.partition("#")[0].partition(" > ")
        words = shlex.split(command)
        if not words:
            return
        if words[0] == "python":
            words[0] = sys.executable
        if words[1:3] == ["-m", "sim"]:
            words += TOY
        if words[1:3] == ["-m", "pytest"]:
            words += ["-n", "0", "-p", "no:cacheprovider"]
        printed = self.call(words)
        if target:
            (self.copy / target.strip()).write_text(printed, encoding="utf-8")

    def call(self, words, text=None):
        """Run a program in the copy; return what it printed."""
        env = os.environ | {
            "PYTHONPATH": str(self.copy), "NUMBA_DISABLE_JIT": "1", "NO_COLOR": "1",
            "GIT_CEILING_DIRECTORIES": str(self.copy.parent),
        }  # fmt: skip
        done = subprocess.run(
            words, cwd=self.copy, env=env, input=text, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        output = f"{' '.join(words)}\n{text or ''}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, output
        return done.stdout

    def touched(self):
        """Return the files that are new or different, without what runs leave."""
        now = contents(self.copy)
        return sorted(path for path in now.keys() | self.before.keys()
                      if now.get(path) != self.before.get(path))  # fmt: skip


def contents(folder):
    """Return the bytes of the files of a folder by path, without what runs leave."""
    ignored = shutil.ignore_patterns(*NOT_COPIED)
    found = {}
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ignored(here, folders)]
        for name in set(names) - ignored(here, names):
            path = Path(here, name)
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found
