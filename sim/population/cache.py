"""Worlds kept on disk, memory-mapped, each under a hash of everything it depends on.

They are in ``messenger-migration-sim/worlds`` under ``$XDG_CACHE_HOME`` or ``~/.cache``, a
folder a world. Only damaged worlds are ever removed: to clear the cache, delete the folder
(``rm -r ~/.cache/messenger-migration-sim/worlds``); runs that use a world keep it until they end.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sim.base.errors import ConfigError
from sim.config.settings import FileNetwork
from sim.config.sim_config import SimConfig
from sim.population.array_store import DamagedError, Folder, read_world, write_manifest
from sim.population.build import World, build_world

SMALL = 50_000  # users; a smaller world is built as quickly as loaded
_BYTES = 200  # bytes a user on disk, approximately, for the mean degree of the layered graph
_log = logging.getLogger(__name__)


def load_world(
    config: SimConfig, n_threads: int | None = None, folder: Path | None = None
) -> World:
    """Return the world of `config`, from the cache if it is there.

    Parameters
    ----------
    config
        Names the world.
    n_threads
        Threads that build and check, all cores if None; the world does not depend on it.
    folder
        Of the cache, `worlds_folder()` if None.

    Notes
    -----
    Arrays are plain contiguous arrays, mapped copy on write: they are writeable, as arrays in
    memory are (compiled loops see one type), but what is written stays in this process. Pages are
    read when they are first used.
    """
    if config.population.n_users < SMALL:
        return build_world(config, n_threads)
    place = (folder or worlds_folder()) / world_key(config)
    try:
        with suppress(DamagedError, FileNotFoundError):
            world = read_world(place, n_threads)
            _log.info("world: read from %s", place)
            return world
        _log.info("world: built, and kept in %s", place)
        place.parent.mkdir(parents=True, exist_ok=True)
        with _locked(place):
            return _read_or_build(config, place, n_threads)
    except OSError as error:
        _log.warning("the world is not cached: %s; it is built in memory", error)
        return build_world(config, n_threads)


def worlds_folder() -> Path:
    """Return the folder of the cache."""
    home = os.environ.get("XDG_CACHE_HOME")
    return Path(home or Path.home() / ".cache") / "messenger-migration-sim" / "worlds"


def world_key(config: SimConfig) -> str:
    """Hash everything that the world of `config` depends on, sources included.

    Raises
    ------
    ConfigError
        If a file that it is built from cannot be read.
    """
    network = config.network.model_dump(mode="json", exclude={"path"})
    parts = [
        config.population.model_dump_json(), json.dumps(network), str(config.seed),
        str(len(config.messengers)),
    ]  # fmt: skip
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=16)
    files = [config.case.data / config.population.ages]
    if isinstance(config.network, FileNetwork):
        files.append(Path(config.network.path))
    package = Path(__file__).parents[1]
    sources = [*(package / "kernel").glob("*.py"), *(package / "population").glob("*.py")]
    for path in [*files, *sorted(sources), package / "config/settings.py"]:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    return digest.hexdigest()


def _read_or_build(config: SimConfig, place: Path, n_threads: int | None) -> World:
    """Read the world, or build it in a temporary folder and rename that."""
    try:
        return read_world(place, n_threads)
    except FileNotFoundError:
        pass
    except DamagedError as damage:
        _log.warning("%s; the world is built anew", damage)
        shutil.rmtree(place)
    for left in place.parent.glob(f"{place.name}.*.part"):  # left by processes that were killed
        shutil.rmtree(left, ignore_errors=True)
    room, free = _BYTES * config.population.n_users, shutil.disk_usage(place.parent).free
    if free < room:
        raise OSError(
            f"{place.parent} has {free / 1e9:.1f} GB free, a world takes {room / 1e9:.1f}"
        )
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        part.mkdir()
        build_world(config, n_threads, Folder(part))
        write_manifest(part, n_threads)
        with suppress(OSError):  # another process was faster
            part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return read_world(place, n_threads, check=False)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Wait until no other process builds this world; the lock ends with its process."""
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
