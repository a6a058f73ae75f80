"""Execute the notebooks, each in a kernel of its own, and keep their two forms the same.

    python -m experiments.notebooks [NAME ...] [--to DIR]    execute; DIR/NAME.ipynb with outputs
    python -m experiments.notebooks [NAME ...] --pair        write NAME.ipynb from NAME.py
    python -m experiments.notebooks --to DIR --times         note run times in notebooks/README.md

A notebook stands in notebooks/ twice: NAME.py (jupytext, percent format) is what is edited and
reviewed, NAME.ipynb is the same without outputs, to be opened in Jupyter or VS Code. Kernels
work in DIR (outputs/notebooks), so that whatever a notebook writes lands there.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments import command
from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.extras import extra
from sim.kernel.parallel_map import available_cores

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
PATIENCE = 600  # for one cell [s]
TIMES = re.compile(r"(?<=<!-- times -->\n).*?(?=<!-- end -->)", re.S)


def main(arguments: Sequence[str] | None = None) -> None:
    """Execute or pair the notebooks that are asked for, all by default."""
    options = _parser().parse_intermixed_args(arguments)
    with exit_status_of_errors():
        sources = [_source(name) for name in options.names or names()]
        if options.pair:
            for source in sources:
                source.with_suffix(".ipynb").write_text(paired(source), encoding="utf-8")
            return
        times = {source.stem: _execute_into(source, options.to) for source in sources}
        if options.times:
            _note(times)


def names() -> list[str]:
    """Return the names of all notebooks, in their order."""
    return sorted(path.stem for path in FOLDER.glob("[0-9]*.py"))


def paired(source: Path) -> str:
    """Return the text of NAME.ipynb: the cells of NAME.py, without outputs, always the same."""
    return str(extra("nbformat").writes(_read(source))) + "\n"


def execute(source: Path, work: Path) -> Any:
    """Run all cells of a notebook in a new kernel, whose folder is `work`; return it with outputs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises.
    """
    notebook = _read(source)
    client = extra("nbclient").NotebookClient(
        notebook, timeout=PATIENCE, kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(work)}},
        extra_arguments=["--IPKernelApp.log_level=40"],  # errors; not how the kernel is reached
    )  # fmt: skip
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    client.execute(env=os.environ | {"PYTHONPATH": path})
    return notebook


def _read(source: Path) -> Any:
    notebook = extra("jupytext").read(source, fmt="py:percent")
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for k, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{k:02}", {}
    return notebook


def _source(name: str) -> Path:
    if name not in names():
        raise ConfigError(f"{name}: no such notebook; allowed: {', '.join(names())}")
    return FOLDER / f"{name}.py"


class Took(NamedTuple):
    """How long a notebook took: by the clock, and on all cores together [s]."""

    clock: float
    cores: float


def _execute_into(source: Path, folder: Path) -> Took:
    """Execute a notebook, write it with its outputs, and return how long it took."""
    folder.mkdir(parents=True, exist_ok=True)
    began, before = time.perf_counter(), _of_children()
    notebook = execute(source, folder)
    took = Took(time.perf_counter() - began, _of_children() - before)
    target = folder / f"{source.stem}.ipynb"
    with atomic_write(target) as draft:
        draft.write_text(extra("nbformat").writes(notebook) + "\n", encoding="utf-8")
    print(f"{target}  {took.clock:.0f} s, {took.cores:.0f} s of cores", flush=True)
    return took


def _of_children() -> float:
    """Return the time that kernels which have ended took of all cores [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _note(times: dict[str, Took]) -> None:
    """Write how long notebooks took into their README."""
    machine = f"{available_cores()} cores, Python {platform.python_version()}, compiled before"
    heads = f"| notebook | seconds ({machine}) | seconds of all cores together |\n|---|---|---|\n"
    rows = "".join(f"| `{name}` | {t.clock:.0f} | {t.cores:.0f} |\n" for name, t in times.items())
    table = f"\n{heads}{rows}\n"
    readme = FOLDER / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(TIMES.sub(lambda _: table, text), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = command.parser("notebooks", __doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="01_first_run, ...")
    parser.add_argument("--to", type=Path, default=Path("outputs/notebooks"), metavar="DIR")
    parser.add_argument("--pair", action="store_true", help="write NAME.ipynb from NAME.py")
    parser.add_argument("--times", action="store_true", help="note run times in the README")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
