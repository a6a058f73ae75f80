"""How a command ends: in a line that says why, with the status that tells."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from sim.base.errors import ConfigError
from sim.base.interrupts import Interrupted

FAILED, REFUSED = 1, 2  # exit status


@contextmanager
def exit_status_of_errors() -> Iterator[None]:
    """Say in a line why a process ends early, and end it with the status that tells."""
    _open_ends()
    try:
        yield
        sys.stdout.flush()  # who reads may have gone
    except ConfigError as error:
        refuse(error)
    except Interrupted as stop:
        print(stop.message or stop, file=sys.stderr)
        raise SystemExit(stop.status) from None
    except KeyboardInterrupt:  # before runs listen to signals
        raise SystemExit(128 + signal.SIGINT) from None
    except BrokenPipeError:  # who reads has enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for Python's own end
        raise SystemExit(128 + signal.SIGPIPE) from None
    except OSError as error:
        fail(error)


def refuse(error: ConfigError) -> NoReturn:
    """End the process and say what was refused."""
    print(f"Refused, nothing was run:\n{error}", file=sys.stderr)
    raise SystemExit(REFUSED) from None


def fail(error: OSError) -> NoReturn:
    """End the process and say what the machine did not do: no right, no room, no such file."""
    where = f"{error.filename}: " if error.filename else ""
    print(f"Failed:\n{where}{error.strerror or error}", file=sys.stderr)
    raise SystemExit(FAILED) from None


def _open_ends() -> None:
    """Let a process print where nobody listens, or where not all characters are known."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started us: the next file would get its number
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
