"""Where the files of configuration stand, and the names that their groups allow."""

from __future__ import annotations

from pathlib import Path

CONF = Path(__file__).resolve().parents[2] / "conf"


def names(group: str) -> list[str]:
    """Return the names that a group of conf/ allows; none if there is no such group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
