"""Timestamps for manifests and for the names of folders."""

from __future__ import annotations

import datetime as dt


def utc_now() -> str:
    """Return the current time in UTC, ISO format, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def folder_name() -> str:
    """Return the name of a folder created now, in local time."""
    return dt.datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
