"""Compile a function with numba; the cache on disk is keyed by the text of all our sources.

numba's own key is one file's content: a cached caller keeps an inlined helper of another module
after that helper has changed. Hence a cache folder of its own for every state of the sources. What
numba keeps is a pickle, which runs what it names: hence in a folder that nobody else can write.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property, lru_cache, update_wrapper
from pathlib import Path
from types import FunctionType
from typing import Any, cast

from sim.base.private import ROOM, private_folder

LEVELS = ("messenger-migration-sim", "numba")  # folders of ours, below a base that others may use


def _sources_key() -> str:
    """Hash every source file of the package, the numba version and the Python version."""
    from importlib.metadata import version

    digest = hashlib.blake2b(f"{version('numba')} {sys.version}".encode(), digest_size=10)
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _cache_dir() -> str:
    """Return a folder for what is compiled: under the one named, the user's, a temporary.

    Without any, return an empty string: nothing is kept.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    bases = [Path(base) for base in (named, home) if base is not None]
    with suppress(FileNotFoundError):  # which a full disk raises
        bases.append(Path(tempfile.gettempdir()))
    for k, base in enumerate(bases):
        if (folder := private_folder(base.absolute(), (*LEVELS, _sources_key()))) is not None:
            if k and named is not None:
                _say(f"kept in {folder}", bases[:k])
            return str(folder)
    _say("not kept", bases)
    return ""


def _say(what: str, tried: Iterable[Path]) -> None:
    """Say what becomes of compiled code, as folders that were tried do not do."""
    print(
        f"Compiled code is {what}: not private, or without {ROOM // 2**20} MB of room: "
        f"{', '.join(map(str, tried))}; another folder may be named by NUMBA_CACHE_DIR",
        file=sys.stderr,
    )


# A vector maths library would give other last digits in loops than in scalar calls.
os.environ["NUMBA_DISABLE_INTEL_SVML"] = "1"

import numba  # noqa: E402

_config: Any = numba.config
if _config.USING_SVML:
    raise ImportError("import sim before numba, or set NUMBA_DISABLE_INTEL_SVML=1: same bits")
# If numba was imported first, it would reload the environment later and lose the settings below.
_config.reload_config()
# Not by the environment: numba may have read it before, and a child would inherit a stale key.
_config.CACHE_DIR = _cache_dir()
from numba.core import caching  # noqa: E402

_FunctionCache: Any = caching.FunctionCache
INTERPRETED = bool(_config.DISABLE_JIT)  # rules run as plain Python, for coverage


def nothing_compiled() -> bool:
    """Say whether the cache is empty: these sources have not run here yet."""
    kept = Path(_config.CACHE_DIR).rglob("*.nbi") if _config.CACHE_DIR else ()
    return not any(kept)  # folders stand there from import on


_OPTIONS: dict[str, Any] = {
    "cache": bool(_config.CACHE_DIR),
    "error_model": "numpy",
    "no_cfunc_wrapper": True,  # nobody calls them by a C pointer: a tenth of the time to compile
}
_RULES = _OPTIONS | {"_nrt": False}  # nothing is allocated
_OWN = _RULES | {"cache": False}  # from outside the package


class _Cache(_FunctionCache):  # type: ignore[misc]
    """Compiled code on disk; on a full one it is used and not kept."""

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled for a signature."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _say_once(f"{_config.CACHE_DIR}: {error.strerror}")


@lru_cache
def _say_once(problem: str) -> None:
    print(
        f"{problem}: compiled code is not kept there, and compiled again by later runs; another "
        "folder may be named by NUMBA_CACHE_DIR",
        file=sys.stderr,
    )


def _njit(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    dispatcher = numba.njit(**options)(function)
    if options["cache"]:
        dispatcher._cache = _Cache(function)  # numba's own ends the run when the disk is full
    return dispatcher


class Compiled:
    """A compiled function with two faces: one for compiled callers, and one for Python.

    What takes arguments from Python apart is a quarter of the time to compile a rule, and most
    rules are called by other rules alone: so it is compiled where Python calls.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        update_wrapper(self, function)
        self.py_func = function
        self._options = options
        self._called: Any = _njit(function, options)

    def __call__(self, *arguments: Any) -> Any:
        """Call from Python."""
        return self._called(*arguments)

    @property
    def signatures(self) -> list[Any]:
        """Return the types of arguments that either face is compiled for."""
        return [*self._called.signatures, *self._inner.signatures]

    @property
    def _numba_type_(self) -> Any:
        """Tell numba what compiled code calls, by the name that it asks for."""
        return self._inner._numba_type_

    @cached_property
    def _inner(self) -> Any:
        f = self.py_func
        same = FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, f.__closure__)
        same.__qualname__ = f"{f.__qualname__}.inner"  # by which the cache on disk knows it
        return _njit(same, self._options | {"no_cpython_wrapper": True})


def _compile[F: Callable[..., Any]](function: F, **options: Any) -> F:
    return function if INTERPRETED else cast(F, Compiled(function, options))


def jit[F: Callable[..., Any]](function: F) -> F:
    """Compile a function. No fast maths: both engines must give the same bits."""
    return _compile(function, **_OPTIONS, forceinline=True)


def rule[F: Callable[..., Any]](function: F) -> F:
    """Compile a rule that allocates nothing: arrays in its arguments are not counted.

    Counting references is an atomic operation on each array, each time a rule is called.
    """
    return _compile(function, **_RULES, forceinline=True)


def rule_apart[F: Callable[..., Any]](function: F) -> F:
    """Compile a rarely called rule without inlining it, so that its callers stay small."""
    return _compile(function, **_RULES)


def rule_loop[F: Callable[..., Any]](function: F) -> F:
    """Compile a loop of rules over rows that lets other threads run meanwhile."""
    return _compile(function, **_RULES, nogil=True)


def jit_loop[F: Callable[..., Any]](function: F) -> F:
    """Compile a loop over rows that lets other threads run meanwhile."""
    return _compile(function, **_OPTIONS, nogil=True)


def own_rule[F: Callable[..., Any]](function: F) -> F:
    """Compile a rule from outside the package; it is not kept on disk, where it could be stale."""
    plain = getattr(function, "py_func", function)
    return plain if INTERPRETED else cast(F, numba.njit(**_OWN)(plain))


def own_loop[F: Callable[..., Any]](function: F) -> F:
    """Compile a loop over such a rule, which lets other threads run meanwhile."""
    return function if INTERPRETED else cast(F, numba.njit(**_OWN, nogil=True)(function))


def names_read(function: Callable[..., Any]) -> set[str]:
    """Return the names of globals and attributes in a function and in functions that it calls."""
    plain = getattr(function, "py_func", function)
    names = {*plain.__code__.co_names}
    for called in map(plain.__globals__.get, plain.__code__.co_names):
        if isinstance(getattr(called, "py_func", called), FunctionType):
            names |= names_read(cast(FunctionType, called))
    return names
