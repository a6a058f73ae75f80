"""What the files of scenarios say of themselves."""

from __future__ import annotations

from pathlib import Path

from sim.base.errors import ConfigError
from sim.config.conf import CONF
from sim.config.sim_config import SimConfig


def stories(config: SimConfig) -> str:
    """Return the stories of the scenarios that a run is composed of, also those of its case.

    Of several each is named: what one says of itself need not hold of all together.
    """
    folders = [Path(config.case.folder)] if config.case.folder else []
    told = {name: story(name, *folders) for name in config.scenario.split("+")}
    if len(told) == 1:
        return "".join(told.values())
    return " ".join(f"{name}: {words}" for name, words in told.items())


def story(scenario: str, *cases: Path) -> str:
    """Return what the file of a scenario says of it, in its first lines of comment.

    Parameters
    ----------
    scenario : str
        Its name.
    *cases : Path
        Folders of cases, looked into after conf/.

    Raises
    ------
    ConfigError
        If there is no such file.
    """
    folders = (CONF, *(case / "conf" for case in cases))
    files = [folder / "scenario" / f"{scenario}.yaml" for folder in folders]
    file = next((one for one in files if one.is_file()), None)
    if file is None:
        raise ConfigError(f"scenario={scenario}: no such file: {', '.join(map(str, files))}")
    told = []
    for line in file.read_text(encoding="utf-8").splitlines()[1:]:  # behind the package
        if not line.startswith("#"):
            break
        told.append(line.lstrip("# "))
    return " ".join(told)
