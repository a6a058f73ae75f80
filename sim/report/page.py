"""The report of a run, one file that works offline: ``python -m sim.report DIR``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from omegaconf import OmegaConf

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.numbers import signed
from sim.config import posterior
from sim.config.case_dir import closed
from sim.config.keys import close_key
from sim.config.sim_config import SimConfig
from sim.config.titles import group_title, policy_title, scenario_title
from sim.config.variants import variants
from sim.observation.apart import first_difference
from sim.observation.events import events
from sim.observation.residuals import FAR
from sim.report.descriptions import descriptions
from sim.report.facts import Facts, facts
from sim.report.glossary import units, words
from sim.report.inline import description, inline
from sim.report.readings import as_json
from sim.report.summary import COVERED, SOCIETIES, kind_of
from sim.report.tiles import beside, tiles
from sim.runs.hashes import refuse_damaged
from sim.runs.manifest import OVERRIDES, note_file, read_manifest
from sim.runs.results import Tables

NAME = "report.html"


class Shown(NamedTuple):
    """A figure of the run folder that the page shows."""

    title: str
    about: str  # its text alternative
    svg: str  # an element of the page


def write_report(result: Tables, folder: Path | str) -> Path | None:
    """Write ``report.html`` into a run folder; return None if the run holds no whole month.

    Parameters
    ----------
    folder : Path or str
        The run folder (`run_to_folder`): its figures and its manifest are part of the page.

    Raises
    ------
    ConfigError
        If the folder holds no run, or a figure has changed since.
    """
    found, folder = facts(result), Path(folder)
    if found is None:
        return None
    entry = read_manifest(folder)
    if not entry:
        raise ConfigError(
            f"{folder}: no run here; allowed: a folder that run_to_folder has filled"
        )
    refuse_damaged(folder, entry, (path.name for path in folder.glob("*.svg")))
    path = write_page(found, folder)
    note_file(path)
    return path


def write_page(found: Facts, folder: Path) -> Path:
    """Write the page of a run into its folder, from its facts."""
    page = template(NAME).render(_context(found, folder))
    with atomic_write(folder / NAME) as draft:
        draft.write_text(page, encoding="utf-8")
    return folder / NAME


def _fitted(config: SimConfig) -> dict[str, list[str]]:
    """Return the fitted parameters of a run, by what identifies them: data or prior."""
    by: dict[str, list[str]] = {}
    if config.parameters == "posterior":
        for row in posterior.identifiability(posterior.place(config.case.data)):
            if row.parameter not in config.held:
                by.setdefault(row.by, []).append(row.parameter)
    return by


def template(name: str) -> Any:
    """Return a page to be filled in."""
    environment = Environment(
        loader=PackageLoader("sim.report"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template(name)


def _context(found: Facts, folder: Path) -> dict[str, Any]:
    config = found.config
    labels = {name: platform.printed for name, platform in config.platforms.items()}
    policies = sorted(config.policies.items(), key=lambda item: (item[1].start, item[0]))
    titles = {name: scenario_title(config, name) for name in (config.scenario, *config.compare_to)}
    marked = events(config)
    is_own = ~marked["apart"] & marked["date"].between(
        *map(pd.Timestamp, (config.start, config.end))
    )
    return {
        "f": found,
        "titles": titles,
        "other": titles[config.compare_to[0]] if config.compare_to else "",
        "tiles": tiles(found),
        "beside": beside(found),
        "readings": as_json(found.readings),
        "own_events": list(marked[is_own].itertuples()),
        "group_title": group_title,
        "policy_title": policy_title,
        "description": descriptions(config),
        "variants": list(variants(config)),
        "is_other": first_difference(config) is not None,
        **_headline(folder),
        "figures": _figures(folder, titles),
        "labels": labels,
        "kind_of": kind_of,
        "words": words(),
        "units": units(config),
        "covered": COVERED[config.parameters],
        "societies": SOCIETIES[config.parameters],
        "fitted": _fitted(config),
        "far": FAR,
        "signed": signed,
        "policies": policies,
        "sources": _sources(found),
        "command": _command(folder),
        "made_by": _made_by(folder),
    }


def _headline(folder: Path) -> dict[str, str]:
    """Return the first figure, wide and for a phone, and what it shows; empty if there is none."""
    read = {name: _read(folder, name) for name in ("headline", "headline_phone")}
    drawn = {name: inline(svg, name) if svg else "" for name, svg in read.items()}
    return {**drawn, "about": description(read["headline"])}


def _figures(folder: Path, titles: Mapping[str, str]) -> list[Shown]:
    """Return the other figures of a folder in the order of the page."""
    _, *others = titles
    effects = {
        f"effects_against_{name}": f"What changes, compared with {titles[name]}" for name in others
    }
    shown = {"reach": "Reach over time", **effects, "flows": "Who switched to what"}
    shown |= {"harms": "What it costs", "use": "Messages and calls by app"}
    read = {name: _read(folder, name) for name in shown}
    return [
        Shown(shown[name], description(svg), inline(svg, name))
        for name, svg in read.items()
        if svg
    ]


def _read(folder: Path, name: str) -> str:
    path = folder / f"{name}.svg"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _sources(found: Facts) -> list[tuple[str, list[str]]]:
    """Return sources and links of the observed points that the report shows."""
    by_measurer = found.observed.groupby("measurer")["source"].unique()
    return [(str(name), sorted(links)) for name, links in by_measurer.items()]


def _overrides(folder: Path) -> list[str]:
    """Return the overrides of the command line; none if the run was started from Python."""
    path = folder / OVERRIDES
    options = [str(one) for one in OmegaConf.load(path)] if path.is_file() else []
    return [close_key(one) for one in closed(options)]


def _command(folder: Path) -> str:
    """Return the command that repeats the run, or say where its configuration is."""
    if not (folder / OVERRIDES).is_file():
        return (
            "The run was started from Python; config.yaml next to this page is its configuration."
        )
    return shlex.join(["python", "-m", "sim", *_overrides(folder)])


def _made_by(folder: Path) -> str:
    entry = read_manifest(folder)
    commit = entry.get("commit") or "unknown"
    return (
        f"Made by version {entry['versions']['sim']}, commit {commit}, engine {entry['engine']}; "
        f"seed {entry['seed']}, {_replications(entry['replications'])} of "
        f"{entry['n_users']:,} users; started {entry['started']}"
    )


def _replications(n: int) -> str:
    return "1 replication" if n == 1 else f"{n} replications"
