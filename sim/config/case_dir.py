"""A case in a folder of its own: `case_dir=FOLDER` on the command line (docs/howto_case.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from sim.base.errors import ConfigError
from sim.config.case_files import admit, yaml_files
from sim.config.conf import CASES
from sim.config.keys import path_of

Stamps = tuple[tuple[str, int], ...]
KEY, FOLDER = "case_dir=", "++case.folder="
SEARCHED = ["hydra", "searchpath"]
UNREADABLE = "'\\$"  # signs of a folder's name that mean something to Hydra


def open_case(overrides: Iterable[str]) -> tuple[str, ...]:
    """Replace `case_dir=FOLDER` by the case's name and its folder, which Hydra understands.

    Raises
    ------
    ConfigError
        If there is no such folder, not one case in it, or a file that is not to be read.
    """
    opened: list[str] = []
    for override in overrides:
        if override.startswith(KEY):
            folder = admitted(override.removeprefix(KEY))
            opened += [f"case={case_name(folder)}", f"{FOLDER}'{folder}'"]
        else:
            opened.append(override)
    return tuple(opened)


def searching(overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Return the overrides with the case's folder among those that Hydra searches.

    Nothing else gives Hydra a folder to search, so it reads no files but ours and admitted ones.

    Raises
    ------
    ConfigError
        If the folder was named by hand and is no case, or another is to be searched.
    """
    folder = _folder(overrides)
    search = f"{'.'.join(SEARCHED)}=['file://{folder}/conf']"
    given = [o for o in overrides if [key.strip() for key in path_of(o)] == SEARCHED]
    for override in given:
        if folder is None or override != search:
            raise ConfigError(f"{override}: not to be set; allowed: {KEY}FOLDER, a case")
    if folder is None or given:
        return overrides
    at = next(k for k, override in enumerate(overrides) if override.startswith(FOLDER))
    return (*overrides[:at], search, *overrides[at:])  # beside it: options may follow


def closed(overrides: Sequence[str]) -> list[str]:
    """Return overrides as they were given to `open_case`, with ``case_dir=FOLDER``."""
    for at, (case, folder) in enumerate(pairwise(overrides)):
        if case.startswith("case=") and folder.startswith(FOLDER):
            path = _opened(folder)
            name = path.name if path.parent == CASES else path
            return [*overrides[:at], f"{KEY}{name}", *overrides[at + 2 :]]
    return [*overrides]


def stamps(overrides: tuple[str, ...]) -> Stamps:
    """Return when the files of a case were written: in a notebook they change between two runs.

    Raises
    ------
    ConfigError
        If one is not to be read.
    """
    folder = _folder(overrides)
    files = yaml_files(folder) if folder else ()
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)


def own_names(overrides: tuple[str, ...], group: str) -> list[str]:
    """Return the names that a case adds to those that a group of conf/ allows."""
    folder = _folder(overrides)
    return [path.stem for path in yaml_files(folder, group)] if folder else []


def _folder(overrides: tuple[str, ...]) -> Path | None:
    """Return the folder of the case that overrides name, if they do, and its files may be read."""
    opened = next((_opened(o) for o in overrides if o.startswith(FOLDER)), None)
    if opened is not None:
        _refuse_unreadable(opened)
        if not opened.is_dir():
            raise ConfigError(f"case.folder={opened}: no such folder; allowed: {KEY}FOLDER")
        admit(opened)
    return opened


def _opened(override: str) -> Path:
    """Return the folder that `open_case` wrote into an override."""
    return Path(override.removeprefix(FOLDER).strip("'"))


def admitted(name: str) -> Path:
    """Return the folder of a case that may be read.

    Raises
    ------
    ConfigError
        If there is none, or a file in it is not to be read.
    """
    folder = case_folder(name)
    admit(folder)
    return folder


def case_folder(name: str) -> Path:
    """Return the folder that is meant: the user's, or one that is shipped.

    Raises
    ------
    ConfigError
        If there is none, or Hydra could not read its name.
    """
    for folder in (Path(name), CASES / name):
        if name and folder.is_dir():
            _refuse_unreadable(folder.resolve())
            return folder.resolve()
    shipped = ", ".join(sorted(path.name for path in CASES.iterdir() if path.is_dir()))
    raise ConfigError(f"{KEY}{name}: no such folder; allowed: one of your own, or {shipped}")


def _refuse_unreadable(folder: Path) -> None:
    """Refuse a folder that Hydra would take for another."""
    if set(UNREADABLE) & set(str(folder)):
        raise ConfigError(f"{KEY}{folder}: allowed: a folder without {UNREADABLE} in its name")


def case_name(folder: Path) -> str:
    """Return the name of the one case in a folder.

    Raises
    ------
    ConfigError
        If there is none, or several.
    """
    names = [path.stem for path in yaml_files(folder, "case")]
    if len(names) != 1:
        raise ConfigError(f"{folder}: {len(names)} files in conf/case; allowed: one, NAME.yaml")
    return names[0]
