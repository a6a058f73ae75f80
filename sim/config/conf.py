"""Paths of the configuration files, and the names in their groups."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
# conf/ and cases/ are next to the package in a clone, and inside the installed package.
ROOT = _PACKAGE if (_PACKAGE / "conf").is_dir() else _PACKAGE.parent
CONF = ROOT / "conf"
CASES = ROOT / "cases"


def names(group: str) -> list[str]:
    """Return the names that a group of conf/ allows; none if there is no such group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
