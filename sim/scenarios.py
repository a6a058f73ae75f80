"""Scenarios and their stories: ``python -m sim.scenarios [NAME]``."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Sequence

from sim.composing.conf import names
from sim.composing.schema import load_config
from sim.process.endings import ending_well
from sim.words.stories import story


def listed(width: int) -> str:
    """Return all scenarios with their stories, in lines of `width` characters."""
    indent = 2 + max(map(len, names("scenario")))
    return "\n".join(
        textwrap.fill(
            f"{name:{indent}}{story(name)}", width, subsequent_indent=" " * indent,
            break_on_hyphens=False,
        )
        for name in names("scenario")
    )  # fmt: skip


def dated(scenario: str) -> str:
    """Return the policies of a scenario by date.

    Raises
    ------
    ConfigError
        If there is no such scenario.
    """
    config = load_config(f"+scenario={scenario}")
    spans = sorted(
        (policy.start, str(policy.stop or ""), name) for name, policy in config.policies.items()
    )
    lines = [f"{start} to {stop or 'the end':10}  {name}" for start, stop, name in spans]
    asked = ", ".join(config.compare_to) or "nothing"
    return "\n".join([f"Compared with {asked}.", *(lines or ["No policy is in force."])])


def main(arguments: Sequence[str] | None = None) -> None:
    """List all scenarios, or tell the policies of one."""
    parser = argparse.ArgumentParser(
        "python -m sim.scenarios", description="Scenarios and their stories."
    )
    parser.add_argument("name", nargs="?", help="one of them: its policies by date")
    asked = parser.parse_args(arguments)
    width = shutil.get_terminal_size((100, 24)).columns
    with ending_well():
        if asked.name is None:
            print(listed(width))
        else:
            policies = dated(asked.name)
            print(textwrap.fill(story(asked.name), width), policies, sep="\n\n")


if __name__ == "__main__":
    main()
