"""Facts of the machine that runs the bench, and versions."""

from __future__ import annotations

import datetime as dt
import os
import platform
from importlib.metadata import version
from pathlib import Path

from sim.base.versions import commit
from sim.kernel.parallel_map import available_cores

PACKAGES = ("numpy", "numba", "llvmlite")


def facts() -> dict[str, str | int | float | None]:
    """Return what the times depend on."""
    return {
        "processor": _processor(),
        "cores": available_cores(),
        "caches": _caches(),
        "memory_gib": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "commit": commit(),
        "day": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def _processor() -> str:
    """Return the processor's name; some hosts hide it, hence family and model as well."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or "unknown"
    first = info.read_text().split("\n\n")[0].splitlines()
    lines = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in first)}
    name = lines.get("model name", platform.processor() or "unknown")
    return f"{name} (family {lines.get('cpu family', '?')}, model {lines.get('model', '?')})"


def _caches() -> str:
    """Return the caches of the first core as the system shows them."""
    found = []
    for cache in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((cache / x).read_text().strip() for x in ("level", "type", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found) or "unknown"


def _memory() -> float | None:
    """Return the memory [GiB]."""
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    except (ValueError, OSError):
        return None
