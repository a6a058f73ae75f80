"""How a command ends: in a line that says why, with the status that tells."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from sim.errors import ConfigError
from sim.interrupts import Interrupted

REFUSED = 2  # exit status


@contextmanager
def ending_well() -> Iterator[None]:
    """Say in a line why a process ends early, and end it with the status that tells."""
    try:
        yield
    except ConfigError as error:
        refuse(error)
    except Interrupted as stop:
        print(stop.message or stop, file=sys.stderr)
        raise SystemExit(stop.status) from None
    except KeyboardInterrupt:  # before runs listen to signals
        raise SystemExit(128 + signal.SIGINT) from None


def refuse(error: ConfigError) -> NoReturn:
    """End the process and say what was refused."""
    print(f"Refused, nothing was run:\n{error}", file=sys.stderr)
    raise SystemExit(REFUSED) from None
