"""What a run's bits depend on besides its configuration: our sources and the libraries."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

from sim import __version__

PACKAGES = ("numpy", "numba", "scipy", "pandas", "mesa", "networkx", "hydra-core", "pydantic")
ROOT = Path(__file__).parent


def versions() -> dict[str, str]:
    """Return the versions of the simulator, of Python and of the libraries a run goes through."""
    return {"sim": __version__, "python": platform.python_version()} | {
        package: version(package) for package in PACKAGES
    }


def sources() -> str:
    """Return a hash of the package's source files and of the data shipped with it."""
    digest = hashlib.blake2b(digest_size=10)
    for path in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.csv")]):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
