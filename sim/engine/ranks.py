"""The processes that mpirun started to take runs together, and what they tell each other.

Nothing else knows MPI. Every rank takes the same way through the same program, and all call what
is said here to be for all in the same order; a rank that leaves the way ends the others as well.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.extras import extra
from sim.base.interrupts import SIGNALS
from sim.kernel.parallel_map import available_cores

Array = np.ndarray[Any, Any]
FAILED = 1  # exit status
PAUSE = 0.02  # between two looks whether all have come [s]
HEARD = 0.3  # after last words: mpirun passes them on, and stops to when ranks are aborted [s]


class Ranks:
    """All ranks, seen from the one that is `number` of `size`; `n_here` run on its machine."""

    def __init__(self, mpi: Any) -> None:
        self._mpi, self._all = mpi, mpi.COMM_WORLD
        self._here = self._all.Split_type(mpi.COMM_TYPE_SHARED)
        self.number: int = self._all.rank
        self.size: int = self._all.size
        self.n_here: int = self._here.size
        self._known: BaseException | None = None  # an error that all ranks have met

    @classmethod
    def here(cls) -> Ranks:
        """Return the ranks that this process is one of, itself alone without mpirun; for all.

        Raises
        ------
        ConfigError
            If mpi4py or an MPI is not installed.
        """
        return _here()

    @property
    def is_first(self) -> bool:
        """Say whether this rank writes, prints and decides."""
        return self.number == 0

    # -- for all ------------------------------------------------------------------------

    def bcast[T](self, answer: Callable[[], T]) -> T:
        """Return what `answer` gives the first rank, or raise what it raises there; for all."""
        outcome: tuple[Any, BaseException | None] = None, None
        if self.is_first:
            try:
                outcome = answer(), None
            except BaseException as error:
                outcome = None, error
        value, self._known = self._all.bcast(outcome)
        if self._known is not None:
            raise self._known
        return cast("T", value)

    def allgather_into(self, array: Array, cuts: Sequence[int]) -> None:
        """Fill `array` in all ranks: rank r has written its rows ``cuts[r]:cuts[r + 1]``."""
        if self.size > 1:
            counts = np.diff(cuts)
            with self._row(array) as row:
                received = [_as_bytes(array), (counts, cuts[:-1]), row]
                self._all.Allgatherv(self._mpi.IN_PLACE, received)

    def bcast_into(self, array: Array) -> None:
        """Fill `array` in all ranks with the first one's."""
        self.allgather_into(array, [0, *[len(array)] * self.size])

    def allgather(self, rows: Array) -> Array:
        """Return the rows of all ranks, one rank's after another's; for all."""
        ends = np.cumsum([0, *self._all.allgather(len(rows))])
        every = np.empty(int(ends[-1]), rows.dtype)
        every[ends[self.number] : ends[self.number + 1]] = rows
        self.allgather_into(every, [int(end) for end in ends])
        return every

    def alltoall(self, rows: Sequence[Array]) -> list[Array]:
        """Give ``rows[r]`` to rank r; return what the ranks gave, one by one; for all."""
        return cast("list[Array]", self._all.alltoall(list(rows)))

    def allreduce(self, counts: Array) -> Array:
        """Return the sum of all ranks' `counts`, which are whole numbers; for all."""
        total = np.ascontiguousarray(counts)
        self._all.Allreduce(self._mpi.IN_PLACE, total)
        return total

    def cores(self) -> int:
        """Return how many cores there are for this rank; for all.

        Where several may use the same ones, each gets its part.
        """
        mine = sorted(getattr(os, "sched_getaffinity", lambda _: ())(0))
        n_alike: int = self._here.allgather(mine).count(mine)
        allgather_into = (len(mine) or available_cores()) // n_alike
        return max(1, min(allgather_into, available_cores()))

    # -- how they end -------------------------------------------------------------------

    def silence_others(self) -> None:
        """Let the first rank alone speak, and heed signals; it tells the others to stop."""
        if not self.is_first:
            nobody = Path(os.devnull).open("w")  # noqa: SIM115
            sys.stdout = sys.stderr = nobody
            logging.disable()
            for signum in SIGNALS:
                signal.signal(signum, signal.SIG_IGN)

    @contextmanager
    def abort_together(self) -> Iterator[None]:
        """End all ranks where this one fails: they would wait for it for ever.

        An error that all have met (`bcast`) goes its way in each of them.
        """
        try:
            yield
            self.barrier()
        except BaseException as error:
            if self.size > 1 and error is not self._known:
                sys.stderr = sys.__stderr__
                status = _report_error()
                time.sleep(HEARD)
                self._all.Abort(status)
                os._exit(status)  # it may come back, to say all a second time
            raise

    def barrier(self) -> None:
        """Wait for all, without keeping a core busy: the first may draw figures; for all."""
        all_come = self._all.Ibarrier()
        while not all_come.Test():
            time.sleep(PAUSE)

    @contextmanager
    def _row(self, array: Array) -> Iterator[Any]:
        """Lend a datatype of one row: counts are of rows, and reach far enough."""
        row = self._mpi.BYTE.Create_contiguous(array[:0].itemsize * _width(array)).Commit()
        try:
            yield row
        finally:
            row.Free()


@cache
def _here() -> Ranks:
    try:
        return Ranks(extra("mpi4py.MPI"))
    except RuntimeError as error:  # mpi4py is there, and finds nothing to speak through
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"mpi4py: {reason}; on a cluster load its MPI module, elsewhere pip install mpich"
        ) from None


def _width(array: Array) -> int:
    """Return the items of a row."""
    return int(np.prod(array.shape[1:], dtype=np.int64))


def _as_bytes(array: Array) -> Array:
    """Return the bytes of an array, whatever its records."""
    if not array.flags.c_contiguous:
        raise ValueError("rows do not follow each other: others would write to a copy")
    return array.view(np.ndarray).reshape(-1).view(np.uint8)


def _report_error() -> int:
    """Say why this rank ends, as a single process would; return the exit status."""
    try:
        with exit_status_of_errors():
            raise
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else FAILED
    except BaseException:
        traceback.print_exc()
        status = FAILED
    sys.stderr.flush()
    return status
