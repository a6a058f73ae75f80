"""Run a design of experiment, anywhere.

    python -m experiments.sweep design=NAME [executor=NAME] [KEY=VALUE ...] [--dry-run]
    python -m sim.resume FOLDER [executor=NAME]
    python -m sim.resume FOLDER --status

Designs stand in conf/design, executors in conf/executor: serial, processes, dask, slurm. The
folder holds one table of runs, their results in shards, and what failed, with tracebacks; see
docs/sweeps.md. `python -m sim.collect FOLDER` joins the results to one table.
"""

from __future__ import annotations

from experiments import command
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.config.compose import load_sweep_tree
from sim.sweeps.request import Request, design_name
from sim.sweeps.session import run_session

SUCCESSORS = {"resume": "python -m sim.resume", "status": "python -m sim.resume --status"}


def main(arguments: list[str] | None = None) -> int:
    """Begin a sweep and take its runs; return the exit status: 0 if all are done."""
    parser = command.parser("sweep", __doc__)
    for name, successor in SUCCESSORS.items():
        parser.add_argument(f"--{name}", metavar="FOLDER", help=f"write {successor} FOLDER")
    parser.add_argument("--dry-run", action="store_true", help="say what it would cost")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    options = parser.parse_intermixed_args(arguments)
    with exit_status_of_errors():
        for name, successor in SUCCESSORS.items():
            if folder := getattr(options, name):
                raise ConfigError(f"--{name}: write {successor} {folder}")
        request = Request.read(load_sweep_tree(*options.overrides))
        if options.dry_run:
            print(request.rehearse())
            return 0
        return run_session(request.begin(design_name(options.overrides)), request)


if __name__ == "__main__":
    raise SystemExit(main())
