"""Folders of runs that were resumed and of runs without a break, compared."""

import json
import os
import signal

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from sim.base.interrupts import Interrupted
from sim.report.run_folder import run_to_folder

TABLES = ("timeseries", "effects", "flows")


def read_manifest(path):
    return json.loads((path / "manifest.json").read_text(encoding="utf-8"))


def assert_same_tables(one, other):
    for name in TABLES:
        mine, theirs = (pd.read_parquet(path / f"{name}.parquet") for path in (one, other))
        assert_frame_equal(mine, theirs, check_exact=True)


def names(path):
    return {p.name for p in path.iterdir()} - {".hydra"}


TINY = ("population.n_users=60", "replications=2", "+scenario=give_in",
        "policies.whatsapp_compliance.lost_users=0.01")  # fmt: skip
MESA = ("engine=mesa", "population.n_users=20", "compare_to=[]")  # objects take their time


class Stop:
    """Sends a signal after so many steps, as a user would."""

    def __init__(self, after, signum=signal.SIGINT):
        self.left, self.signum = after, signum

    def __call__(self):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.signum)  # which comes to the main thread, as a user's does


def stopped(config, path, after, signum=signal.SIGINT):
    with pytest.raises(Interrupted) as stop:
        run_to_folder(config, path, Stop(after, signum))
    return stop.value


def nothing():
    pass
