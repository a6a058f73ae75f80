"""Compile on two cores when nothing is compiled yet: a copy of the process rehearses a step.

numba compiles one function at a time in a process, and a run needs three parts: what builds
worlds, which the estimate of memory compiles first, what brings users to their start, and what
takes them through a step, which takes as long to compile as the others together. The copy takes
the users of the smallest world there is, made by hand, through a step, and leaves what it
compiles in the cache on disk: there the start finds what it shares with a step, choices and talk.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from sim.compiled import INTERPRETED, nothing_compiled
from sim.composing.schema import load_config
from sim.conditions import Conditions
from sim.config import SimConfig
from sim.engines import CompiledEngine
from sim.initialisation.start import settle
from sim.offenders import follow
from sim.parallel.threads import Threads
from sim.process.beside import beside
from sim.simulation import Simulation
from sim.state import State, make_state
from sim.world.chats import Seats
from sim.world.pool import available_cores
from sim.world.population import Population
from sim.world.rows import LANES, Rows

_log = logging.getLogger(__name__)


@contextmanager
def rehearsing() -> Iterator[None]:
    """Let a copy of this process compile the step meanwhile, then compile the start; once."""
    if INTERPRETED or available_cores() < 2 or not nothing_compiled():
        yield
        return
    _log.warning("Compiling the rules, once: later runs start at once")
    config = load_config()
    with beside(rehearse_step) as other:
        other.begin(config)
        yield
        rehearse_start(config)
        other.finish()


def rehearse_start(config: SimConfig) -> None:
    """Bring two users to a start, few as they are for its shares; let chats and offenders move."""
    state, threads = two_users(config), Threads(1)
    with np.errstate(all="ignore"):
        settle(config, state, threads)
        run = _run(config, state, threads)
        run.engine.move(state, run.now, run.keys)
        follow(state, run.now, threads)


def rehearse_step(config: SimConfig) -> None:
    """Let two users take their part of a step from where they stand, which is no start."""
    state, threads = two_users(config), Threads(1)
    run = _run(config, state, threads)
    with np.errstate(all="ignore"):
        tally = run.recorder.tally(0)
        run.engine.step(state, run.now, run.keys, tally)
        run.recorder.record(0, run.now, state.abuse, tally)


def _run(config: SimConfig, state: State, threads: Threads) -> Simulation:
    return Simulation(Conditions(config), state, 0, CompiledEngine(threads), threads)


def two_users(config: SimConfig) -> State:
    """Return two users who are each other's contact and sit in one chat; nothing is compiled."""
    none, all_of_both = np.zeros(2, np.uint8), np.ones(2, np.bool_)
    people = Population(
        age=none + np.uint8(30),
        band=none,
        region=none,
        segments=none,
        type=none.astype(np.int8),
        online=all_of_both,
        vpn=~all_of_both,
        abroad=~all_of_both,
        concern=np.ones(2, np.float32),
        intensity=np.ones(2, np.float32),
        taste=np.zeros((2, len(config.messengers)), np.int8),
    )
    nobody = np.full(LANES, 2, np.uint32)
    order, indices = nobody.copy(), nobody.copy()
    order[:2], indices[:2] = (0, 1), (1, 0)
    rows = Rows(
        seat=np.arange(2, dtype=np.uint16),
        degree=np.ones(2, np.uint16),
        order=order,
        slice_start=np.array([0, LANES]),
        indices=indices,
    )
    seats = Seats(
        kind=np.zeros(1, np.uint8),
        indptr=np.array([0, 2]),
        members=np.arange(2, dtype=np.uint32),
        window=np.zeros(1, np.uint32),
        begin=np.arange(3, dtype=np.uint16),
        of_user=np.zeros(2, np.uint32),
    )
    return make_state(config, people, rows, seats)
