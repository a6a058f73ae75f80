"""MPI: the processes that mpirun started to compute runs together, and their collective calls.

No other file uses MPI. All ranks run the same program. Methods marked "collective" have to be
called by all ranks in the same order; a rank that fails ends the others as well.
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
PAUSE = 0.02  # between two tests of a barrier [s]
FLUSH = 0.3  # before an abort, so that mpirun passes on what was printed [s]


class Ranks:
    """All ranks, from the view of number `number` of `size`; `n_here` run on its machine."""

    def __init__(self, mpi: Any) -> None:
        self._mpi, self._all = mpi, mpi.COMM_WORLD
        self._here = self._all.Split_type(mpi.COMM_TYPE_SHARED)
        self.number: int = self._all.rank
        self.size: int = self._all.size
        self.n_here: int = self._here.size
        self._known: BaseException | None = None  # an error that all ranks have met

    @classmethod
    def here(cls) -> Ranks:
        """Return the ranks of this job; without mpirun, this process alone. Collective.

        Raises
        ------
        ConfigError
            If mpi4py or an MPI is not installed.
        """
        return _here()

    @property
    def is_first(self) -> bool:
        """Say whether this is the first rank, which writes, prints and decides."""
        return self.number == 0

    # -- collective calls ---------------------------------------------------------------

    def bcast[T](self, compute: Callable[[], T]) -> T:
        """Call `compute` in the first rank; return its result, or raise its error, in all."""
        outcome: tuple[Any, BaseException | None] = None, None
        if self.is_first:
            try:
                outcome = compute(), None
            except BaseException as error:
                outcome = None, error
        value, self._known = self._all.bcast(outcome)
        if self._known is not None:
            raise self._known
        return cast("T", value)

    def allgather_into(self, array: Array, cuts: Sequence[int]) -> None:
        """Complete `array` in all ranks; rank r has written the rows ``cuts[r]:cuts[r + 1]``."""
        if self.size > 1:
            counts = np.diff(cuts)
            with self._row(array) as row:
                received = [_as_bytes(array), (counts, cuts[:-1]), row]
                self._all.Allgatherv(self._mpi.IN_PLACE, received)

    def bcast_into(self, array: Array) -> None:
        """Fill `array` in all ranks with that of the first."""
        self.allgather_into(array, [0, *[len(array)] * self.size])

    def allgather(self, rows: Array) -> Array:
        """Return the rows of all ranks, rank by rank."""
        ends = np.cumsum([0, *self._all.allgather(len(rows))])
        every = np.empty(int(ends[-1]), rows.dtype)
        every[ends[self.number] : ends[self.number + 1]] = rows
        self.allgather_into(every, [int(end) for end in ends])
        return every

    def alltoall(self, rows: Sequence[Array]) -> list[Array]:
        """Send ``rows[r]`` to rank r; return what each rank sent to this one."""
        return cast("list[Array]", self._all.alltoall(list(rows)))

    def allreduce(self, counts: Array) -> Array:
        """Return the sum of the `counts`, which are integers, of all ranks."""
        total = np.ascontiguousarray(counts)
        self._all.Allreduce(self._mpi.IN_PLACE, total)
        return total

    def cores(self) -> int:
        """Return the number of cores of this rank; ranks that share cores get equal parts."""
        mine = sorted(getattr(os, "sched_getaffinity", lambda _: ())(0))
        n_alike: int = self._here.allgather(mine).count(mine)
        share = (len(mine) or available_cores()) // n_alike
        return max(1, min(share, available_cores()))

    # -- output, signals, errors --------------------------------------------------------

    def silence_others(self) -> None:
        """Let only the first rank print and handle signals; it tells the others to stop."""
        if not self.is_first:
            sink = Path(os.devnull).open("w")  # noqa: SIM115
            sys.stdout = sys.stderr = sink
            logging.disable()
            for signum in SIGNALS:
                signal.signal(signum, signal.SIG_IGN)

    @contextmanager
    def abort_together(self) -> Iterator[None]:
        """Abort all ranks if this one fails: they would wait for it without end.

        An error that `bcast` has raised in all ranks is not caught.
        """
        try:
            yield
            self.barrier()
        except BaseException as error:
            if self.size > 1 and error is not self._known:
                sys.stderr = sys.__stderr__
                status = _report_error()
                time.sleep(FLUSH)
                self._all.Abort(status)
                os._exit(status)  # Abort may return, and the error would be printed twice
            raise

    def barrier(self) -> None:
        """Wait for all ranks without keeping a core busy: the first may be drawing figures."""
        request = self._all.Ibarrier()
        while not request.Test():
            time.sleep(PAUSE)

    @contextmanager
    def _row(self, array: Array) -> Iterator[Any]:
        """Lend a datatype of one row: counts of rows fit into 32 bits, counts of bytes may not."""
        row = self._mpi.BYTE.Create_contiguous(array[:0].itemsize * _width(array)).Commit()
        try:
            yield row
        finally:
            row.Free()


@cache
def _here() -> Ranks:
    try:
        return Ranks(extra("mpi4py.MPI"))
    except RuntimeError as error:  # mpi4py is installed, but no MPI library
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"mpi4py: {reason}; on a cluster load its MPI module, elsewhere pip install mpich"
        ) from None


def _width(array: Array) -> int:
    """Return the number of items in a row."""
    return int(np.prod(array.shape[1:], dtype=np.int64))


def _as_bytes(array: Array) -> Array:
    """Return the bytes of an array of any dtype, as a view."""
    if not array.flags.c_contiguous:
        raise ValueError("array is not contiguous: MPI would write to a copy")
    return array.view(np.ndarray).reshape(-1).view(np.uint8)


def _report_error() -> int:
    """Print the present error as a single process would; return the exit status."""
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
