"""Values from the schema of a configuration: allowed ones, and ones that are not."""

import datetime as dt
from typing import Any, NamedTuple

from sim.config.settings import BANDS
from sim.config.sim_config import SimConfig
from sim.policies.registry import policy_kinds

SCHEMA = SimConfig.model_json_schema()
OF_KINDS = {name: kind.model_json_schema() for name, kind in policy_kinds().items()}
PARTS = dict(SCHEMA["$defs"])
for _one in OF_KINDS.values():
    PARTS |= _one.get("$defs", {})
NULL = {"type": "null"}


class Leaf(NamedTuple):
    """A value in the tree of a configuration."""

    key: tuple[str, ...]
    schema: dict[str, Any]
    value: Any


def leaves(tree, schema=SCHEMA, key=()):
    """Yield the values of a tree, each with the schema that it has to fit."""
    schema = of_value(schema, tree)
    if not isinstance(tree, dict):
        yield Leaf(key, schema, tree)
        return
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, value in tree.items():
        if below := known.get(name) or others:
            yield from leaves(value, below, (*key, name))


def of_value(schema, value):
    """Return the schema itself, without references, where its kind depends on the value."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if schema.get("$ref") == "#/$defs/Policy":
        return OF_KINDS[kind]
    if "discriminator" in schema:
        schema = {"$ref": schema["discriminator"]["mapping"][kind]}
    if "$ref" in schema:
        return PARTS[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        some = next(one for one in schema["anyOf"] if one != NULL)
        return of_value(some, value) | {"null": True}
    return schema


def put(tree, key, value):
    """Set a value in a tree."""
    *path, last = key
    for name in path:
        tree = tree[name]
    tree[last] = value


def drawn(schema, trial, value=None):
    """Return a value that fits a schema: often a limit, or near the present `value`."""
    schema = of_value(schema, value)
    if "properties" in schema:
        return {name: drawn(below, trial) for name, below in schema["properties"].items()}
    if "enum" in schema:
        return trial.one_of(schema["enum"])
    if schema["type"] == "boolean":
        return trial.chance(0.5)
    if schema["type"] == "object":
        return {band: drawn(schema["additionalProperties"], trial) for band in BANDS}
    if schema["type"] == "array":
        return trial.some_of(schema["items"]["enum"], 1)
    low, high = limits(schema)
    is_whole, u = schema["type"] == "integer", trial.rng.random()
    near = value * trial.rng.lognormal(0, 0.5) if isinstance(value, int | float) else low
    if u < 0.1 and "exclusiveMinimum" not in schema:
        near = low
    elif u < 0.2 and "exclusiveMaximum" not in schema:
        near = high
    elif u < 0.6:
        near = low + (high - low) * trial.rng.random() ** 3
    return int(min(max(near, low), high)) if is_whole else float(min(max(near, low), high))


def limits(schema):
    """Return the smallest and the largest number that a schema allows, or what is near it."""
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1e6))
    high = schema.get("maximum", schema.get("exclusiveMaximum", 1e6))
    return low + 1e-6 * ("exclusiveMinimum" in schema), high - 1e-6 * (
        "exclusiveMaximum" in schema
    )


def spoilt(schema, trial):
    """Return a value that does not fit a schema."""
    return trial.one_of(list(_unfit(schema)))


def _unfit(schema):
    """Yield values of wrong types, and values out of range."""
    kind = schema.get("type", "string")
    yield from ({"a": {"b": 1}}, [[[1]]], {})
    if not schema.get("null"):
        yield None
    if kind != "array":
        yield from ([], [1, "a"])
    if kind != "boolean":
        yield True
    if kind not in ("string", "array"):
        yield from ("many", "", "0.5 %", "٣", "1_000x", "12-17", "\t", "é" * 60)
    else:
        yield from (5, -1.5)
    if schema.get("format") == "date":
        yield from ("soon", "2025-13-40", "2025-2-3", "13.08.2025", "1999-12-31", "9999-99-99")
        yield from ("0000-01-01", "2025-08-13T10:00", str(dt.date.max))
    if "enum" in schema or "enum" in schema.get("items", {}):
        yield from ("nope", ["nope"])
    if kind in ("number", "integer"):
        yield from (float("nan"), float("inf"), -float("inf"), 1e308 * 1.7, 10**40, -(10**40))
        low, high = limits(schema)
        yield from (low - abs(low) - 1e-3 * (kind == "number") - (kind == "integer"), high + 1)
    if kind == "integer":
        yield from (low + 0.5, "0x10")
