"""The fields of the models as one reads them: symbol, unit, default, range, meaning, source.

Parameters of behaviour describe themselves (sim/rules/declare.py); of the other models the
comments behind their fields, ``# symbol, meaning [unit]``, are read. Ranges are those of their
JSON schemas.
"""

from __future__ import annotations

import ast
import inspect
import re
import tokenize
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any, NamedTuple

from sim.base.strict import Strict

UNITS = {  # what the types of fields say of their unit, where a comment does not
    "Share": "1", "ByBand": "1", "int": "1", "Utils": "utils", "Rate": "1/day",
    "Openings": "1/day", "Days": "days",
}  # fmt: skip
SYMBOL = re.compile(r"(\w+_\w+|L0|eps|xi)\b,? ?")  # as it opens a comment
UNIT = re.compile(r" ?\[([^]]+)\]")


class Row(NamedTuple):
    """A parameter."""

    key: str
    symbol: str
    unit: str
    default: str
    range: str
    meaning: str
    source: str
    identified_by: str

    @property
    def own(self) -> str:
        """Return its key within the platform, policy or other that has a name."""
        return self.key.partition("NAME.")[2]


def rows(model: type[Strict], prefix: str) -> list[Row]:
    """Return the parameters of `model` and of the single models within, keys after `prefix`."""
    properties = model.model_json_schema()["properties"]
    describe_themselves = all("symbol" in schema for schema in properties.values())
    remarks = dict.fromkeys(properties, ("", "")) if describe_themselves else _remarks(model)
    found = []
    for name, schema in properties.items():
        inner = model.model_fields[name].annotation
        if isinstance(inner, type) and issubclass(inner, Strict):
            found += rows(inner, f"{prefix}{name}.")
        elif "const" not in schema and ("anyOf" in schema or "$ref" not in str(schema)):
            # models by name have tables of their own; one that may be left out has a line
            found.append(_row(prefix + name, schema, *remarks[name]))
    return found


def _row(key: str, schema: Mapping[str, Any], annotation: str, comment: str) -> Row:
    default = say(schema["default"]) if "default" in schema else "required"
    if "symbol" in schema:  # the field describes itself
        own = (schema[what] for what in ("description", "source", "identified_by"))
        return Row(key, schema["symbol"], schema["unit"], default, _range(schema), *own)
    unit = UNIT.search(comment)
    by_type = next((UNITS[w] for w in re.findall(r"\w+", annotation) if w in UNITS), "")
    symbol = SYMBOL.match(comment)
    meaning = UNIT.sub("", comment[symbol.end() :] if symbol else comment)
    if comment and meaning[:1] in ("", ";"):  # a symbol or unit alone: the key says what it is
        meaning = key.rpartition(".")[2].replace("_", " ") + meaning
    return Row(
        key, symbol[1] if symbol else "", unit[1] if unit else by_type, default, _range(schema),
        meaning, "", "",
    )  # fmt: skip


def _remarks(model: type[Strict]) -> dict[str, tuple[str, str]]:
    """Return by field its annotation as written and the comment behind it."""
    found = {}
    for cls in reversed(model.__mro__[: model.__mro__.index(Strict)]):
        text = inspect.getsource(cls)
        tokens = tokenize.generate_tokens(StringIO(text).readline)
        comments = {t.start[0]: t.string[2:] for t in tokens if t.type == tokenize.COMMENT}
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.AnnAssign):
                comment = comments.get(node.end_lineno or node.lineno, "")
                found[ast.unparse(node.target)] = (ast.unparse(node.annotation), comment)
    return found


def _range(schema: Mapping[str, Any]) -> str:
    """Return what a JSON schema allows, in words."""
    match schema:
        case {"anyOf": options}:
            return " or ".join(_range(option) for option in options)
        case {"$ref": _}:
            return "a mapping"
        case {"enum": allowed}:
            return ", ".join(allowed)
        case {"type": "number" | "integer"}:
            return _interval(schema)
        case {"type": "object", "additionalProperties": each}:
            return f"each {_range(each)}"
        case {"type": "array", "items": each}:
            return _range(each) if "enum" in each else "names"
        case {"type": "boolean"}:
            return "true, false"
        case {"type": "string", "pattern": pattern}:
            return f"`{pattern}`"
        case {"type": "string"}:
            return str(schema.get("format", "text"))
        case _:
            return str(schema["type"])


def _interval(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    low = f"over {say(schema['exclusiveMinimum'])}" if low is None else say(low)
    high = f"below {say(schema['exclusiveMaximum'])}" if high is None else say(high)
    step = f", multiples of {schema['multipleOf']}" if "multipleOf" in schema else ""
    return f"{low} to {high}{step}"


def say(value: Any) -> str:
    """Return a value as one would write it; one that is the same by every name, once."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case dict():
            said = {str(name): say(each) for name, each in value.items()}
            if len(said) > 1 and len(set(said.values())) == 1:
                return f"all {min(said.values())}"
            return ", ".join(f"{name}: {each}" for name, each in said.items()) or "none"
        case list() | tuple():
            return ", ".join(map(say, value)) or "none"
        case _:
            return str(value)


def as_set(found: Iterable[Row], tree: Mapping[str, Any], prefix: str) -> list[Row]:
    """Return the rows with the values that `tree` holds under their keys."""
    return [row._replace(default=say(at(tree, row.key.removeprefix(prefix)))) for row in found]


def at(tree: Any, key: str, usual: Any = None) -> Any:
    """Return what a tree holds under a dotted key, `usual` where it leaves that out."""
    for part in key.split("."):
        if part not in tree:
            return usual
        tree = tree[part]
    return tree
