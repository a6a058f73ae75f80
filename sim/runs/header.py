"""The header of a checkpoint: configuration, sources and versions, which fix the result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sim.base.errors import ConfigError
from sim.base.versions import commit, sources, versions
from sim.config.sim_config import SimConfig
from sim.config.validation import validate
from sim.measures.registry import described_measures
from sim.rules.registered import described_rules
from sim.runs.manifest import read_manifest, refuse_concurrent_run, write_json

NAME = "header.json"
FORMAT = 1


@dataclass(frozen=True)
class Header:
    """Configuration and versions of a checkpoint."""

    config: SimConfig
    sources: str  # hash of the sources
    commit: str | None
    versions: dict[str, str]
    start: str | None  # hash of the start state; None: not built yet

    @classmethod
    def now(cls, config: SimConfig) -> Self:
        """Return the header for new runs of `config` with the present sources."""
        return cls(config, sources(), commit(), versions(), None)

    @staticmethod
    def exists(folder: Path) -> bool:
        """Return whether the folder of a checkpoint has a header."""
        return (folder / NAME).is_file()

    def write(self, folder: Path) -> None:
        """Write ``header.json`` atomically."""
        tree = {
            "format": FORMAT,
            "sources": self.sources,
            "rules": described_rules(),
            "commit": self.commit,
            "versions": self.versions,
            "start": self.start,
            "config": self.config.model_dump(mode="json"),
            "measures": described_measures(),
        }
        write_json(folder / NAME, tree | {"checksum": _checksum(tree)})

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the header of the checkpoint `folder`; refuse one that cannot be resumed here.

        Raises
        ------
        ConfigError
            Which names what is missing, damaged or of another version.
        """
        path = folder / NAME
        if not cls.exists(folder):
            refuse_concurrent_run(folder.parent)
            raise ConfigError(_missing(folder.parent))
        try:
            tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            whole = tree.pop("checksum") == _checksum(tree)
        except (ValueError, AttributeError, KeyError):
            whole = False
        if not whole:
            raise ConfigError(f"{path}: damaged, its checksum does not fit what it holds")
        _refuse_others(path, tree)
        return cls(
            validate(tree["config"]), tree["sources"], tree["commit"], tree["versions"],
            tree["start"],
        )  # fmt: skip

    def compare_start(self, start: str) -> None:
        """Refuse to resume from a different start state.

        Raises
        ------
        ConfigError
            If the hash of the world built now is not that of the checkpoint.
        """
        if start != self.start:
            raise ConfigError(
                f"start={start}: the world built from this configuration is not the one of the "
                f"checkpoint, {self.start}; a file it is read from or the machine is another"
            )


def _refuse_others(path: Path, tree: dict[str, Any]) -> None:
    """Refuse a checkpoint of other sources or libraries: its results would differ."""
    ours: dict[str, Any] = {"format": FORMAT, "sources": sources(), "rules": described_rules()}
    ours |= {f"versions.{name}": version for name, version in versions().items()}
    theirs = {name: tree.get(name) for name in ("format", "sources", "rules")}
    theirs |= {f"versions.{name}": version for name, version in tree["versions"].items()}
    ours["measures"], theirs["measures"] = described_measures(), tree.get("measures")
    lines = [
        f"{path}: {key}={theirs.get(key)}, it is {ours[key]} now"
        for key in ours
        if theirs.get(key) != ours[key]
    ]
    if lines:
        when = f"the runs began at commit {tree['commit']}" if tree["commit"] else ""
        raise ConfigError("\n".join([*lines, when]).strip())


def _missing(folder: Path) -> str:
    """Return why a folder has nothing to resume."""
    if not folder.is_dir():
        return f"{folder}: no such folder"
    status = read_manifest(folder).get("status")
    if status is None:
        return (
            f"{folder}: no checkpoint and no manifest.json; allowed: the folder of a run or sweep"
        )
    if status == "done":
        return f"{folder}: complete already (manifest.json: status=done)"
    if status == "running":  # of a process that is gone
        status = "interrupted"
    return f"{folder}: no checkpoint; its runs have kept none, start them anew (status={status})"


def _checksum(tree: dict[str, Any]) -> str:
    text = json.dumps(tree, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()
