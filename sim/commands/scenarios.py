"""Scenarios and their descriptions: ``python -m sim.scenarios [NAME] [case_dir=FOLDER]``."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.config.case_dir import KEY, admitted
from sim.config.case_files import yaml_files
from sim.config.compose import load_config
from sim.config.conf import names
from sim.config.titles import capital, title
from sim.report.descriptions import description

WELCOME = """\
Who moves, where to and at what cost, when a state restricts calls.
Nothing was run, as no scenario is named. To begin with:

  python -m sim +scenario=call_ban population.n_users=2000

Scenarios, which python -m sim.scenarios describes:

"""


def welcome(width: int) -> str:
    """Return what to run first, and the titles of all scenarios."""
    indent = 2 + max(map(len, names("scenario")))
    return WELCOME + "\n".join(
        textwrap.fill(
            f"{name:{indent}}{capital(title(name))}", width, subsequent_indent=" " * indent
        )
        for name in names("scenario")
    )


def listed(width: int, *cases: Path) -> str:
    """Return all scenarios with their descriptions, those of `cases` last, in lines of `width`."""
    own = [path.stem for case in cases for path in yaml_files(case, "scenario")]
    described = {name: description(name, *cases) for name in [*names("scenario"), *own]}
    indent = 2 + max(map(len, described))
    return "\n".join(
        textwrap.fill(
            f"{name:{indent}}{words}", width, subsequent_indent=" " * indent,
            break_on_hyphens=False,
        )
        for name, words in described.items()
    )  # fmt: skip


def dated(scenario: str, *overrides: str) -> str:
    """Return the policies of a scenario by date, those of a case where `overrides` name one.

    Raises
    ------
    ConfigError
        If there is no such scenario.
    """
    config = load_config(*overrides, f"+scenario={scenario}")
    spans = sorted(
        (policy.start, str(policy.stop or ""), name) for name, policy in config.policies.items()
    )
    lines = [f"{start} to {stop or 'the end':10}  {name}" for start, stop, name in spans]
    asked = ", ".join(config.compare_to) or "nothing"
    return "\n".join([f"Compared with {asked}.", *(lines or ["No policy is in force."])])


def main(arguments: Sequence[str] | None = None) -> None:
    """List all scenarios, or the policies of one."""
    parser = argparse.ArgumentParser(
        "python -m sim.scenarios", description="Scenarios and their descriptions."
    )
    parser.add_argument("name", nargs="?", help="one of them: its policies by date")
    parser.add_argument("case", nargs="?", metavar=f"{KEY}FOLDER", help="also those of a case")
    asked = parser.parse_args(arguments)
    width = shutil.get_terminal_size((100, 24)).columns
    with exit_status_of_errors():
        given = [word for word in (asked.name, asked.case) if word is not None]
        opened = [word for word in given if word.startswith(KEY)]
        named = [word for word in given if not word.startswith(KEY)]
        if len(opened) > 1 or len(named) > 1:
            raise ConfigError(f"{' '.join(given)}: allowed: one NAME and one {KEY}FOLDER")
        cases = [admitted(word.removeprefix(KEY)) for word in opened]
        for name in named:
            policies = dated(name, *opened)
            print(textwrap.fill(description(name, *cases), width), policies, sep="\n\n")
        if not named:
            print(listed(width, *cases))


if __name__ == "__main__":
    main()
