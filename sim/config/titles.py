"""Titles in print of scenarios and groups, in place of their names in the configuration."""

from __future__ import annotations

from pathlib import Path

from sim.base.errors import ConfigError
from sim.config.conf import CONF
from sim.config.sim_config import SimConfig
from sim.config.variants import changes
from sim.policies.policy import plain

MARK = "title:"  # of the comment line that holds the title of a scenario
KINDS = {"age": "aged {}", "region": "{}", "type": "{}"}  # of groups, by what they are split
NAMES = {
    "state_averse": "distrusts the state",
    "foreign_averse": "distrusts foreign apps",
    "indifferent": "trusts both alike",
    "egov": "state services log-in",
}


def comment(scenario: str, *cases: Path) -> list[str]:
    """Return the first comment lines of a scenario's file, those after the package line.

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
    folders = (CONF, *(case / "conf" for case in cases))
    files = [folder / "scenario" / f"{scenario}.yaml" for folder in folders]
    file = next((one for one in files if one.is_file()), None)
    if file is None:
        raise ConfigError(f"scenario={scenario}: no such file: {', '.join(map(str, files))}")
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return lines


def scenario_title(config: SimConfig, name: str) -> str:
    """Return the title of a scenario as it stands within a sentence: ``banning calls``.

    It is a noun phrase in the singular. Titles of composed scenarios are joined; a scenario
    without one has its name in words. A scenario whose policies are not those of its file any
    more is a variant of it.
    """
    cases = [Path(config.case.folder)] if config.case.folder else []
    words = " with ".join(title(part, *cases) for part in name.split("+"))
    return f"a variant of {words}" if changes(config, name) else words


def scenario_titles(config: SimConfig) -> dict[str, str]:
    """Return the titles of the scenarios of a run by name, as labels: ``Banning calls``."""
    titles: dict[str, str] = {}
    for name in (config.scenario, *config.compare_to):
        words = capital(scenario_title(config, name))
        titles[name] = f"{words} ({name})" if words in titles.values() else words
    return titles


def group_title(group: str) -> str:
    """Return a group in words: ``aged 12-17`` of ``age=12-17``."""
    kind, _, name = group.partition("=")
    words = plain(name).title() if kind == "region" else NAMES.get(name, plain(name))
    return KINDS.get(kind, "{}").format(words.replace("-", "\N{EN DASH}"))


def policy_title(name: str) -> str:
    """Return the name of a policy in words: ``Max state services log-in`` of ``max_egov``."""
    return capital(" ".join(NAMES.get(word, word) for word in plain(name).split()))


def capital(words: str) -> str:
    """Return words with a capital at their beginning; the other letters stay."""
    return words[:1].upper() + words[1:]


def title(scenario: str, *cases: Path) -> str:
    """Return the title of one scenario, its name in words if it has none; `cases` as `comment`."""
    try:
        lines = comment(scenario, *cases)
    except ConfigError:  # of a case that has gone elsewhere since
        lines = []
    titles = [line.removeprefix(MARK).strip() for line in lines if line.startswith(MARK)]
    return titles[0] if titles else plain(scenario)
