"""A case in a folder of its own: `case_dir=FOLDER` on the command line (docs/howto_case.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from sim.composing.conf import CONF
from sim.errors import ConfigError

SHIPPED = Path(__file__).resolve().parents[2] / "cases"
Stamps = tuple[tuple[str, int], ...]
KEY, FOLDER, SEARCH = "case_dir=", "++case.folder=", "hydra.searchpath="


def open_case(overrides: Iterable[str]) -> tuple[str, ...]:
    """Replace `case_dir=FOLDER` by the case's name and its folder, which Hydra understands.

    Raises
    ------
    ConfigError
        If there is no such folder, not one case in it, or a file that would not be read.
    """
    opened: list[str] = []
    for override in overrides:
        if override.startswith(KEY):
            folder = case_folder(override.removeprefix(KEY))
            if problems := unread(folder):
                raise ConfigError("\n".join(problems))
            opened += [f"case={case_name(folder)}", f"{FOLDER}'{folder}'"]
        else:
            opened.append(override)
    return tuple(opened)


def searching(overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Return the overrides with the case's folder among those that Hydra searches."""
    at = next((k for k, o in enumerate(overrides) if o.startswith(FOLDER)), None)
    if at is None or any(o.startswith(SEARCH) for o in overrides):
        return overrides
    search = f"{SEARCH}['file://{_opened(overrides[at])}/conf']"
    return (*overrides[:at], search, *overrides[at:])  # beside it: options may follow


def closed(overrides: Sequence[str]) -> list[str]:
    """Return overrides as they were given to `open_case`, with ``case_dir=FOLDER``."""
    for at, (case, folder) in enumerate(pairwise(overrides)):
        if case.startswith("case=") and folder.startswith(FOLDER):
            path = _opened(folder)
            name = path.name if path.parent == SHIPPED else path
            return [*overrides[:at], f"{KEY}{name}", *overrides[at + 2 :]]
    return [*overrides]


def stamps(overrides: tuple[str, ...]) -> Stamps:
    """Return when the files of a case were written: in a notebook they change between two runs."""
    folders = [_opened(o) for o in overrides if o.startswith(FOLDER)][:1]
    files = [path for folder in folders for path in yaml_files(folder)]
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)


def own_names(overrides: tuple[str, ...], group: str) -> list[str]:
    """Return the names that a case adds to those that a group of conf/ allows."""
    folders = [_opened(o) for o in overrides if o.startswith(FOLDER)][:1]
    return [path.stem for folder in folders for path in yaml_files(folder, group)]


def _opened(override: str) -> Path:
    """Return the folder that `open_case` wrote into an override."""
    return Path(override.removeprefix(FOLDER).strip("'"))


def yaml_files(folder: Path, group: str = "") -> list[Path]:
    """Return the files of a case's configuration, of a group or all; no editor's locks."""
    found = (folder / "conf" / group).rglob("*.yaml")
    return sorted(path for path in found if not path.name.startswith("."))


def case_folder(name: str) -> Path:
    """Return the folder that is meant: the user's, or one that is shipped.

    Raises
    ------
    ConfigError
        If there is none, or Hydra could not read its name.
    """
    for folder in (Path(name), SHIPPED / name):
        if name and folder.is_dir():
            if "'" in str(folder.resolve()):
                raise ConfigError(f"{KEY}{name}: allowed: a folder without ' in its name")
            return folder.resolve()
    shipped = ", ".join(sorted(path.name for path in SHIPPED.iterdir() if path.is_dir()))
    raise ConfigError(f"{KEY}{name}: no such folder; allowed: one of your own, or {shipped}")


def unread(folder: Path) -> list[str]:
    """Say which files of a case are not read, as one of their name stands in conf/."""
    names = sorted(path.relative_to(folder) for path in yaml_files(folder))
    return [
        f"{name}: the simulator's own file of this name would be read; allowed: another name"
        for name in names
        if (CONF.parent / name).is_file()
    ]


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
