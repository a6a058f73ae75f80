"""Turn a plain tree into a SimConfig, or report one line a problem."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.base.errors import ConfigError
from sim.base.strict import kinds
from sim.config.settings import NetworkConfig
from sim.config.sim_config import SimConfig
from sim.policies.policy import Policy
from sim.policies.registry import policy_kinds

Location = tuple[int | str, ...]
ADDED = ("+scenario", "+policy")  # groups whose files are added by +
# set from +scenario=NAME, compare_to, ~platforms.NAME and platforms.NAME.kind, not by hand
OURS = ("scenario", "counterfactuals", "left_out", "held", "from_kinds")

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def validate(tree: dict[str, Any]) -> SimConfig:
    """Turn a plain tree into a SimConfig.

    Raises
    ------
    ConfigError
        If a key is unknown or missing, or a value is not allowed; one line a problem.
    """
    try:
        return SimConfig.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        raise ConfigError("\n".join(line for p in error.errors() for line in _lines(p))) from None


def _lines(problem: Any) -> Iterator[str]:
    path, model = _resolve(problem["loc"])
    value, message = problem["input"], problem["msg"].removeprefix("Value error, ")
    key = ".".join(path)
    if problem["type"] == "extra_forbidden":
        known = [name for name in model.model_fields if name not in OURS] if model else []
        known += ADDED if model is SimConfig else ()
        yield f"{key}={_short(value)}: unknown key; {allowed_keys(path[-1], known)}"
    elif problem["type"] == "missing":
        yield f"{key}: missing"
    elif problem["type"] == "union_tag_not_found":
        given = ", ".join(f"{key}.{name}={_short(v)}" for name, v in value.items())
        hint = "" if path == ["network"] else "no such policy; add one with +policy=NAME, or "
        yield f"{given}: {hint}{key}.kind is missing; allowed: {_tags(problem)}"
    elif problem["type"] == "union_tag_invalid":
        yield f"{key}.kind={problem['ctx']['tag']}: unknown; allowed: {_tags(problem)}"
    elif problem["type"] == "too_short":
        yield f"{key}={_short(value)}: needs at least {problem['ctx']['min_length']}"
    elif problem["type"] == "too_long":
        yield f"{key}={_short(value)}: allowed: up to {problem['ctx']['max_length']}"
    elif isinstance(value, dict) and (date := next(filter(_DATE.fullmatch, value), None)):
        yield f"{key}={_short(value)}: {on_a_date(key, date, value[date])}"
    elif isinstance(value, dict):
        yield from (f"{key}: {line}" if key else line for line in message.splitlines())
    else:
        yield f"{key}={_short(value)}: {_plain(message)}{_written(problem)}"


def on_a_date(key: str, date: str, value: Any) -> str:
    """Return how to write that a key has another value from a date on."""
    advice = "what changes on a date is a policy"
    if proxies := re.fullmatch(r"platforms\.(\w+)\.circumvention", key):
        of = f"kind: proxies, platform: {proxies[1]}, circumvention: {value}, start: {date}"
        return f"{advice}: '+policies.proxy={{{of}}}'"
    return f"{advice} (docs/howto_scenario.md), of kind {', '.join(policy_kinds())}"


def _resolve(location: Location) -> tuple[list[str], type[BaseModel] | None]:
    """Return the path of the key without tags of unions, and the model that it belongs to."""
    path: list[str] = []
    here: Any = SimConfig
    holder: type[BaseModel] | None = SimConfig
    for part in location:
        tagged = _by_kind(here)
        if part in tagged:
            here = holder = tagged[str(part)]
            continue
        path.append(str(part))
        holder = here if isinstance(here, type) and issubclass(here, BaseModel) else None
        here = _inside(here, part)
    return path, holder


def _by_kind(annotation: Any) -> Mapping[str, type[BaseModel]]:
    """Return the models that a key chooses from, by their kind."""
    if annotation is Policy:
        return policy_kinds()
    members = [m for m in typing.get_args(annotation) if _has_kind(m)]
    return {str(m.model_fields["kind"].default): m for m in members}


def _has_kind(member: Any) -> bool:
    is_model = isinstance(member, type) and issubclass(member, BaseModel)
    return is_model and "kind" in member.model_fields


def _inside(annotation: Any, part: int | str) -> Any:
    """Return the annotation of `part` inside `annotation`; None if unknown."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return field.annotation if field else None
    if typing.get_origin(annotation) is dict:
        value = typing.get_args(annotation)[1]
        return typing.get_args(value)[0] if typing.get_origin(value) is typing.Annotated else value
    return None


PLAIN = {  # terms of JSON, and plain words
    "input should be": "must be",
    "a valid array": "a list",
    "a valid dictionary": "a group of keys",
    "an object": "a group of keys",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid string": "text",
}


def _plain(message: str) -> str:
    message = message[0].lower() + message[1:]
    for theirs, ours in PLAIN.items():
        message = message.replace(theirs, ours)
    return message


def _written(problem: Any) -> str:
    """Return how to write a value that was written as 64 %, as 0,64 or without list brackets."""
    value, kind = problem["input"], problem["type"]
    if kind == "float_type" and (percent := re.fullmatch(r"([0-9]+\.?[0-9]*) ?%", str(value))):
        return _of_hundred(float(percent[1]))
    if kind == "less_than_equal" and problem["ctx"]["le"] == 1 and 2 < value <= 100:
        return _of_hundred(value)  # 1.2 is more likely a typing error than a percentage
    if kind == "float_type" and re.fullmatch(r"-?[0-9]+,[0-9]+", str(value)):
        return f"; written {value.replace(',', '.')}"
    is_name = kind == "tuple_type" and isinstance(value, str)
    return f"; written [{value}]" if is_name else ""


def _of_hundred(percent: float) -> str:
    return f"; {percent:g} % is written {percent / 100:g}"


def _tags(problem: Any) -> str:
    """Return the kinds that a union of classes allows."""
    is_network = problem["loc"][0] == "network"
    return ", ".join(kinds(NetworkConfig) if is_network else policy_kinds())


def allowed_keys(key: str, known: list[str]) -> str:
    """Return the nearest of the known keys, and all of them, for a message."""
    close = get_close_matches(key.lower(), known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}allowed: {', '.join(known)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
