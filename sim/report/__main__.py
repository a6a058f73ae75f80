"""Write the report of a run again: ``python -m sim.report``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.report.page import write_report
from sim.runs.tables import read_result


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the report of a run again."""
    parser = argparse.ArgumentParser(
        "python -m sim.report", description="Write the report of a run again."
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="outputs/...")
    options = parser.parse_args(arguments)
    with exit_status_of_errors():
        folder, *others = options.folders
        if others:
            raise ConfigError(f"{others[0]}: a second run; to compare runs: python -m sim.compare")
        print(
            write_report(read_result(folder), folder) or "no report: the run holds no whole month"
        )


if __name__ == "__main__":
    main()
