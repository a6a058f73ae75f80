"""The commands that README and docs show, and how each is run in a test.

``python -m tests.helpers.commands`` prints them: as shown, and as run or why not.
"""

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

REPO = Path(__file__).resolve().parents[2]
PAGES = [REPO / "README.md", *sorted((REPO / "docs").glob("*.md"))]
PIECE = re.compile(
    r"^(?P<pad> *)```(?P<language>\w*)\n(?P<block>.*?)^(?P=pad)```$|`(?P<inline>python -m [^`]+)`",
    re.M | re.S,
)
FILE = re.compile(r"`(conf/[^`]+\.yaml)`[^`\n]*:\n\n```yaml\n(.*?)```", re.S)  # to be written
A_NAME = re.compile(r"python -m [\w.]+( -m)?")  # of a command, which is no command line
SHELL = ("", "sh")  # languages of blocks that hold command lines; output is `text`

SIZE = "population.n_users=200 replications=1"
MESA = "population.n_users=60 replications=1"  # objects take their time
SWEEP = "\"design.overrides=['population.n_users=200']\" design.replications=1 executor=serial"
NOT_RUN = {  # command lines that are not run here: why, and the test that holds them instead
    r"^source ": "the tests run inside the environment: test_setup.py",
    r"^mpirun|^make \.venv/all": "needs mpirun: tests/engine/test_ranks.py",
    r"^make run": "sets up, then runs what stands beside it: test_commands.py",
    r"^make test": "runs this test: test_commands.py",
    r"executor=slurm": "needs Slurm: test_slurm.py, test_slurm_sweep.py",
    r"case_dir=\.\.\.": "leaves the folder open: test_case.py",
    r"(^make|sim\.)\W?app": "serves until Ctrl-C: test_app.py",
    r"sim\.explore( |$)(?!.*dry-run)": "minutes: tests/exports/test_explorable.py",
    r"experiments\.country": "needs the folder of a run: test_country.py",
    r"experiments\.robustness": "minutes in its toy size too: test_robustness.py",
    r"experiments\.sensitivity": "minutes in its toy size too: test_sensitivity.py",
    r"experiments\.phase_diagram": "minutes in its toy size too: test_phase_diagram.py",
    r"experiments\.discover": "minutes in its toy size too: test_discover.py",
    r"experiments\.calibrate": "minutes in its toy size too: test_calibrate.py",
    r"experiments\.validate": "minutes in its toy size too: test_calibrate.py",
    r"experiments\.transport": "minutes in its toy size too: test_transport.py",
    r"experiments\.decompose": "a run a mechanism: test_patterns.py",
}
EXCERPTS = {"howto_rule.md": "sim/rules/habit.py"}  # pages whose Python stands in the package


class Piece(NamedTuple):
    """What a page shows, in its order: a command line, or a block of Python."""

    language: str  # "sh" or "python"
    text: str


def pieces(page):
    """Return the command lines and blocks of Python of a page, in their order."""
    found = []
    for match in PIECE.finditer(page.read_text(encoding="utf-8")):
        if match["inline"]:
            line = " ".join(match["inline"].split())
            found += [] if A_NAME.fullmatch(line) else [Piece("sh", line)]
        elif match["language"] in SHELL:
            block = dedent(match["block"]).replace("\\\n", "")
            found += [Piece("sh", bare(line)) for line in block.splitlines() if line.strip()]
        elif match["language"] == "python":
            found.append(Piece("python", match["block"]))
    return found


def bare(line):
    """Return a command line without its comment."""
    return re.sub(r"\s+#.*$", "", " ".join(line.split()))


def files(page):
    """Return the files that a page tells to write, by path."""
    return dict(FILE.findall(page.read_text(encoding="utf-8")))


def reason(line):
    """Say why a command line is not run here; None if it is."""
    return next((why for pattern, why in NOT_RUN.items() if re.search(pattern, line)), None)


def small(line):
    """Return a command line that does the same in a toy size."""
    line = re.sub(r"range\(\d+\)", "range(1)", line)  # of two scenarios
    line = re.sub(r"(seed=\d+,\d+)(,\d+)+", r"\1", line)
    line = line.replace("--replications 0,1", "--replications 0")  # toys have one
    command, redirect, target = line.partition(" >")
    module = re.match(r"python -m ([\w.]+)", command)
    name = module[1] if module else ""
    if name == "sim" and "from_file" in line:  # the file says how many users there are
        command += " replications=1"
    elif (name == "sim" and "--cfg" not in line) or name in SIZED:
        command += f" {MESA if 'engine=mesa' in line else SIZE}"
    elif name == "sim.compare" and any(re.fullmatch(r"\w+", word) for word in line.split()[3:]):
        command += f" {SIZE}"  # a scenario is run first
    elif name == "experiments.sweep" and " design=" in line:
        command += f" {SWEEP}"
    return command + redirect + target


SIZED = {
    f"experiments.{name}"
    for name in ("record", "patterns", "cases", "scenarios", "acceptance", "bytes")
}  # that take the overrides of python -m sim


def main():
    """Print what pages show, and what is run of it."""
    for page in PAGES:
        for piece in pieces(page):
            if piece.language == "sh":
                why = reason(piece.text)
                told = f"not run: {why}" if why else f"run as: {small(piece.text)}"
                print(f"{page.name}: {piece.text}\n    {told}")


if __name__ == "__main__":
    main()
