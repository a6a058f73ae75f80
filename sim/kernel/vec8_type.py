"""The numba type of a tile: eight numbers or bits in a register (see sim/kernel/vec8.py)."""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import lower_cast, models, register_model

WIDTH = 8
USED = 6  # lanes that stand for a messenger
BIT, I32 = ir.IntType(1), ir.IntType(32)
FLOATS, BITS = (ir.VectorType(of, WIDTH) for of in (ir.FloatType(), BIT))


class Vec8Type(types.Type):
    """The numba type of eight numbers, or of eight bits."""

    def __init__(self, name: str, vector: Any) -> None:
        super().__init__(name=name)
        self.vector = vector


VEC8, FLAGS = Vec8Type("vec8", FLOATS), Vec8Type("flags", BITS)


@register_model(Vec8Type)
class _EightModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Vec8Type) -> None:
        super().__init__(manager, fe_type, fe_type.vector)


@lower_cast(types.Number, Vec8Type)
@lower_cast(types.Boolean, Vec8Type)
def _equal(context: Any, builder: Any, fromty: Any, toty: Vec8Type, value: Any) -> Any:
    """Let a plain number stand for eight equal ones."""
    plain = types.float32 if toty is VEC8 else types.boolean
    one = context.cast(builder, value, fromty, plain)
    if toty is FLAGS:
        one = builder.trunc(one, BIT)
    undefined = ir.Constant(toty.vector, ir.Undefined)
    first = builder.insert_element(undefined, one, I32(0))
    return builder.shuffle_vector(first, undefined, lanes([0] * WIDTH))


def lanes(numbers: list[int]) -> Any:
    """Return the constant that says which lanes a shuffle takes."""
    return ir.Constant(ir.VectorType(I32, len(numbers)), numbers)
