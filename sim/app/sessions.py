"""The end of a session: what its page has shown is let go.

Solara 1.58 keeps the tasks of pages for good, and with them the models that they step; versions
after it let them go themselves (its pull request 1180).
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress

import solara.lab
import solara.lifecycle


@solara.lab.on_kernel_start  # a kernel is a session
def ending() -> Callable[[], None]:
    """Return what is to be done at the end of the session that begins."""
    return let_tasks_go


def let_tasks_go() -> None:
    """Forget the tasks that pages, not modules, have begun; pages that are open keep theirs."""
    for entry in [*solara.lifecycle._on_kernel_start_callbacks]:
        if entry.callpoint is None:
            with suppress(ValueError):  # another session that ends has done it
                entry.cleanup()
    gc.collect()  # what sessions that have ended held, in cycles that would stay for hours
