"""Parser of the command line of ``python -m sim``; options and overrides in any order."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import NoReturn

from sim.base.errors import ConfigError

ALLOWED = (
    "allowed: ~policies.NAME, KEY=VALUE, +scenario=NAME, and the options --help, --version, "
    "--quiet, --verbose, --fields, --no-figures, -m, --dry-run, --cfg job (see --help)"
)


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; {ALLOWED}")


def parse_arguments(arguments: Sequence[str]) -> Namespace:
    """Return the options and the `overrides`.

    Raises
    ------
    ConfigError
        If an option is unknown.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--fields")
    parser.add_argument("--no-figures", action="store_true")
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--cfg", "-c", choices=["job"])
    parser.add_argument("--shell-completion", "-sc", action="store_true")
    parser.add_argument("overrides", nargs="*")
    options, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        raise ConfigError(f"{unknown[0]}: {ALLOWED}")
    return options


def of_output(options: Namespace) -> list[str]:
    """Return the overrides that stand for ``--fields NAME,NAME`` and ``--no-figures``."""
    fields = [] if options.fields is None else [f"output.fields=[{options.fields}]"]
    return [*fields, *(["output.figures=false"] if options.no_figures else [])]
