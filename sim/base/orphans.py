"""Workers of joblib that nobody leads any more stop: they would wait for jobs for ever."""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing import current_process

WORKER = "Loky"  # with which joblib's names of its processes begin
WATCHER = "follows the driver"
PAUSE = 1.0  # between two looks at the driver [s]
PATIENCE = 60.0  # with a run that keeps what it has reached, before it is told again [s]


def follow_driver() -> None:
    """Watch from now on whether the process that began this one lasts, if joblib began it."""
    watched = any(thread.name == WATCHER for thread in threading.enumerate())
    if current_process().name.startswith(WORKER) and not watched:
        threading.Thread(
            target=_stop_after, args=(os.getppid(),), name=WATCHER, daemon=True
        ).start()


def _stop_after(driver: int) -> None:
    """Stop this process by a signal once its parent is another: a run keeps what it reached."""
    while os.getppid() == driver:
        time.sleep(PAUSE)
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
