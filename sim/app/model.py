"""A run that somebody watches: a mesa model with its twin, the same people without the policy."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.config.draws import drawn
from sim.config.platforms import CELLULAR
from sim.config.sim_config import SimConfig
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.model.model import MigrationModel
from sim.plotting.network_layout import NetworkLayout, lay_out_network
from sim.population.build import users_and_graph
from sim.report.in_force import changes, in_force
from sim.rules.records import CELLULAR as CELLULAR_COLUMN
from sim.runs.results import assemble


class LiveModel(MigrationModel):
    """A model that stops at the end of its run and tells what was observed so far.

    Beside it runs its twin: the first scenario it is compared with, the same people, start and
    luck. The first step is taken at once, so that there is something to see.

    Parameters
    ----------
    config : SimConfig
        From `sim.load_config`.
    replication : int
        Which luck, from 0.
    """

    def __init__(self, config: SimConfig, replication: int = 0) -> None:
        start = prepare(drawn(config, replication), Threads(config.engine.threads))
        super().__init__(config, replication, start=start)
        self.twins = [
            MigrationModel(config.counterfactual(name), replication, start=start)
            for name in config.compare_to[:1]
        ]
        self.step()

    def step(self) -> None:
        """Advance both worlds a step; at the end of the run stay there."""
        if not self.running:
            return
        super().step()
        for counterfactual in self.twins:
            counterfactual.step()

    def stop(self) -> None:
        """Take no more steps."""
        self.running = False

    @property
    def scenarios(self) -> list[str]:
        """Return the names of the scenario and of its twin's."""
        return [model.config.scenario for model in (self, *self.twins)]

    @property
    def days(self) -> tuple[dt.datetime, dt.datetime]:
        """Return when the step last taken began, and the last day of it."""
        began = self.config.step_begins(self.simulation.n_done - 1)
        return began, began + dt.timedelta(days=max(self.config.step_days - 1, 0.0))

    @property
    def in_force(self) -> list[str]:
        """Return what policies did in the step last taken, in words."""
        return in_force(self.config, self.simulation.n_done - 1, self.simulation.onsets)

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return the first day of the whole run, and the first one after it."""
        return pd.Timestamp(self.config.start), pd.Timestamp(self.config.end)

    @cached_property
    def events(self) -> pd.DataFrame:
        """When policies begin and end."""
        return changes(self.config)

    def timeseries(self) -> pd.DataFrame:
        """Return the tidy table of both worlds so far (docs/measures.md)."""
        dur_days = self.simulation.n_done * self.config.step_days
        so_far = self.config.model_copy(update={"dur_days": dur_days, "replications": 1})
        records = {
            model.config.scenario: [model.simulation.recorder.observations]
            for model in (self, *self.twins)
        }
        return assemble(so_far, records, self.simulation.recorder.strata).timeseries

    @cached_property
    def layout(self) -> NetworkLayout:
        """Where the users stand; the same for every run in this society."""
        users, graph = users_and_graph(self.config, self.config.engine.threads)
        return lay_out_network(graph, users.region, self.config.regions)

    @property
    def primary(self) -> list[str]:
        """Return each user's primary platform in the step last taken, length n."""
        names = dict(enumerate(self.config.messengers)) | {CELLULAR_COLUMN: CELLULAR}
        return [names[int(at)] for at in self.simulation.recorder.primary]

    @property
    def exposed(self) -> NDArray[np.bool_]:
        """Return of whom the state could read over 10 % of communication by messenger, (n,)."""
        return self.simulation.recorder.exposed.astype(np.bool_)
