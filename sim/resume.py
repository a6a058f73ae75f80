"""Go on with runs that were interrupted: ``python -m sim.resume FOLDER``.

A command of its own: what follows ``python -m sim`` changes a configuration, and runs that are
resumed take no changes. Their folder holds the configuration.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sim.checkpoint import Checkpoint
from sim.cli import ending_well, report
from sim.folder import resume_folder
from sim.progress import Progress
from sim.results import Result
from sim.runs import n_steps_in_all


def main() -> None:
    """Refuse a folder that cannot be resumed, or take its runs to their end."""
    parser = argparse.ArgumentParser(
        "python -m sim.resume", description="Go on with runs that were interrupted."
    )
    parser.add_argument("folder", type=Path, help="folder of the runs: outputs/...")
    folder = parser.parse_args().folder
    with ending_well():
        report(_resume(folder), folder)


def _resume(folder: Path) -> Result:
    checkpoint = Checkpoint.of(folder)
    config = checkpoint.header.config
    n_steps, n_users = n_steps_in_all(config), config.population.n_users
    with Progress(config.scenario, n_steps, n_users, checkpoint.n_done) as progress:
        return resume_folder(checkpoint, progress.step)


if __name__ == "__main__":
    main()
