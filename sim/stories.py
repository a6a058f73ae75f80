"""What the files of scenarios say of themselves."""

from __future__ import annotations

from pathlib import Path

from sim.config import SimConfig
from sim.schema import CONF


def story(scenario: str, conf: Path = CONF) -> str:
    """Return what the file of a scenario says of it, in its first lines of comment."""
    lines = (conf / "scenario" / f"{scenario}.yaml").read_text(encoding="utf-8").splitlines()
    told = []
    for line in lines[1:]:  # behind the package
        if not line.startswith("#"):
            break
        told.append(line.lstrip("# "))
    return " ".join(told)


def story_of(config: SimConfig) -> str:
    """Return what is told of a configuration's scenario, or of all that it is composed of.

    A case in a folder of its own has its scenarios there.
    """
    own = Path(config.case.folder) / "conf" if config.case.folder else CONF
    names = config.scenario.split("+")
    is_own = [(own / "scenario" / f"{name}.yaml").is_file() for name in names]
    return " ".join(
        story(name, own if mine else CONF) for name, mine in zip(names, is_own, strict=True)
    )
