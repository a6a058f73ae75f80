"""The command lines of experiments."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose ``--help`` prints the docstring of the module."""
    return argparse.ArgumentParser(
        f"python -m experiments.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def overrides(name: str, description: str | None) -> list[str]:
    """Return the words that a command got which takes nothing but overrides."""
    made = parser(name, description)
    made.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as of python -m sim")
    given: list[str] = made.parse_args().overrides
    return given


def line(name: str, words: Iterable[str]) -> str:
    """Return the command as it is typed, for the page that it makes."""
    return shlex.join(["python", "-m", f"experiments.{name}", *words])
