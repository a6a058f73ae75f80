"""Checks of the files of a case before Hydra reads them: a case may hold values, but no code.

Hydra can call what a file names (`hydra.job_logging`), read the environment (``${oc.env:HOME}``)
and load other files. So a case is read only if each of its files is where files of a case belong
and holds only what is allowed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import yaml

from sim.base.errors import ConfigError
from sim.base.inputs import refusal
from sim.config.conf import CONF
from sim.config.keys import GROUPS
from sim.config.safe_yaml import SafeComposer
from sim.config.sim_config import SimConfig
from sim.config.validation import OURS, allowed_keys

KNOWN = (*GROUPS, "scenario", "policy")  # folders of conf/ in a case
GLOBAL = "_global_"
PLACES = {"case": GLOBAL, "scenario": GLOBAL, "policy": f"policies.NAME or {GLOBAL}"}
DEFAULTS = "defaults"
KEYS = (*(name for name in SimConfig.model_fields if name not in OURS), DEFAULTS)  # of _global_
MOST_BYTES = 2**18  # of a file; the largest shipped one has 4,000
MOST_FILES = 100  # of a case; also files that one file includes by its defaults, directly or not
SPELT = r"[A-Za-z0-9_-]+"
NAME = re.compile(SPELT)
NAMED = "allowed in its name: A to Z, a to z, 0 to 9, _, -"
_MARK = re.compile(r"\s*#\s*@")  # a directive of Hydra
_PACKAGE = re.compile(rf"#[ \t]*@package +({SPELT}|policies\.{SPELT}) *")
_INTO = rf"(?:@policies\.{SPELT})?"
_ENTRY = re.compile(rf"(?:/({'|'.join(KNOWN)})/)?({SPELT}){_INTO}")
_CHOICE = re.compile(rf"(?:(?:override|optional) )?/({'|'.join(KNOWN)}){_INTO}")
ENTRIES = "_self_, NAME, /policy/NAME, /policy/NAME@policies.NAME, override /GROUP: NAME"


class _Content(NamedTuple):
    problems: tuple[str, ...]
    brings: tuple[tuple[str, str], ...]  # group and name of each file in its defaults


def admit(folder: Path) -> None:
    """Check that Hydra may read every file of a case.

    Raises
    ------
    ConfigError
        If something is not allowed: file, line, key and what is allowed; one line a problem.
    """
    if found := list(problems(folder)):
        raise ConfigError("\n".join(found))


def problems(folder: Path) -> Iterator[str]:
    """Yield one line for each problem: where it is, what it is, and what is allowed."""
    misplaced = list(_misplaced(folder))
    yield from misplaced
    if misplaced:
        return
    files = yaml_files(folder)
    if len(files) > MOST_FILES:
        yield f"conf: {len(files)} files; allowed: up to {MOST_FILES}"
        return
    contents = {
        (path.parent.name, path.stem): _content(path, path.relative_to(folder), _stamp(path))
        for path in files
    }
    yield from (problem for content in contents.values() for problem in content.problems)
    yield from _recursive({key: content.brings for key, content in contents.items()})


def yaml_files(folder: Path, group: str = "*") -> list[Path]:
    """Return the configuration files of a case, of one group or all; hidden files are skipped."""
    found = (folder / "conf").glob(f"{group}/*.yaml")
    return sorted(path for path in found if not path.name.startswith("."))


def _misplaced(folder: Path) -> Iterator[str]:
    """Yield files and folders that do not belong in a case or cannot be read."""
    conf = folder / "conf"
    for path in (conf, *_shown(conf)):
        name = path.relative_to(folder)
        if path != conf and path.name not in KNOWN:
            yield f"{name}: not a folder of a case; allowed: {', '.join(KNOWN)}"
        elif not path.is_dir():
            yield f"{name}: no folder; allowed: one"
        elif not path.resolve().is_relative_to(folder.resolve()):
            yield f"{name}: a link that leaves the folder of the case; allowed: a folder in it"
        elif path != conf:
            yield from (p for file in _shown(path) for p in _misfit(file, folder))


def _shown(folder: Path) -> list[Path]:
    """Return the entries of a folder, without hidden files and backups of editors."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if not path.name.startswith(".") and path.name[-1] != "~")


def _misfit(path: Path, folder: Path) -> Iterator[str]:
    """Yield why a file in a group's folder may not be opened."""
    name = path.relative_to(folder)
    if path.suffix != ".yaml":
        yield f"{name}: not read; allowed: {path.stem}.yaml"
    elif not NAME.fullmatch(path.stem):
        yield f"{name}: {NAMED}"
    elif (CONF.parent / name).is_file():
        yield f"{name}: the simulator's own file of this name would be read; allowed: another name"
    else:
        try:
            problem = refusal(path, folder, MOST_BYTES)
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        if problem:
            yield f"{name}: {problem}"


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=512)  # a command composes a case several times
def _content(path: Path, name: Path, _: tuple[int, ...]) -> _Content:
    """Return the problems in a file, and the files that it includes."""
    try:
        text = path.read_text(encoding="utf-8")
        node = SafeComposer(text).get_single_node()
    except UnicodeDecodeError as error:
        return _Content((f"{name}: no text in UTF-8: {error.reason}",), ())
    except OSError as error:
        return _Content((f"{name}: cannot be read: {error.strerror}",), ())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return _Content((f"{name}, line {line}: no YAML: {error.problem}",), ())
    except yaml.YAMLError as error:  # a control character
        return _Content((f"{name}: no YAML: {error}".replace('"<unicode string>"', "it"),), ())
    found = _Findings(str(name))
    package = _package(text, path.parent.name, found)
    if node is not None:
        _walk(node, "", found)
        _top(node, package, path.parent.name, found)
    return _Content(tuple(found.problems), tuple(found.brings))


class _Findings:
    """Problems of a file, and the files that it includes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[str] = []
        self.brings: list[tuple[str, str]] = []

    def refuse(self, line: int, problem: str) -> None:
        self.problems.append(f"{self.name}, line {line}: {problem}")


def _package(text: str, group: str, found: _Findings) -> str:
    """Return the package that the first line of a file declares; refuse one of another group."""
    first, *others = text.splitlines() or [""]
    place = _PACKAGE.fullmatch(first)
    package = place[1] if place else ""
    fits = {
        "case": package == GLOBAL,
        "scenario": package == GLOBAL,
        "policy": package == GLOBAL or package.startswith("policies."),
    }
    if text.startswith("\ufeff"):
        found.refuse(1, "a byte order mark; allowed: UTF-8 without one")
    elif group in PLACES and not fits[group]:
        found.refuse(1, f"needed: # @package {PLACES[group]}")
    elif group not in PLACES and (
        package not in ("", group) or (_MARK.match(first) and not place)
    ):
        found.refuse(1, f"{first.strip()}: allowed: no such line, its keys are those of {group}")
    for number, line in enumerate(takewhile(_may_be_head, others), 2):
        if _MARK.match(line):
            found.refuse(number, f"{line.strip()}: allowed: in the first line")
    return package or group


def _may_be_head(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _walk(node: yaml.Node, path: str, found: _Findings) -> None:
    """Refuse interpolations, merge keys, duplicate keys and keys that are not names."""
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        if "${" in node.value:
            found.refuse(line, f"{path}={node.value}: refers elsewhere; allowed: the value itself")
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _walk(value, path, found)
    else:
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                found.refuse(line, f"{path}: a key that is a list or group; allowed: a name")
                continue
            here = f"{path}.{key.value}".lstrip(".")
            if key.value in seen:
                found.refuse(line, f"no YAML: found duplicate key {key.value}")
            if "${" in key.value or key.value == "<<":
                found.refuse(line, f"{here}: allowed: a name")
            seen.add(key.value)
            _walk(value, here, found)


def _top(node: yaml.Node, package: str, group: str, found: _Findings) -> None:
    """Refuse unknown top-level keys, and defaults that include what no case may hold."""
    if not isinstance(node, yaml.MappingNode):
        kind = "a list" if isinstance(node, yaml.SequenceNode) else "a value"
        found.problems.append(f"{found.name}: {kind}; allowed: keys with values")
        return
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.value == DEFAULTS:
            entries = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for entry in entries:
                _include(entry, group, found)
        elif package == GLOBAL and key.value not in KEYS:
            known = allowed_keys(str(key.value), [*KEYS])
            found.refuse(line, f"{key.value}: unknown key; {known}")


def _include(entry: yaml.Node, group: str, found: _Findings) -> None:
    """Record the files that an entry of the defaults includes; refuse other forms."""
    if isinstance(entry, yaml.ScalarNode) and (named := _ENTRY.fullmatch(entry.value)):
        found.brings.append((named[1] or group, named[2]))
        return
    if isinstance(entry, yaml.MappingNode) and len(entry.value) == 1:
        key, value = entry.value[0]
        chosen = _CHOICE.fullmatch(key.value) if isinstance(key, yaml.ScalarNode) else None
        values = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if chosen and all(
            isinstance(one, yaml.ScalarNode) and NAME.fullmatch(one.value) for one in values
        ):
            found.brings += [(chosen[1], one.value) for one in values]
            return
    written = yaml.serialize(entry, width=80).strip().removesuffix("\n...")
    found.refuse(entry.start_mark.line + 1, f"{DEFAULTS}: {written}: allowed: {ENTRIES}")


def _recursive(brings: dict[tuple[str, str], tuple[tuple[str, str], ...]]) -> Iterator[str]:
    """Yield files that include themselves or too many files."""
    sizes: dict[tuple[str, str], float] = {}

    def size(file: tuple[str, str]) -> float:
        if file not in sizes:
            sizes[file] = float("inf")  # remains infinite for a file that includes itself
            sizes[file] = 1 + sum(size(one) for one in brings.get(file, ()) if one[1] != "_self_")
        return sizes[file]

    for group, name in brings:
        if size((group, name)) > MOST_FILES:
            yield (
                f"conf/{group}/{name}.yaml: {DEFAULTS}: includes itself, or more than "
                f"{MOST_FILES} files"
            )
