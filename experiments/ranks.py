"""Communication between the ranks of a run, and the time of a step compared with one process.

mpirun -n 2 python -m experiments.ranks [OVERRIDE ...]

Prints the tables of docs/scale.md: bytes that reach a rank in a step, by what they are, and
seconds a step of all ranks and of the first alone on as many threads, in turn.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from experiments import command
from sim import load_config
from sim.base.extras import extra
from sim.config.sim_config import SimConfig
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.ranges import AGREED, MOVED, Ranges, RangesEngine, RangeThreads
from sim.engine.ranks import Array, Ranks
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.model.simulation import Simulation
from sim.rules.records import USER

N_STEPS, ROUND = 24, 6  # all steps, and those of either in its turn
NAMES = {
    USER: "chats: records of guests",
    MOVED: "chats: those that moved",
    np.dtype(np.int64): "offenders: users by place and messengers",
    np.dtype(np.float64): "sums by stratum and chunk",
    AGREED: "agreements",
    np.dtype(np.uint64): "choice and belief states",
    np.dtype(np.uint8): "primary messenger, exposure",
}


class Counted(Ranks):
    """Ranks that count the bytes which come to this one."""

    def __init__(self, mpi: Any) -> None:
        super().__init__(mpi)
        self.bytes: Counter[np.dtype[Any]] = Counter()

    def allgather_into(self, array: Array, cuts: Sequence[int]) -> None:
        """Do so, and count the rows of others."""
        super().allgather_into(array, cuts)
        first, last = cuts[self.number :][:2]
        others = cuts[-1] - cuts[0] - (last - first)
        self.bytes[array.dtype] += others * array[:1].nbytes

    def alltoall(self, rows: Sequence[Array]) -> list[Array]:
        """Do so, and count what came; users' numbers are traded once, not in every step."""
        found = super().alltoall(rows)
        if found[0].dtype == USER:
            self.bytes[found[0].dtype] += sum(array.nbytes for array in found)
        return found

    def allreduce(self, counts: Array) -> Array:
        """Do so, and count the counts."""
        self.bytes[counts.dtype] += counts.nbytes * (self.size > 1)
        return super().allreduce(counts)


def together(ranks: Counted, config: SimConfig) -> tuple[list[float], list[float], int]:
    """Return seconds of steps of all ranks and of one process, and the threads of each rank."""
    threads = Threads(config.engine.threads or ranks.cores())
    start, schedule = prepare(config, threads), PolicySchedule(config)
    ranges = Ranges(ranks, start.n_users)
    engine = RangesEngine(ranges, threads, start.chats)
    shared = Simulation(schedule, start.copy(), 0, engine, RangeThreads(ranges, threads))
    all_threads = Threads(threads.n_threads * ranks.size)
    alone = Simulation(schedule, start, 0, CompiledEngine(all_threads), all_threads)
    both: tuple[list[float], list[float]] = [], []
    for _ in range(N_STEPS // ROUND):
        both[0].extend(_seconds(shared.step))
        ranks.barrier()
        if ranks.is_first:
            both[1].extend(_seconds(alone.step))
        ranks.barrier()
    return *both, threads.n_threads


def _seconds(step: Callable[[], None]) -> Iterable[float]:
    for _ in range(ROUND):
        began = time.perf_counter()
        step()
        yield time.perf_counter() - began


def table(received: Counter[np.dtype[Any]], n_users: int) -> str:
    """Return what came to a rank as a Markdown table."""
    lines = ["| what | bytes a step | a user |", "|---|---:|---:|"]
    for dtype, name in NAMES.items():
        size = received[dtype] / N_STEPS
        lines.append(f"| {name} | {size:,.0f} | {size / n_users:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and let the first rank print."""
    config = load_config(*command.overrides("ranks", __doc__), "engine=mpi")
    ranks = Counted(extra("mpi4py.MPI"))
    ranks.silence_others()
    with ranks.abort_together():
        shared, alone, n_threads = together(ranks, config)
        if ranks.is_first:
            print(table(ranks.bytes, config.population.n_users), end="\n\n")
            for name, steps in (
                (f"{ranks.size} ranks of {n_threads} threads", shared),
                (f"one process of {ranks.size * n_threads} threads", alone),
            ):
                low, mid, high = np.quantile(steps, [0.0, 0.5, 1.0])
                print(f"{name}: {mid:.3f} s a step ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
