"""Error messages for overrides that Hydra refuses: what was written, what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from yaml import YAMLError

from sim.config.case_dir import own_names
from sim.config.conf import names
from sim.config.validation import ADDED, allowed_keys, on_a_date

NEAR = 0.7  # similarity from which a key is suggested
Tree = dict[str, Any]


def explain(
    message: str, overrides: tuple[str, ...], compose: Callable[..., Tree], unread: str = ""
) -> str:
    """Return the error message for refused overrides.

    Parameters
    ----------
    message : str
        Message of Hydra.
    compose : callable
        Composes the same configuration from other overrides.
    unread : str
        The override that Hydra could not parse, if any.
    """
    message = message.split("Config search path")[0].strip()
    if message.startswith("Config group override must be"):
        return "\n".join(not_a_name(o) for o in overrides if not_a_name(o))
    if missing := re.search(r"Could not find '(.+)/([^/']+)'", message):
        group, given = missing.groups()
        options = message.partition("Available options")[2].split()[2:]  # behind "in 'GROUP':"
        return f"{group}={given}: no such name; {allowed_keys(given, options)}"
    if absent := re.match(r"In '(.+)': Could not load '(.+)/(.+)'", message):
        here, group, given = absent.groups()
        allowed = allowed_keys(given, [*names(group), *own_names(overrides, group)])
        return f"conf/{here}.yaml: defaults: {given}: no such file; {allowed}"
    if needed := re.match(r"Missing mandatory value: .*\n\s*full_key: ([\w.]+)", message):
        return f"{needed[1]}: missing; write {needed[1]}=VALUE"
    if twice := re.match(r"Multiple values for (\w+)\.", message):
        return f"+{twice[1]}= stands twice; several are composed by +{twice[1]}=[NAME,NAME]"
    if several := re.match(r"(?:Ambiguous value for argument|Sweep parameters) '(.*)'", message):
        return _several(several[1].removeprefix("++"))
    if left_out := re.match(r"Could not delete 'policy=(.*)'\. No match", message):
        return f"~policy={left_out[1]}: a policy is left out by ~policies.{left_out[1]}"
    if gone := re.match(r"Could not delete from config\. '([\w.]+)' does not exist", message):
        without = tuple(o for o in overrides if o != f"~{gone[1]}")
        return _not_there(f"~{gone[1]}", gone[1], compose(without))
    if unknown := re.match(r"Could not override '([\w./-]+)'\.", message):
        written = next((o for o in overrides if o.split("=")[0] == unknown[1]), unknown[1])
        if f"+{unknown[1]}" in ADDED:
            return f"{written}: is added, not changed; write +{written}"
        return _not_there(
            written, unknown[1], compose(tuple(o for o in overrides if o != written))
        )
    return unreadable(unread.removeprefix("++")) if unread else message


def unreadable(word: str) -> str:
    """Return how to write an override that Hydra cannot parse."""
    if "=" not in word:
        return _without_value(word)
    if of_band := re.fullmatch(r"\+*([\w.]+)\.([0-9]+(?:-[0-9]+|\+))=(.+)", word):
        key, band, value = of_band.groups()
        return f"{word}: an age band is written in brackets: '{key}={{{band}: {value}}}'"
    if of_date := re.fullmatch(r"\+*([\w.]+)\.(\d{4}-\d\d-\d\d)=(.+)", word):
        return f"{word}: {on_a_date(*of_date.groups())}"
    if re.search("[‘’“”]", word):
        return f"{word}: allowed: straight quotes, ' or \""
    if re.search(r"\s[+~]?[\w.]+=", word) and "{" not in word:
        return f"{word}: several in one word; allowed: quotes round each, if at all"
    return (
        f"{word}: cannot be read; what holds = , : or brackets is quoted, as in "
        "\"KEY=['a=b']\", and brackets are closed"
    )


def not_a_name(override: str) -> str:
    """Return an error if an override sets a group to something unknown; otherwise ''."""
    group, _, value = override.lstrip("+~").partition("=")
    options = names(group)
    is_name = value.startswith("[") or value in options
    return "" if not options or is_name else f"{override}: allowed: {', '.join(options)}"


def no_yaml(error: YAMLError) -> str:
    """Return file, line and problem of invalid YAML."""
    mark = getattr(error, "problem_mark", None)
    where = f"{mark.name}, line {mark.line + 1}: " if mark else ""
    return f"{where}no YAML: {getattr(error, 'problem', None) or error}"


def no_such_policy(override: str, name: str, policies: Tree) -> str:
    """Return an error that lists the policies of the scenario, for an override of another."""
    close = get_close_matches(name, policies, n=1, cutoff=NEAR)
    hint = f"did you mean {close[0]}? " if close else ""
    known = f"; +policy={name} adds it" if name in names("policy") else ""
    return (
        f"{override}: no policy {name} in this scenario{known}; {hint}in force: "
        f"{', '.join(sorted(policies)) or 'none (a scenario brings some: +scenario=NAME)'}"
    )


def _without_value(word: str) -> str:
    """Return how to write an override, with the nearest scenario or policy."""
    group = "policy" if "polic" in word else "scenario"
    close = get_close_matches(word.rpartition(".")[2], names(group), n=1)
    hint = f"did you mean +{group}={close[0]}? " if close else ""
    ways = "KEY=VALUE without spaces, +scenario=NAME, ~policies.NAME"
    return f"{word}: {hint}allowed: {ways} (see --help)"


def _several(written: str) -> str:
    """Return how to write several values, or one number."""
    point = (
        ", a number without commas (0.5, 100000)" if re.search(r"=[0-9]+,[0-9]+$", written) else ""
    )
    return (
        f"{written}: several values make a sweep, which -m (--multirun) asks for: "
        f"python -m sim -m ... {written}; one value that is a list is written KEY=[A,B]{point}"
    )


def _not_there(written: str, key: str, tree: Tree) -> str:
    """Return an error for an unknown key: the allowed keys, or where a similar key is."""
    group, _, rest = key.partition(".")
    if group == "policies" and rest:
        return no_such_policy(written, rest.partition(".")[0], tree["policies"])
    node: Any = tree
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            break
        node = node[part]
    known = [str(name) for name in node] if isinstance(node, dict) else []
    known += ADDED if node is tree and "policies" in tree else ()
    elsewhere = _elsewhere(part, tree)
    if elsewhere and not get_close_matches(part, known, cutoff=NEAR):
        allowed = f"did you mean {elsewhere}? allowed: {', '.join(known)}"
    else:
        allowed = allowed_keys(part, known)
    return f"{written}: unknown key; {allowed}"


def _elsewhere(key: str, tree: Tree) -> str:
    """Return the full name of the least nested key that is similar to `key`."""
    places = list(_places(tree, ""))
    close = get_close_matches(key, {name for name, _ in places}, cutoff=NEAR)
    found = [
        (place.count("."), close.index(name), place) for name, place in places if name in close
    ]
    return min(found)[2] if found else ""


def _places(tree: Tree, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield each key and its full dotted name."""
    for key, value in tree.items():
        yield str(key), f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _places(value, f"{prefix}{key}.")
