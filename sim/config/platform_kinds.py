"""Kinds of platforms: what a case takes for a platform of which it does not know it.

The values are medians of those that the start solved in shipped cases (`python -m
experiments.kinds`), so a platform of a kind is as much liked as others of it were.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PRIORS = Path(__file__).parents[1] / "data" / "kinds.yaml"
Filled = tuple[tuple[str, ...], Any]  # keys from the root of a tree on, and the value there


def fill_from_kinds(tree: dict[str, Any]) -> None:
    """Write values of its kind where a platform of a plain tree has none, and which keys they are.

    Nothing is taken for a platform without `kind`, and nothing that the start solves.
    """
    filled = list(_unknown(tree))
    for (*way, last), value in filled:
        node = tree
        for key in way:
            node = node.setdefault(key, {})
        node[last] = value
    tree["from_kinds"] = [".".join(keys) for keys, _ in filled]


def _unknown(tree: dict[str, Any]) -> Iterator[Filled]:
    """Yield the values of kinds that stand for what a tree does not say."""
    case = tree["case"]
    observed, seeds = (case.get(key) or {} for key in ("observed_shares", "seeds"))
    for name, platform in tree["platforms"].items():
        priors = _priors().get(str(platform.get("kind") if isinstance(platform, dict) else ""))
        if priors is None:
            continue
        start = observed.get(name)
        if platform.get("standalone") is None and start is None:
            yield ("platforms", name, "standalone"), dict(priors["standalone"])
        if platform.get("openings") is None and (start or {}).get("daily") is None:
            yield ("platforms", name, "openings"), priors["openings"]
        if start is None and name not in seeds and "seeds" in priors:
            yield ("case", "seeds", name), dict(priors["seeds"])


@cache
def _priors() -> dict[str, Any]:
    """Return the values by kind."""
    kinds: dict[str, Any] = yaml.safe_load(PRIORS.read_text(encoding="utf-8"))
    return kinds
