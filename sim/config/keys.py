"""The keys of a configuration: what an override is about, and values set under a key."""

from __future__ import annotations

import re
from typing import Any

# groups of which every key stands in the chosen file of conf/
IN_CONF = ("case", "population", "network", "platforms", "abuse")
GROUPS = (*IN_CONF, "engine")  # of files to choose from: network=erdos_renyi
_OPEN = ("policies", *IN_CONF)  # trees whose keys the typed models check


def open_key(override: str) -> str:
    """Let ``policies.NAME.KEY=VALUE`` set what the file in conf/ leaves at its default.

    Hydra would ask for a ``+``; whether there is such a key is checked by the typed models.
    """
    is_key = re.match(rf"({'|'.join(_OPEN)})(\.\w+)+=", override)
    return f"++{override}" if is_key else override


def close_key(override: str) -> str:
    """Return an override as it was given to `open_key`."""
    given = override.removeprefix("++")
    return given if open_key(given) == override else override


def path_of(override: str) -> list[str]:
    """Return the keys that lead to what an override is about."""
    return override.lstrip("+~").split("=")[0].split("@")[0].split(".")


def set_key(tree: dict[str, Any], key: str, value: Any) -> None:
    """Set a value of a plain configuration; in a policy that it lacks, do nothing.

    Raises
    ------
    KeyError
        With the part of the key that leads to no group of keys.
    """
    *way, last = key.split(".")
    if way[:1] == ["policies"] and len(way) > 1 and way[1] not in tree["policies"]:
        return
    node: Any = tree
    for k, part in enumerate(way):
        node = node.get(part)
        if not isinstance(node, dict):
            raise KeyError(".".join(way[: k + 1]))
    node[last] = value
