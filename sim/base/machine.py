"""The memory of this machine and of this process [bytes]."""

from __future__ import annotations

import os
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

KIB = 1024
CGROUPS = Path("/sys/fs/cgroup")


def used() -> int:
    """Return the resident memory of this process; its peak where the system reports only that."""
    return _status("VmRSS") or peak()


def peak() -> int:
    """Return the peak resident memory of this process."""
    # on Linux ru_maxrss includes the peak of the parent process, so /proc comes first
    high_water = _status("VmHWM")
    if high_water is not None:
        return high_water
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * KIB


def available() -> int:
    """Return the free memory, within the limits of this process's cgroups."""
    return max(0, min(_of_machine(), *_of_cgroups(_text(Path("/proc/self/cgroup")), CGROUPS)))


def _of_machine() -> int:
    free = re.search(r"^MemAvailable:\s*(\d+) kB", _text(Path("/proc/meminfo")), re.M)
    if free:
        return int(free[1]) * KIB
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf(
        "SC_PHYS_PAGES"
    )  # macOS: all memory, as free memory is unknown


def _of_cgroups(ours: str, root: Path) -> Iterator[int]:
    """Yield the memory left in this cgroup and its parents; a large number if unlimited.

    Parameters
    ----------
    ours
        The text of ``/proc/self/cgroup``.
    root
        Mount point of cgroups.
    """
    yield sys.maxsize
    for line in ours.splitlines():
        _, kinds, path = line.split(":", 2)
        if kinds not in ("", "memory"):
            continue
        base, limit, now = (
            (root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes")
            if kinds
            else (root, "memory.max", "memory.current")
        )
        here = base / path.strip("/")
        for folder in (here, *here.parents):
            most, taken = _text(folder / limit).strip(), _text(folder / now).strip()
            if most.isdigit() and taken.isdigit():
                cached = re.search(
                    r"^(total_)?inactive_file (\d+)", _text(folder / "memory.stat"), re.M
                )
                yield int(most) - int(taken) + (int(cached[2]) if cached else 0)


def _status(key: str) -> int | None:
    found = re.search(rf"^{key}:\s*(\d+) kB", _text(Path("/proc/self/status")), re.M)
    return int(found[1]) * KIB if found else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
