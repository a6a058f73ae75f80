"""Checkpoints: the states of the runs of a folder, from which they resume to the same result.

Runs are independent, so each has its own file, written between two steps by the thread of the
run. ``header.json`` holds the configuration, and the versions of sources and libraries;
``SCENARIO.REPLICATION.run`` the state of a run, ``.done`` the observations of a finished one. What
runs share (ties, rules, seats: all but `State.changing`) is not stored but built anew from the
configuration, and must have the same hash as before.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np

from sim.base.errors import ConfigError
from sim.base.interrupts import Interrupted, Interrupts
from sim.config.sim_config import SimConfig
from sim.engine.state import State, tree_leaves
from sim.kernel.checksums import digest
from sim.measures.series import Observations
from sim.model.simulation import Simulation
from sim.model.watch import Watch
from sim.runs import container
from sim.runs.header import Header
from sim.runs.manifest import MULTIRUN
from sim.runs.run import n_steps_in_all

NAME = "checkpoint"
PER_MINUTE = 60.0  # seconds
PATIENCE = 20.0  # seconds between writes for each second of writing: at most 1/20 of the time


class Checkpoint(Watch):
    """Saves the runs of a folder every few minutes, and when a signal stops them."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder, self.header = folder / NAME, header
        self.interrupts = Interrupts()
        self._interval = header.config.engine.checkpoint_minutes * PER_MINUTE
        self._began = time.monotonic()
        self._due: dict[str, float] = {}  # when each run is to be written [s, time.monotonic]
        self._finished: dict[str, Observations] = {}  # not written yet
        self._start = ""  # a hash of the starts, before a run takes its over
        self._lock = Lock()

    @classmethod
    def at(cls, folder: Path, config: SimConfig) -> Self:
        """Return the checkpoint of new runs, or that of `folder` if it has one.

        Nothing is written yet.

        Raises
        ------
        ConfigError
            If the folder holds one of another configuration, or one that `of` refuses.
        """
        if not Header.exists(folder / NAME):
            return cls(folder, Header.now(config))
        found = cls.of(folder)
        if found.header.config != config:
            raise ConfigError(
                f"{folder / NAME}: this folder holds a checkpoint of another configuration "
                f"(python -m sim.resume {folder}); delete it, or choose another folder"
            )
        return found

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the checkpoint in a folder, after checking files and versions.

        Raises
        ------
        ConfigError
            If there is none, it is damaged, or its runs could not reach the same bits.
        """
        found = cls(folder, Header.read(folder / NAME))
        for path in found._files():
            container.check(path)
        return found

    @property
    def n_done(self) -> int:
        """Return the number of steps of all runs in the files."""
        done = self._files(".done")
        begun = (path for path in self._files(".run") if path.with_suffix(".done") not in done)
        heads = (container.head(path) for path in begun)
        return len(done) * self.header.config.n_steps + sum(int(head["n_done"]) for head in heads)

    # -- called by runs -----------------------------------------------------------

    @contextmanager
    def over(self, starts: Sequence[State]) -> Iterator[None]:
        """Postpone signals to the end of a step; refuse a start other than the saved one."""
        self._start = _digest(starts, self.header.config.engine.threads)
        if self.header.start is not None:
            self.header.compare_start(self._start)
        with self.interrupts.held():
            yield

    def observed(self, scenario: str, replication: int) -> Observations | None:
        """Return the observations of a finished run, or None."""
        self.interrupts.raise_if_any()  # do not begin another run after a signal
        path = self.folder / f"{scenario}.{replication}.done"
        found: Observations | None = container.read(path, {}) if path in self._files() else None
        return found

    def begin(self, simulation: Simulation) -> None:
        """Restore the saved state of the run, if there is one."""
        path = self.folder / f"{_name(simulation)}.run"
        if path in self._files():
            simulation.remember(container.read(path, simulation.state.changing()))
        self._due[_name(simulation)] = time.monotonic() + self._interval

    def is_due(self, simulation: Simulation) -> bool:
        """Return whether it is time to save the run, or a signal stops it."""
        return self.interrupts.any or time.monotonic() >= self._due[_name(simulation)]

    def stepped(self, simulation: Simulation) -> None:
        """Save the run if it is time or a signal stops it."""
        if self.is_due(simulation):
            self._keep(simulation)
            self.interrupts.raise_if_any()

    def finished(self, simulation: Simulation) -> None:
        """Save the observations: at once in a long job, otherwise with the next saved run."""
        with self._lock:
            self._finished[_name(simulation)] = simulation.recorder.observations
        if time.monotonic() - self._began >= self._interval:
            self.flush()

    # -- files ------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write the observations of finished runs."""
        with self._lock:
            if self._finished:
                self._open()
            for name, observations in list(self._finished.items()):
                container.write(self.folder / f"{name}.done", observations, {})
                (self.folder / f"{name}.run").unlink(missing_ok=True)
                del self._finished[name]

    def remove(self) -> None:
        """Delete the files, once the tables of the folder are written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def explain(self, stop: Interrupted) -> str:
        """Return one line about what was saved after a signal."""
        run = self.folder.parent
        jobs = run.parent
        is_job = (jobs / MULTIRUN).is_file()
        advice = f"go on with: python -m sim.resume {jobs if is_job else run}"
        if not self._files():
            others = f"; {advice}" if is_job else "."
            return f"{stop}: stopped before any step, nothing was kept{others}"
        n_steps = n_steps_in_all(self.header.config)
        return (
            f"{stop}: stopped after {self.n_done} of {n_steps} steps, kept in {self.folder}; "
            f"{advice}"
        )

    def _keep(self, simulation: Simulation) -> None:
        """Write the state of a run, and the finished runs."""
        began = time.monotonic()
        self.flush()
        with self._lock:
            self._open()
        name, arrays = _name(simulation), simulation.state.changing()
        container.write(self.folder / f"{name}.run", simulation.memory(), arrays)
        now = time.monotonic()
        self._due[name] = now + max(self._interval, PATIENCE * (now - began))

    def _open(self) -> None:
        """Create the folder and its header."""
        if self.header.start is None:
            shutil.rmtree(
                self.folder, ignore_errors=True
            )  # a process may have been killed while it
            self.folder.mkdir(exist_ok=True)  # deleted its files, or at this point
            header = dataclasses.replace(self.header, start=self._start)
            header.write(self.folder)
            self.header = header

    def _files(self, *kinds: str) -> list[Path]:
        """Return the files of runs; without a header they are from other runs and not returned."""
        wanted = kinds or (".run", ".done")
        paths = self.folder.iterdir() if self.header.start is not None else ()
        return sorted(p for p in paths if p.suffix in wanted and not p.name.startswith("."))


def _digest(starts: Sequence[State], n_threads: int | None) -> str:
    """Return a checksum of all values of all starts."""
    different = {id(start): start for start in starts}.values()
    values = (np.asarray(leaf) for start in different for leaf in tree_leaves(start))
    return digest(values, n_threads)


def _name(simulation: Simulation) -> str:
    return f"{simulation.config.scenario}.{simulation.replication}"
