"""Helpers: real sweeps in processes of their own, and the tables that they leave."""

import subprocess
import time

import pandas as pd

from sim.runs.checkpoint import NAME as CHECKPOINT
from sim.sweeps.multirun import Multirun
from tests.helpers.cli import PYTHON, REPO, environment

OFTEN = "engine.checkpoint_minutes=0.001"


def start(*arguments, **variables):
    """Start ``python -m ARGUMENTS``."""
    return subprocess.Popen(
        [*PYTHON, "-m", *arguments], cwd=REPO, env=environment() | variables,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process, seconds=600):
    """Return exit status, output and errors."""
    output, errors = process.communicate(timeout=seconds)
    return process.returncode, output, errors


def wait_for(condition, process, seconds=300):
    """Return what `condition` says as soon as it says something, while `process` lasts."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)
    return found


def has_checkpoint(folder):
    """Say whether a run has kept a step."""
    return any((folder / CHECKPOINT).glob("*.run"))


def statuses(folder):
    return [job.status for job in Multirun(folder).jobs]


def table(folder, n_jobs=None):
    """Return the whole table of a sweep, or of its first `n_jobs` jobs, job after job."""
    jobs = Multirun(folder).jobs[:n_jobs]
    return stacked(pd.read_parquet(job.folder / "timeseries.parquet") for job in jobs)


def stacked(tables):
    return pd.concat(tables, ignore_index=True)


def digest(table):
    """Return a hash of a table's values in their order."""
    plain = table.astype({name: str for name in table.columns if name != "value"})
    return tuple(pd.util.hash_pandas_object(plain, index=False))
