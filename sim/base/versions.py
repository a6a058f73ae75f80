"""Versions of sources and libraries: with the configuration they determine a result."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim import __version__

PACKAGES = ("numpy", "numba", "scipy", "pandas", "mesa", "networkx", "hydra-core", "pydantic")
ROOT = Path(__file__).parents[1]


def made_by() -> dict[str, Any]:
    """Return `versions`, `commit` and `sources` of the code, for a manifest."""
    return {"versions": versions(), "commit": commit(), "sources": sources()}


def versions() -> dict[str, str]:
    """Return the versions of the simulator, of Python and of the libraries that runs use."""
    return {"sim": __version__, "python": platform.python_version()} | {
        package: version(package) for package in PACKAGES
    }


def commit() -> str | None:
    """Return the commit of the sources, ``+dirty`` if sim/, conf/ or cases/ differ, or None."""
    if not (
        ROOT.parent / ".git"
    ).exists():  # installed: a surrounding repository is another project's
        return None
    git = ["git", "-C", str(ROOT.parent), "--no-optional-locks"]
    try:
        # S603: the command is fixed
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, check=True)  # noqa: S603
        changed = subprocess.run(  # noqa: S603
            [*git, "status", "--porcelain", "--", "sim", "conf", "cases"],
            capture_output=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.decode().strip() + ("+dirty" if changed else "")


def sources() -> str:
    """Return a hash of the package's source files and shipped data."""
    digest = hashlib.blake2b(digest_size=10)
    for path in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.csv")]):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
