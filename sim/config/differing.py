"""In what the configurations of several runs differ, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.config.keys import text
from sim.config.sim_config import SimConfig
from sim.config.titles import policy_title
from sim.policies.policy import Policy

# what is told otherwise, or changes no number
APART = ("scenario", "policies", "counterfactuals", "engine", "output", "held", "from_kinds")
LONGEST = 40  # characters of a value that is told


def differing(configs: Mapping[str, SimConfig]) -> list[str]:
    """Return a clause for each policy and each key in which runs differ.

    Parameters
    ----------
    configs : mapping of SimConfig
        By a short name, under which the clauses tell of a run.
    """
    return [*_policies({name: one.policies for name, one in configs.items()}), *_keys(configs)]


def _policies(worlds: Mapping[str, Mapping[str, Policy]]) -> Iterator[str]:
    for policy in dict.fromkeys(name for world in worlds.values() for name in world):
        having = {name: world[policy] for name, world in worlds.items() if policy in world}
        if len(having) < len(worlds):
            first = next(iter(having.values()))
            yield f"{policy_title(policy)} (from {first.start}): only in {_joined([*having])}"
        trees = {name: one.model_dump(mode="json") for name, one in having.items()}
        for key in dict.fromkeys(key for tree in trees.values() for key in tree):
            values = {name: tree.get(key) for name, tree in trees.items()}
            yield from _told(f"policies.{policy}.{key}", values)


def _keys(configs: Mapping[str, SimConfig]) -> Iterator[str]:
    flat = {
        name: dict(_leaves(config.model_dump(mode="json", exclude=set(APART))))
        for name, config in configs.items()
    }
    for key in dict.fromkeys(key for leaves in flat.values() for key in leaves):
        yield from _told(key, {name: leaves.get(key) for name, leaves in flat.items()})


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _told(key: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a clause if the values are not all the same: ``seed: 1 in A and B, 2 in C``."""
    by_value: dict[str, list[str]] = {}
    for name, value in values.items():
        by_value.setdefault(_short(value), []).append(name)
    if len(by_value) > 1:
        yield f"{key}: {', '.join(f'{one} in {_joined(who)}' for one, who in by_value.items())}"


def _short(value: Any) -> str:
    """Return a value as people write it on the command line, without the end of a long one."""
    written = "none" if value is None or value == [] else text(value).removesuffix(".0")
    return written if len(written) <= LONGEST else f"{written[: LONGEST - 3]}..."


def _joined(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: ``A, B and C``."""
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last
