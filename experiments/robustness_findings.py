"""What the sweeps over choices and over sizes found, for the page of robustness."""

from typing import NamedTuple

import pandas as pd

from experiments.effects import EFFECTS
from experiments.modelling_choices import DEFAULT
from experiments.robustness_criteria import HOLDS
from sim.sweeps.folder import SweepFolder

LABELS = {effect.name: effect.label for effect in EFFECTS}


class Findings(NamedTuple):
    """What both sweeps found."""

    choices: SweepFolder
    bands: pd.DataFrame  # effects with their verdicts and choices
    sizes: pd.DataFrame
    slopes: pd.DataFrame
    costs: pd.DataFrame

    @property
    def others(self) -> pd.DataFrame:
        """Return effects under other choices than the default."""
        return self.bands[self.bands["factor"] != DEFAULT]

    @property
    def missed(self) -> pd.DataFrame:
        """Return effects that do not hold."""
        return self.others[self.others["verdict"] != HOLDS]
