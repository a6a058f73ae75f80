"""Moments as they are written down: in manifests, and in the names of folders."""

from __future__ import annotations

import datetime as dt


def utc_now() -> str:
    """Return the present second, in universal time."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def folder_name() -> str:
    """Return how a folder is called that is begun now, by the clock of who begins it."""
    return dt.datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
