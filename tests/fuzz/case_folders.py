"""Case folders that are damaged or attack: refused in words, or run."""

import os
import shutil

from sim import load_config
from sim.base.errors import ConfigError
from sim.commands import case
from sim.config.conf import CASES
from sim.observation.observed import check_observed
from sim.runs.run import run
from tests.fuzz.trial import assert_in_words
from tests.fuzz.valid import SHIPPED, assert_sound

SMALL = "population.n_users=40", "replications=1", "step_days=14", "compare_to=[]"
EVIL = (
    "hydra: {job: {chdir: true}}", "defaults: [/hydra/launcher: joblib]", "_target_: os.system",
    "x: ${oc.env:HOME}", "x: !!python/object/apply:os.system ['true']", "x: &a [*a]", "<<: {a: 1}",
    "x: " + "[" * 500 + "]" * 500, "# @package hydra", "hydra/job_logging: evil", "? [a, b]\n: c",
    "%TAG ! tag:evil,2000:", "--- {}", "'': ''", "null: null", "1: 2", "seed: [1, 2]", "\ufeff",
    "x: 2025-13-40", "x: 0x_", "x: .nan", "x: 1e999", "x: " + "9" * 5000, "x: 1:2:3", "x: =",
)  # fmt: skip
CELLS = (
    "", "nan", "inf", "-1", "1e400", "١", "=1+1", '"', "2021-02-30", "0x10", "1,5", "x" * 5000,
    "\0", "9" * 400, "2021-01..2020-12", "\u202e", "100%", " ", "None", "True", "1e-400",
)  # fmt: skip


def run_damaged_case(trial):
    """Damage a copy of a shipped case; check it as its author would, and run it."""
    name = trial.one_of(SHIPPED)
    folder = shutil.copytree(CASES / name, trial.folder / "case")
    for _ in range(trial.one_of([1, 1, 1, 3])):
        path = trial.one_of(sorted(p for p in folder.rglob("*") if p.is_file()))
        way = trial.one_of(_WAYS)
        trial.note(name, path.relative_to(folder), way.__name__)
        way(path, trial)
    said = _problems(folder)
    try:
        config = load_config(f"case_dir={folder}", f"+scenario={name}", *SMALL)
        check_observed(config)
        result = run(config)
    except ConfigError as error:
        trial.note("refused:", error)
        assert_in_words(str(error))
        return "refused"
    trial.note("sim.case:", *said)
    assert_sound(result)
    return "run, warned" if said else "run"


def _problems(folder):
    """Return what the check of a case says."""
    try:
        said = list(case.problems(str(folder)))
        assert said or case.summary(str(folder))
    except ConfigError as error:
        said = str(error).splitlines()
    for line in said:
        assert_in_words(line)
    return said


# -- damage --------------------------------------------------------------------------------------


def _flip(path, trial):
    """Flip bits."""
    content = bytearray(path.read_bytes())
    for _ in range(trial.one_of([1, 1, 3, 30])):
        if content:
            content[trial.below(len(content))] ^= 1 << trial.below(8)
    path.write_bytes(content)


def _truncate(path, trial):
    path.write_bytes(path.read_bytes()[: trial.below(path.stat().st_size + 1)])


def _insert(path, trial):
    """Insert a line of an attack, or of noise."""
    lines = path.read_bytes().split(b"\n")
    line = trial.one_of([trial.one_of(EVIL).encode(), trial.rng.bytes(trial.below(40))])
    lines.insert(trial.below(len(lines) + 1), line)
    path.write_bytes(b"\n".join(lines))


def _repeat(path, trial):
    """Repeat, delete or swap lines."""
    lines = path.read_bytes().split(b"\n")
    a, b = trial.below(len(lines)), trial.below(len(lines))
    way = trial.below(3)
    if way == 0:
        lines.insert(b, lines[a])
    elif way == 1:
        del lines[a]
    else:
        lines[a], lines[b] = lines[b], lines[a]
    path.write_bytes(b"\n".join(lines))


def _value(path, trial):
    """Put a value that does not belong into a cell of a table, or behind a key."""
    separator = "," if path.suffix == ".csv" else ": "
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    at = trial.below(len(lines))
    cells = lines[at].split(separator)
    cells[trial.below(len(cells))] = trial.one_of(CELLS)
    lines[at] = separator.join(cells)
    path.write_text("\n".join(lines), encoding="utf-8")


def _replace(path, trial):
    """Put something else in the place of a file."""
    path.unlink()
    way = trial.below(6)
    if way == 0:
        path.mkdir()
    elif way == 1:
        os.mkfifo(path)
    elif way == 2:
        path.symlink_to(trial.one_of(["/dev/zero", "/etc/passwd", path, "/nowhere"]))
    elif way == 3:
        path.write_bytes(b"")
    elif way == 4:
        path.write_bytes(trial.rng.bytes(1 + trial.below(5000)))


def _more(path, trial):
    """Put a file beside it that does not belong there."""
    name = trial.one_of(["evil.yaml", "evil.py", "..evil.yaml", "a b.yaml", "x.yml", "é.yaml"])
    (path.parent / name).write_text(trial.one_of(EVIL), encoding="utf-8")


_WAYS = (
    _flip,
    _flip,
    _truncate,
    _insert,
    _insert,
    _repeat,
    _value,
    _value,
    _value,
    _replace,
    _more,
)
