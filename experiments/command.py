"""The command line of experiments that take overrides and print a page."""

from __future__ import annotations

import argparse


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
