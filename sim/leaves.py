"""The arrays and values in a tree of dataclasses and named tuples, by their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sim.state import State


def changing(state: State, start: State) -> Mapping[str, np.ndarray[Any, Any]]:
    """Return the arrays of a run's state, by name; what it shares with the start stays."""
    shared = dict(leaves(start))
    found = {name: leaf for name, leaf in leaves(state) if leaf is not shared[name]}
    for name, leaf in found.items():
        if not isinstance(leaf, np.ndarray):
            raise TypeError(f"state.{name} is a run's own and no array: {type(leaf).__name__}")
    return found


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the arrays and values of a tree of dataclasses and named tuples, with their names."""
    if dataclasses.is_dataclass(node):
        names = [f.name for f in dataclasses.fields(node)]
    else:
        names = list(getattr(node, "_fields", ()))
    if not names:
        yield path, node
    for name in names:
        yield from leaves(getattr(node, name), f"{path}.{name}" if path else name)
