"""Checks of overrides, and of the tree that Hydra composes of them, before it is validated."""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path
from typing import Any

from sim.base.errors import ConfigError
from sim.config import posterior
from sim.config.case import DATA
from sim.config.case_dir import own_names
from sim.config.case_files import KNOWN
from sim.config.conf import names
from sim.config.keys import path_of
from sim.config.refusals import no_such_policy
from sim.config.safe_yaml import DEEPEST
from sim.config.validation import allowed_keys

PATH = "./\\$"  # characters of paths and interpolations
CODE = ("_target_", "()", "class", "factory")  # keys of code that Hydra or logging.config call
LOGGING = ("logging.StreamHandler", "logging.FileHandler", "logging.NullHandler")


LONGEST = 10_000  # characters of an override
MOST_CHARACTERS = 255  # of a key, name, number or part of a path
_WORD = re.compile(rf"[^\s=,:/{{}}\[\]'\"]{{{MOST_CHARACTERS + 1},}}")


def refuse_endless(override: str) -> None:
    """Refuse what Hydra's parser fails at: long words and deep nesting.

    Raises
    ------
    ConfigError
        If there is a word of more than 255 characters, or more than 20 levels of brackets.
    """
    if long := _WORD.search(override):
        raise ConfigError(
            f"{override[:40]}...: {len(long[0])} characters in a word; allowed: up to "
            f"{MOST_CHARACTERS}"
        )
    steps = ((sign in "[{") - (sign in "]}") for sign in override)
    if max(accumulate(steps), default=0) > DEEPEST:
        raise ConfigError(
            f"{override[:40]}...: nested too deeply; allowed: up to {DEEPEST} levels of brackets"
        )


def refuse_long(override: str) -> None:
    """Refuse an override of one run that would fill screens as part of a message.

    Raises
    ------
    ConfigError
        If it has more than 10,000 characters.
    """
    if len(override) > LONGEST:
        raise ConfigError(
            f"{override[:40]}...: {len(override)} characters; allowed: up to {LONGEST}"
        )


def refuse_happened(overrides: tuple[str, ...], case: Any) -> None:
    """Refuse a case whose events are those of a scenario that does not exist."""
    name = case.get("happened") if isinstance(case, dict) else None
    known = [*names("scenario"), *own_names(overrides, "scenario")]
    if isinstance(name, str) and name not in known:
        refuse_path(f"scenario={name}")
        raise ConfigError(f"case.happened={name}: no such name; {allowed_keys(name, known)}")


def refuse_whole(overrides: tuple[str, ...]) -> None:
    """Refuse to set or delete all policies at once, or to delete a required key."""
    for override in overrides:
        key, *rest = path_of(override)
        if not rest and key == "policies":
            raise ConfigError(
                f"{override}: allowed: policies.NAME.KEY=VALUE, +policy=NAME, ~policies.NAME"
            )
        if not rest and override.startswith("~") and key in ("parameters", "compare_to"):
            raise ConfigError(f"{override}: not to be deleted; allowed: {key}=VALUE")


def refuse_misplaced(overrides: tuple[str, ...], tree: dict[str, Any]) -> None:
    """Refuse a file whose first line does not declare its package."""
    for group, place in (("scenario", "_global_"), ("policy", "policies.NAME")):
        by_hand = any(path[0] == group and path[1:] for path in map(path_of, overrides))
        if isinstance(tree.get(group), dict) and not by_hand:
            raise ConfigError(
                f"{group}: a file of conf/{group} has to begin with the line # @package {place}"
            )


def refuse_absent(overrides: tuple[str, ...], policies: Any) -> None:
    """Refuse to change a policy that is not in the scenario."""
    for override in overrides:
        group, *rest = path_of(override)
        name = rest[0] if rest[1:] else ""  # policies.NAME={...} makes one
        made = policies.get(name) if isinstance(policies, dict) else None
        if group == "policies" and isinstance(made, dict) and "kind" not in made:
            in_force = {key: value for key, value in policies.items() if key != name}
            raise ConfigError(no_such_policy(override.lstrip("+"), name, in_force))


def held(overrides: tuple[str, ...], tree: dict[str, Any]) -> list[str]:
    """Return the parameters of the posterior that an override sets, so that none draws them."""
    if tree["parameters"] != "posterior":
        return []
    case = tree["case"]
    folder = Path(case["folder"]) / "data" if case.get("folder") else DATA / str(case.get("name"))
    names = posterior.read(posterior.place(folder)).names
    return [key for key in (".".join(path_of(one)) for one in overrides) if key in names]


def refuse_path(override: str) -> None:
    """Refuse a name that leads out of conf/ or out of the case."""
    value = override.partition("=")[2]
    if path_of(override)[0] in KNOWN and path_of(override)[1:] == [] and set(value) & set(PATH):
        raise ConfigError(
            f"{override.lstrip('+~')}: no such name; allowed: names without {' '.join(PATH)}"
        )


def refuse_code(node: Any, path: str = "") -> None:
    """Refuse values that name code to run, except Hydra's own and log handlers."""
    items = node.items() if isinstance(node, dict) else ()
    for key, value in items:
        is_ours = str(value).startswith(("hydra.", "hydra_plugins.")) or value in LOGGING
        if key in CODE and isinstance(value, str) and not is_ours:
            raise ConfigError(f"{path}{key}={value}: a configuration cannot name code to run")
        refuse_code(value, f"{path}{key}.")
    for value in node if isinstance(node, list) else ():
        refuse_code(value, path)
