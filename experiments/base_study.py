"""A study: a command's folder with its sweeps, tables and figures, and the page it writes.

The folder keeps the arguments of the command that began it, so that `--resume FOLDER` goes on
with the same question: finished runs are kept, and a page can be written again.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from experiments import command
from sim.base.errors import ConfigError
from sim.base.timestamps import folder_name
from sim.config.parameters import Behaviour
from sim.runs.manifest import write_json
from sim.sweeps.driver import drive
from sim.sweeps.folder import SweepFolder
from sim.sweeps.request import Request

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEPT, USERS = "command.json", "population.n_users"
UNITS = {  # of policies' keys (sim/policies/), for axes
    "grade": "share of attempts that fail",
    "ceiling": "share of the segment",
    "rate": "1/day",
    "trial_rate": "1/day",
    "awareness_rate": "1/day",
    "help": "utils",
    "cost": "utils",
}
MAY_CHANGE = ("executor", "max_failures")  # when a study is gone on with


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return what all studies understand."""
    made = command.parser(name, description)
    made.add_argument("--resume", type=Path, metavar="FOLDER", help="go on with a study")
    made.add_argument("--quick", action="store_true", help="a toy size, to see that it works")
    made.add_argument(
        "--page", type=Path, metavar="DIR", help="where page and figures go (default: the folder)"
    )
    made.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as of experiments.sweep")
    return made


class Study:
    """A study: its folder, its arguments, its tables and its page.

    Attributes
    ----------
    options : Namespace
        The arguments of the command that began the study.
    path : Path
        Its folder.
    """

    def __init__(
        self, name: str, argument_parser: argparse.ArgumentParser, arguments: Sequence[str]
    ) -> None:
        """Begin a study, or go on with one.

        Raises
        ------
        ConfigError
            If there is no study to resume, or its arguments differ.
        """
        self.name = name
        options = argument_parser.parse_intermixed_args(arguments)
        if options.resume is None:
            self._arguments = list(arguments)
            self.path, self.overrides = _place(name, options.overrides)
        else:
            self._arguments, self.path = _kept(options.resume), options.resume
            new_options, options = options, argument_parser.parse_intermixed_args(self._arguments)
            _refuse_other_question(new_options.overrides)
            options.page = new_options.page
            self.overrides = [*_place(name, options.overrides)[1], *new_options.overrides]
        self.options = options

    def sweep(self, name: str, request: Request) -> SweepFolder:
        """Return a sweep of this study with all its runs done; take those that are missing.

        Raises
        ------
        ConfigError
            If the design is refused.
        SystemExit
            If some runs are not done in the end.
        """
        path = self.path / name
        if SweepFolder.is_sweep(path):
            folder = SweepFolder(path)
        else:
            folder = request.model_copy(update={"folder": str(path)}).begin(name)
            self.keep()
        if folder.n_to_do:
            print(f"{len(folder.runs):,} runs: {path}", flush=True)
            ended = drive(folder, request.executor, request.max_failures)
            if ended.n_missing or ended.n_failed:
                print(
                    f"Ended ({ended.why}): {ended.n_missing} missing, {ended.n_failed} failed. "
                    f"To go on: python -m experiments.{self.name} --resume {self.path}"
                )
                raise SystemExit(1)
        return folder

    def keep(self) -> None:
        """Keep the arguments, by which the study is gone on with."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / KEPT, {"arguments": self._arguments})

    @property
    def typed(self) -> str:
        """Return the command as it is typed, without where things go."""
        shown = [word for word in self._arguments if not word.startswith(("folder=", "executor"))]
        return command.line(self.name, _without_page(shown))

    def made_by(self, *sweeps: SweepFolder) -> str:
        """Return the line under a page's title: command, sizes, runs, version."""
        return f"Made by `{self.typed}`; {'; '.join(map(_fmt, sweeps))}."

    def write_page(
        self, page: str, figures: Mapping[str, Figure], tables: Mapping[str, pd.DataFrame],
        called: str = "",
    ) -> None:  # fmt: skip
        """Write tables to the folder, and page and figures there or to the folder that was named.

        The page has the given name, or that of the study.
        """
        from sim.plotting.files import save  # figures are drawn when all runs are done

        where: Path = self.options.page or self.path
        (where / "figures").mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            table.to_csv(self.path / f"{name}.csv", index=False)
        for name, figure in figures.items():
            save(figure, where / "figures" / name)
        file = where / f"{called or self.name}.md"
        file.write_text(page, encoding="utf-8")
        print(f"Page: {file}\nTables: {self.path}")


def take(request: Request, name: str) -> SweepFolder:
    """Run a whole sweep from Python.

    Parameters
    ----------
    name : str
        Of the design, for the folder if the request names none.

    Raises
    ------
    ConfigError
        If the design is refused, or some runs are not done in the end.
    """
    folder = request.begin(name)
    ended = drive(folder, request.executor, request.max_failures)
    if ended.n_done < ended.n_runs:
        raise ConfigError(
            f"{folder.path}: {ended.n_done} of {ended.n_runs} runs are done ({ended.why}); "
            f"python -m sim.resume --status {folder.path}"
        )
    return folder


def markdown(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(headers) + " |", "|---" * len(headers) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def numbers(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns but the first are aligned to the right."""
    head, left, *lines = markdown(headers, rows).split("\n")
    return "\n".join([head, left.replace("|---", "|---:").replace("|---:", "|---", 1), *lines])


def named(parameter: str) -> str:
    """Return a parameter with its unit, for an axis."""
    group, _, key = parameter.rpartition(".")
    if group == "behaviour" and key in Behaviour.model_fields:
        extra = Behaviour.model_fields[key].json_schema_extra
        assert isinstance(extra, dict)
        unit = str(extra["unit"])
    else:
        unit = UNITS.get(key, "")
    return f"{short(parameter)}, {unit}" if unit else short(parameter)


def short(parameter: str) -> str:
    """Return the label of a parameter in a figure: its key without the group."""
    return re.sub(r"^(behaviour|policies|platforms)\.", "", parameter)


def _place(name: str, overrides: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the folder of a new study, and the overrides that do not name it."""
    named = [word.partition("=")[2] for word in overrides if word.startswith("folder=")]
    rest = [word for word in overrides if not word.startswith("folder=")]
    return Path(named[-1] if named else f"outputs/{name}/{folder_name()}"), rest


def _kept(path: Path) -> list[str]:
    file = path / KEPT
    if not file.is_file():
        raise ConfigError(f"{path}: no study here ({KEPT} is missing)")
    arguments: list[str] = json.loads(file.read_text())["arguments"]
    return arguments


def _refuse_other_question(overrides: Sequence[str]) -> None:
    for word in overrides:
        if not word.startswith(MAY_CHANGE):
            raise ConfigError(f"{word}: the study is begun; may change: {', '.join(MAY_CHANGE)}")


def _without_page(words: Sequence[str]) -> list[str]:
    """Leave out where the page was written."""
    words = [word for word in words if not word.startswith("--page=")]
    at = words.index("--page") if "--page" in words else len(words)
    return [*words[:at], *words[at + 2 :]]


def _fmt(sweep: SweepFolder) -> str:
    design, session = sweep.design, sweep.manifest["sessions"][-1]
    sample = f" n={design.n}" if design.n else ""
    return (
        f"{design.method}{sample}, scenario {', '.join(design.scenarios)}, "
        f"{_users(sweep)} users, {design.replications} replications, "
        f"{len(sweep.runs):,} runs, version {session['versions']['sim']}"
    )


def _users(sweep: SweepFolder) -> str:
    """Return how many users the runs have."""
    if USERS not in sweep.runs:
        return f"{sweep.config(0).population.n_users:,}"
    return f"{sweep.runs[USERS].min():,} to {sweep.runs[USERS].max():,}"
