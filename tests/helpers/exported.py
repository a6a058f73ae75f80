"""A run whose results are exported in tests: people in three worlds, twice."""

import datetime as dt

import pandas as pd

from sim import load_config
from sim.report.run_folder import run_to_folder

N = 300  # users
DAY = dt.date(2025, 12, 31)  # in the step that begins on the 29th
STEP = pd.Timestamp("2025-12-29")


def exported(path):
    """Fill a folder with a run and its counterfactuals; return it."""
    config = load_config("+scenario=call_ban", f"population.n_users={N}", "replications=2")
    run_to_folder(config, str(path))
    return path
