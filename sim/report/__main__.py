"""Write the report of a run again, or a page that compares several: ``python -m sim.report``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sim.base.exit_codes import exit_status_of_errors
from sim.report.page import write_comparison, write_report
from sim.runs.tables import read_result


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the report of a run again, or a page that compares several."""
    parser = argparse.ArgumentParser(
        "python -m sim.report", description="Write the report of a run, or compare several."
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="outputs/...")
    parser.add_argument(
        "--to", type=Path, default=Path("comparison.html"), metavar="FILE",
        help="file of a comparison",
    )  # fmt: skip
    options = parser.parse_intermixed_args(arguments)
    with exit_status_of_errors():
        first, *others = options.folders
        if others:
            write_comparison(options.folders, options.to)
            print(options.to)
        else:
            print(
                write_report(read_result(first), first)
                or "no report: the run holds no whole month"
            )


if __name__ == "__main__":
    main()
