"""Cases in a folder of the user: `case_dir=FOLDER` on the command line (docs/howto_case.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from os.path import isdir
from pathlib import Path

from sim.base.errors import ConfigError
from sim.config.case_files import admit, yaml_files
from sim.config.conf import CASES
from sim.config.keys import path_of

ModificationTimes = tuple[tuple[str, int], ...]
KEY, FOLDER = "case_dir=", "++case.folder="
SEARCHED = ["hydra", "searchpath"]
UNREADABLE = "'\\$"  # characters with a meaning in Hydra


def open_case(overrides: Iterable[str]) -> tuple[str, ...]:
    """Replace `case_dir=FOLDER` by overrides for the case's name and folder.

    Raises
    ------
    ConfigError
        If the folder does not exist, does not hold exactly one case, or holds a file that may not
        be read; also if another case is chosen with it.
    """
    overrides, opened = list(overrides), []
    choices = [o for o in overrides if o.startswith(KEY) or path_of(o) == ["case"]]
    if len(choices) > 1 and any(o.startswith(KEY) for o in choices):
        raise ConfigError(f"{' '.join(choices)}: allowed: one case")
    for override in overrides:
        if override.startswith(KEY):
            folder = admitted(override.removeprefix(KEY))
            opened += [f"case={case_name(folder)}", f"{FOLDER}'{folder}'"]
        else:
            opened.append(override)
    return tuple(opened)


def searching(overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Add the case's folder to the search path of Hydra.

    No other folder can be added, so Hydra reads only shipped files and admitted ones.

    Raises
    ------
    ConfigError
        If an override sets the search path to anything but the folder of the case.
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
    return (
        *overrides[:at],
        search,
        *overrides[at:],
    )  # next to the folder, as other overrides may follow


def closed(overrides: Sequence[str]) -> list[str]:
    """Undo `open_case`: return overrides with ``case_dir=FOLDER``."""
    for at, (case, folder) in enumerate(pairwise(overrides)):
        if case.startswith("case=") and folder.startswith(FOLDER):
            path = _opened(folder)
            name = path.name if path.parent == CASES else path
            return [*overrides[:at], f"{KEY}{name}", *overrides[at + 2 :]]
    return [*overrides]


def modification_times(overrides: tuple[str, ...]) -> ModificationTimes:
    """Return the modification times of the files of a case, as they may change in a session.

    Raises
    ------
    ConfigError
        If a file may not be read.
    """
    folder = _folder(overrides)
    files = yaml_files(folder) if folder else ()
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)


def own_names(overrides: tuple[str, ...], group: str) -> list[str]:
    """Return the names that a case adds to a group of conf/."""
    folder = _folder(overrides)
    return [path.stem for path in yaml_files(folder, group)] if folder else []


def _folder(overrides: tuple[str, ...]) -> Path | None:
    """Return the folder of the case that overrides name, after its checks; None without one."""
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
    """Return the folder of a case after its checks.

    Raises
    ------
    ConfigError
        If there is none, or a file in it may not be read.
    """
    folder = case_folder(name)
    admit(folder)
    return folder


def case_folder(name: str) -> Path:
    """Return the folder of that path, or else the shipped case of that name.

    Raises
    ------
    ConfigError
        If there is none, or its name has a character with a meaning in Hydra.
    """
    for folder in (Path(name), CASES / name):
        if name and isdir(folder):  # which is no error where a name is too long
            _refuse_unreadable(folder.resolve())
            return folder.resolve()
    shipped = ", ".join(sorted(path.name for path in CASES.iterdir() if path.is_dir()))
    raise ConfigError(f"{KEY}{name}: no such folder; allowed: one of your own, or {shipped}")


def _refuse_unreadable(folder: Path) -> None:
    """Refuse a folder whose name Hydra would misread."""
    if set(UNREADABLE) & set(str(folder)):
        raise ConfigError(f"{KEY}{folder}: allowed: a folder without {UNREADABLE} in its name")


def case_name(folder: Path) -> str:
    """Return the name of the one case in a folder.

    Raises
    ------
    ConfigError
        If there is not exactly one.
    """
    names = [path.stem for path in yaml_files(folder, "case")]
    if len(names) != 1:
        raise ConfigError(f"{folder}: {len(names)} files in conf/case; allowed: one, NAME.yaml")
    return names[0]
