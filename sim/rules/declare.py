"""What a rule declares at the head of its file, beside its equation.

- ``PARAMETERS``: `Parameter` of behaviour. They become keys of ``behaviour`` in the configuration
  and, where rules read them as they are, fields of ``PARAMS`` (records.py)
- ``STATE``: `Field` of a user that a run changes, kept from step to step (``USER``)
- ``STEP``: `Field` of what a user does in one step (``STEP_RECORD``)
- ``DRAWS``: purposes of the random numbers that the rule draws. A purpose is part of the key of a
  random number, so another name gives other numbers

Everything else follows from the declarations. They are literals, read from the text of the files:
so a configuration is checked without the compiler that an import of the rules would load, and
records.py is made of what is declared by files that import it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

REACH, JOINT, PRIOR = "reach", "reach, with others", "prior"
DERIVED = ""  # storage of a parameter from which `make_params` derives what rules read
MESSENGERS, TILES = "messengers", "tiles"  # shape of a field with one number each of them
SET = "set"  # storage of a set (sim/kernel/bits.py) with room for the members of a run
NAMES = ("PARAMETERS", "STATE", "STEP", "DRAWS")
ROOM = Path(__file__).parent


class Parameter(NamedTuple):
    """A parameter of behaviour.

    ``identified_by`` says whether dated reach identifies it (docs/parameters.md, generated):
    "reach", "reach, with others" (only in a combination with others), or "prior" (data do not
    narrow it).
    """

    name: str
    default: float
    low: float
    high: float
    unit: str
    symbol: str
    meaning: str
    source: str
    identified_by: str = PRIOR
    storage: str = "f8"  # type in PARAMS: f4 where it meets a Vec8 of messengers; DERIVED: none


class Field(NamedTuple):
    """A number, or one each messenger or tile, that a record of a user has."""

    name: str
    storage: str  # type in numpy, or SET
    meaning: str
    shape: str = ""  # or MESSENGERS, TILES
    seen_in: str = ""  # the packed state in which contacts see it: choice_state, belief_state


def declared(kind: str) -> tuple[Any, ...]:
    """Return all that the files of the room declare of a kind (``NAMES``), file by file.

    Raises
    ------
    ValueError
        If two declarations have the same name.
    """
    found = tuple(one for by_kind in _all().values() for one in by_kind.get(kind, ()))
    refuse_twice(kind, (one if isinstance(one, str) else one.name for one in found))
    return found


def refuse_twice(kind: str, names: Iterable[str]) -> None:
    """Refuse names that are declared twice."""
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise ValueError(f"{kind}: {', '.join(twice)} declared twice; allowed: one rule a name")


@cache
def _all() -> dict[str, dict[str, tuple[Any, ...]]]:
    """Return the declarations by file, files by name."""
    paths = sorted(ROOM.glob("*.py"))
    return {path.stem: read_declarations(path.read_text(encoding="utf-8")) for path in paths}


def read_declarations(source: str) -> dict[str, tuple[Any, ...]]:
    """Return what the source of a rule declares, by kind."""
    if not any(f"\n{name} = " in source for name in NAMES):
        return {}
    return {
        node.targets[0].id: _value(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in NAMES
    }


def _value(node: ast.expr) -> Any:
    """Return the value of a declaration."""
    match node:
        case ast.Tuple(elts):
            return tuple(map(_value, elts))
        case ast.Call(ast.Name(name), args, keywords):
            named = {str(keyword.arg): _value(keyword.value) for keyword in keywords}
            return {"Parameter": Parameter, "Field": Field}[name](*map(_value, args), **named)
        case ast.Name(name):
            return globals()[name]
    return ast.literal_eval(node)
