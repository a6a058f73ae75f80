"""Keys of a configuration: the key of an override, and setting a value by its key."""

from __future__ import annotations

import re
from typing import Any

# groups whose keys are all in the chosen file of conf/
IN_CONF = ("case", "population", "network", "platforms", "abuse")
GROUPS = (*IN_CONF, "engine")  # groups of files to choose from: network=erdos_renyi
ADDED = ("scenario", "policy")  # groups that the command line adds with a +
SHORT = {"n_users": "population.n_users"}  # keywords of Python
_OPEN = ("policies", *IN_CONF)  # trees whose keys the typed models check


def open_key(override: str) -> str:
    """Add ``++`` to an override so that it can set keys that the file in conf/ does not list.

    Hydra would require a ``+``; the typed models check that the key exists.
    """
    is_key = re.match(rf"({'|'.join(_OPEN)})(\.\w+)+=", override)
    return f"++{override}" if is_key else override


def close_key(override: str) -> str:
    """Undo `open_key`."""
    original = override.removeprefix("++")
    return original if open_key(original) == override else override


def as_override(key: str, value: Any) -> str:
    """Return a keyword of `load_config` as the override of the command line."""
    sign = "+" if key in ADDED else ""
    return f"{sign}{SHORT.get(key, key)}={text(value)}"


def text(value: Any) -> str:
    """Return a value as the command line writes it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(text, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}: {text(one)}' for key, one in value.items())}}}"
    return str(value)


def path_of(override: str) -> list[str]:
    """Return the key of an override, split at its dots."""
    return override.lstrip("+~").split("=")[0].split("@")[0].split(".")


def set_key(tree: dict[str, Any], key: str, value: Any) -> None:
    """Set a value of a plain configuration; do nothing if the key is of a policy that it lacks.

    Raises
    ------
    KeyError
        If a part of the key is not a group of keys; the error holds the key up to it.
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
