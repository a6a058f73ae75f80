"""Verify that results are as their runs left them: ``python -m sim.verify FOLDER ...``.

Looks at each file of a run folder that the manifest has a hash of (tables, figures, report,
configuration), at the manifest itself, and at the shards of a sweep. Exits with 1 if anything is
damaged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.runs.hashes import FILES, damage
from sim.runs.manifest import read_manifest
from sim.sweeps.folder import SweepFolder
from sim.sweeps.multirun import Multirun
from sim.sweeps.tasks import is_batch, open_batch

DAMAGED = 1  # exit status


def main(arguments: Sequence[str] | None = None) -> None:
    """Verify some folders; print each damaged file."""
    parser = argparse.ArgumentParser(
        "python -m sim.verify", description="Verify that results are as their runs left them."
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="outputs/...")
    options = parser.parse_args(arguments)
    with exit_status_of_errors():
        found = [line for folder in options.folders for line in verify(folder)]
    for line in found:
        print(line, file=sys.stderr)
    if found:
        raise SystemExit(DAMAGED)


def verify(folder: Path) -> list[str]:
    """Return what is damaged in the folder of a run, a multirun or a sweep; print what is whole.

    Raises
    ------
    ConfigError
        If it holds none of these, or a run that is not done or has no hashes.
    """
    if not is_batch(folder):
        return _of_run(folder)
    batch = open_batch(folder)
    if isinstance(batch, Multirun):
        done = [job.folder for job in batch.jobs if job.status == "done"]
        return [line for one in done for line in _of_run(one)]
    return list(_of_sweep(batch))


def _of_run(folder: Path) -> list[str]:
    entry = read_manifest(folder)
    if entry.get("status") != "done" or FILES not in entry:
        raise ConfigError(f"{folder}: no run here that is done and kept hashes of its files")
    lines = list(damage(folder, entry, entry[FILES]))
    if not lines:
        print(f"{folder}: {len(entry[FILES])} files are as the run left them")
    return lines


def _of_sweep(folder: SweepFolder) -> Iterator[str]:
    """Yield the shards that cannot be read or have a wrong checksum."""
    shards, bad = folder.shards(), 0
    for shard in shards:
        try:
            shard.records(), shard.outcomes()
        except ConfigError as error:
            bad += 1
            yield str(error)
    if not bad:
        print(f"{folder.path}: {len(shards)} shards have the checksums they were written with")


if __name__ == "__main__":
    main()
