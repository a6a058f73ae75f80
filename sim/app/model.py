"""A run to watch: a Mesa model together with its counterfactual."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from threading import Lock

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.config.draws import drawn
from sim.config.sim_config import SimConfig
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.model.model import MigrationModel
from sim.plotting.network_layout import NetworkLayout, lay_out_network
from sim.population.build import users_and_graph
from sim.report.in_force import changes, in_force
from sim.runs.results import assemble

MOST = 8  # societies that are kept, each a few megabytes


class Society:
    """What all runs in a society share, in whatever session: its start, and its map.

    Parameters
    ----------
    config : SimConfig
        With the values drawn for a replication, if any are.
    """

    def __init__(self, config: SimConfig) -> None:
        self._config = config
        self.start = prepare(config, Threads(config.engine.threads))  # which runs copy

    @cached_property
    def layout(self) -> NetworkLayout:
        """Places of the users on the map."""
        users, graph = users_and_graph(self._config, self._config.engine.threads)
        return lay_out_network(graph, users.region, self._config.regions)


class Societies:
    """The societies that were last asked for; one is made at a time."""

    def __init__(self) -> None:
        self._lock, self._kept = Lock(), dict[str, Society]()

    def of(self, config: SimConfig) -> Society:
        """Return the society of a configuration; its policies matter where they stand before."""
        bare = {"policies": config.standing, "counterfactuals": {}, "compare_to": ()}
        key = f"{config.tiles} {config.model_copy(update={**bare, 'scenario': ''})!r}"
        with self._lock:
            found = self._kept.pop(key, None) or Society(config)
            self._kept[key] = found  # as the last one
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        return found


_societies = Societies()


class LiveModel(MigrationModel):
    """A model that stops at the end of its run and reports what was observed so far.

    Its counterfactual runs with it: the first scenario that it is compared with, in the same
    society with the same start and random numbers. The first step is taken at once, so that there
    is something to see.

    Parameters
    ----------
    config : SimConfig
        From `sim.load_config`.
    replication : int
        Number of the replication, from 0.
    """

    def __init__(self, config: SimConfig, replication: int = 0) -> None:
        self.society = _societies.of(drawn(config, replication))
        start = self.society.start
        super().__init__(config, replication, start=start)
        self.counterfactuals = [
            MigrationModel(config.counterfactual(name), replication, start=start)
            for name in config.compare_to[:1]
        ]
        self.step()

    def step(self) -> None:
        """Advance both models a step; do nothing at the end of the run."""
        if not self.running:
            return
        super().step()
        for counterfactual in self.counterfactuals:
            counterfactual.step()

    def stop(self) -> None:
        """Take no more steps."""
        self.running = False

    @property
    def layout(self) -> NetworkLayout:
        """Places of the users on the map."""
        return self.society.layout

    @property
    def scenarios(self) -> list[str]:
        """Return the names of the scenario and of its counterfactual."""
        return [model.config.scenario for model in (self, *self.counterfactuals)]

    @property
    def days(self) -> tuple[dt.datetime, dt.datetime]:
        """Return the first and the last day of the last step."""
        began = self.config.step_begins(self.simulation.n_done - 1)
        return began, began + dt.timedelta(days=max(self.config.step_days - 1, 0.0))

    @property
    def in_force(self) -> list[str]:
        """Return what policies did in the last step, in words."""
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
        """Return the tidy table of both models so far (docs/measures.md)."""
        dur_days = self.simulation.n_done * self.config.step_days
        so_far = self.config.model_copy(update={"dur_days": dur_days, "replications": 1})
        records = {
            model.config.scenario: [model.simulation.recorder.observations]
            for model in (self, *self.counterfactuals)
        }
        return assemble(so_far, records, [self.simulation.recorder.strata]).timeseries

    @property
    def primary(self) -> list[str]:
        """Return each user's primary platform in the last step, length n."""
        names = self.config.carriers  # cellular is the last; its number is beyond all tiles
        return [names[min(at, len(names) - 1)] for at in self.simulation.recorder.primary]

    @property
    def exposed(self) -> NDArray[np.bool_]:
        """Return who is exposed (docs/glossary.md), shape (n,)."""
        return self.simulation.recorder.exposed.astype(np.bool_)
