"""When Python looks for cycles of objects: not among what a command imports, as that stays."""

from __future__ import annotations

import atexit
import gc


def wait() -> None:
    """Look for none while a command starts, nor at its end, when all is gone anyway."""
    gc.disable()
    atexit.register(gc.freeze)


def begin() -> None:
    """Look for cycles among what is made from now on, if a command has waited."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
