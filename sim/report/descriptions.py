"""Descriptions of scenarios, from the comments at the top of their files."""

from __future__ import annotations

from pathlib import Path

from sim.config.sim_config import SimConfig
from sim.config.titles import MARK, comment


def descriptions(config: SimConfig) -> str:
    """Return the descriptions of the scenarios of a run, including those of its case.

    Each of several is named, as its description may not hold for the combination.
    """
    folders = [Path(config.case.folder)] if config.case.folder else []
    described = {name: description(name, *folders) for name in config.scenario.split("+")}
    if len(described) == 1:
        return "".join(described.values())
    return " ".join(f"{name}: {words}" for name, words in described.items())


def description(scenario: str, *cases: Path) -> str:
    """Return the description of a scenario: the first comment lines of its file.

    Parameters
    ----------
    scenario : str
        Its name.
    *cases : Path
        Folders of cases, searched after conf/.

    Raises
    ------
    ConfigError
        If there is no such file.
    """
    return " ".join(line for line in comment(scenario, *cases) if not line.startswith(MARK))
