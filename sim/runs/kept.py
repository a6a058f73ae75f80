"""Rows of its tables that the folder of a run keeps: everybody's, and of groups some measures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.base.errors import ConfigError
from sim.config.output import EVERY
from sim.config.sim_config import SimConfig
from sim.config.validation import allowed_keys
from sim.measures.registry import measures


def check_fields(config: SimConfig) -> None:
    """Refuse names in ``output.fields`` that are not measures of the tables.

    Raises
    ------
    ConfigError
        Which names one of them, and all measures.
    """
    known = [EVERY, *(name for one in measures() for name in one.names(config))]
    for name in config.output.fields:
        if name not in known:
            raise ConfigError(f"output.fields: no measure {name}; {allowed_keys(name, known)}")


def kept(table: pd.DataFrame, config: SimConfig) -> pd.DataFrame:
    """Return the rows of a table that are kept: all, if it has no groups.

    Values of everybody are as they were computed, those of groups are rounded to the seven digits
    of a float32, which takes a third of the space.
    """
    if "group" not in table:
        return table
    names = [*filter(config.output.keeps, table["measure"].unique())]
    found = table[(table["group"] == "all") | table["measure"].isin(names)]
    is_all = (found["group"] == "all").to_numpy()
    values = found.select_dtypes(float)
    rounded = {name: np.where(is_all, one, one.astype(np.float32)) for name, one in values.items()}
    return found.assign(**rounded)
