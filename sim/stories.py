"""What the files of scenarios say of themselves."""

from __future__ import annotations

from sim.schema import CONF


def story(scenario: str) -> str:
    """Return what the file of a scenario says of it, in its first lines of comment."""
    lines = (CONF / "scenario" / f"{scenario}.yaml").read_text(encoding="utf-8").splitlines()
    told = []
    for line in lines[1:]:  # behind the package
        if not line.startswith("#"):
            break
        told.append(line.lstrip("# "))
    return " ".join(told)
