"""The command line of experiments that take overrides and print a page."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable


def overrides(name: str, told: str | None) -> list[str]:
    """Return the words that the command got; ``--help`` prints what the module tells of itself."""
    parser = argparse.ArgumentParser(
        f"python -m experiments.{name}",
        description=told,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as of python -m sim")
    given: list[str] = parser.parse_args().overrides
    return given


def line(name: str, words: Iterable[str]) -> str:
    """Return the command as it is typed, for the page that it makes."""
    return shlex.join(["python", "-m", f"experiments.{name}", *words])
