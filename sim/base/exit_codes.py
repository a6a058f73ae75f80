"""How a command ends after an error: one line on the error stream, and an exit status."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from sim.base.errors import ConfigError
from sim.base.interrupts import Interrupted

FAILED, REFUSED = 1, 2  # exit status


@contextmanager
def exit_status_of_errors() -> Iterator[None]:
    """Turn errors inside the block into one line on the error stream and an exit status."""
    _repair_streams()
    try:
        yield
        sys.stdout.flush()  # raises BrokenPipeError here if the reader has closed the pipe
    except ConfigError as error:
        refuse(error)
    except Interrupted as stop:
        _say(stop.message or str(stop))
        raise SystemExit(stop.status) from None
    except KeyboardInterrupt:  # before signal handlers are installed
        raise SystemExit(128 + signal.SIGINT) from None
    except BrokenPipeError:  # the reader has closed the pipe, as head does
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # Python flushes stdout again at exit
        raise SystemExit(128 + signal.SIGPIPE) from None
    except OSError as error:
        fail(error)


def refuse(error: ConfigError) -> NoReturn:
    """Print what was refused and end the process with status 2."""
    _say(f"Refused, nothing was run:\n{error}")
    raise SystemExit(REFUSED) from None


def fail(error: OSError) -> NoReturn:
    """Print a system error (permission, disk space, missing file) and end with status 1."""
    where = f"{error.filename}: " if error.filename else ""
    _say(f"Failed:\n{where}{error.strerror or error}")
    raise SystemExit(FAILED) from None


def _say(text: str) -> None:
    """Print on the error stream, unless its terminal is gone: the exit status says the same."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _repair_streams() -> None:
    """Make printing safe if a stream is closed or cannot encode all characters."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the parent process: the next file would get its descriptor
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
