"""A checkpoint: where the runs of a folder stand, so that they can be taken to the same end.

Runs know nothing of each other, so each has a file of its own, written between two of its steps
by the thread that takes it. ``header.json`` holds the configuration and what the bits depend on
besides; ``SCENARIO.REPLICATION.run`` where a run stands, ``.done`` what was observed of it. What
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
PATIENCE = 20.0  # a file that takes long is written rarely: at most a twentieth of the time


class Checkpoint(Watch):
    """Keeps the runs of a folder: every few minutes, and when a signal asks them to stop."""

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
        """Return the checkpoint of runs that begin, or that go on where those of `folder` stand.

        Nothing is written before it is due.

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
                f"{folder / NAME}: runs of another configuration wait here to be resumed "
                f"(python -m sim.resume {folder}); delete it, or choose another folder"
            )
        return found

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the checkpoint that a folder holds, whole and made by these sources.

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
        """Return how many steps of all runs the files hold."""
        done = self._files(".done")
        begun = (path for path in self._files(".run") if path.with_suffix(".done") not in done)
        heads = (container.head(path) for path in begun)
        return len(done) * self.header.config.n_steps + sum(int(head["n_done"]) for head in heads)

    # -- what runs ask and tell -----------------------------------------------------------

    @contextmanager
    def over(self, starts: Sequence[State]) -> Iterator[None]:
        """Let signals wait for the end of a step; refuse another start than the runs had."""
        self._start = _digest(starts, self.header.config.engine.threads)
        if self.header.start is not None:
            self.header.compare_start(self._start)
        with self.interrupts.held():
            yield

    def observed(self, scenario: str, replication: int) -> Observations | None:
        """Return what was observed of a run that is finished already, or None."""
        self.interrupts.raise_if_any()  # no run begins any more
        path = self.folder / f"{scenario}.{replication}.done"
        found: Observations | None = container.read(path, {}) if path in self._files() else None
        return found

    def begin(self, simulation: Simulation) -> None:
        """Take the run to where it stood."""
        path = self.folder / f"{_name(simulation)}.run"
        if path in self._files():
            simulation.remember(container.read(path, simulation.state.changing()))
        self._due[_name(simulation)] = time.monotonic() + self._interval

    def is_due(self, simulation: Simulation) -> bool:
        """Say whether it is time to keep the run, or a signal stops it."""
        return self.interrupts.any or time.monotonic() >= self._due[_name(simulation)]

    def stepped(self, simulation: Simulation) -> None:
        """Keep the run if it is time, or if a signal stops it."""
        if self.is_due(simulation):
            self._keep(simulation)
            self.interrupts.raise_if_any()

    def finished(self, simulation: Simulation) -> None:
        """Keep what was observed: at once in a long job, else with the next run that is kept."""
        with self._lock:
            self._finished[_name(simulation)] = simulation.recorder.observations
        if time.monotonic() - self._began >= self._interval:
            self.flush()

    # -- files ------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what was observed of runs that have finished."""
        with self._lock:
            if self._finished:
                self._open()
            for name, observations in list(self._finished.items()):
                container.write(self.folder / f"{name}.done", observations, {})
                (self.folder / f"{name}.run").unlink(missing_ok=True)
                del self._finished[name]

    def remove(self) -> None:
        """Delete the files: the folder's tables hold it all."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def explain(self, stop: Interrupted) -> str:
        """Return one line about what a signal left behind."""
        run = self.folder.parent
        jobs = run.parent
        is_job = (jobs / MULTIRUN).is_file()
        go_on = f"go on with: python -m sim.resume {jobs if is_job else run}"
        if not self._files():
            others = f"; {go_on}" if is_job else "."
            return f"{stop}: stopped before any step, nothing was kept{others}"
        n_steps = n_steps_in_all(self.header.config)
        return (
            f"{stop}: stopped after {self.n_done} of {n_steps} steps, kept in {self.folder}; "
            f"{go_on}"
        )

    def _keep(self, simulation: Simulation) -> None:
        """Write where a run stands, and the finished ones on the way."""
        began = time.monotonic()
        self.flush()
        with self._lock:
            self._open()
        name, arrays = _name(simulation), simulation.state.changing()
        container.write(self.folder / f"{name}.run", simulation.memory(), arrays)
        now = time.monotonic()
        self._due[name] = now + max(self._interval, PATIENCE * (now - began))

    def _open(self) -> None:
        """Make the folder, with its header."""
        if self.header.start is None:
            shutil.rmtree(self.folder, ignore_errors=True)  # a process may have been killed while
            self.folder.mkdir(exist_ok=True)  # it deleted what it had kept, or just here
            header = dataclasses.replace(self.header, start=self._start)
            header.write(self.folder)
            self.header = header

    def _files(self, *kinds: str) -> list[Path]:
        """Return the files of runs; without a header they are what is left of other runs."""
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
