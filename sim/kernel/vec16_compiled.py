"""Lanes as vectors in registers: what numba has to know of them (see sim/kernel/vec16.py)."""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_cast, models, register_model

from sim.kernel.aligned import LINE
from sim.kernel.rng import GOLDEN, MIX_1, MIX_2

WIDTH = 16
I32, I64 = ir.IntType(32), ir.IntType(64)
_ELEMENTS = {"float32": ir.FloatType(), "int32": I32, "bool": ir.IntType(1)}


class Vec16(types.Type):
    """The numba type of sixteen numbers of one kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(name=f"lanes({kind})")
        self.kind = kind

    @property
    def vector(self) -> Any:
        """Return the type in registers."""
        return ir.VectorType(_ELEMENTS[self.kind], WIDTH)


FLOATS, INTS, MASK = (Vec16(kind) for kind in _ELEMENTS)


@register_model(Vec16)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Vec16) -> None:
        super().__init__(manager, fe_type, fe_type.vector)


@lower_cast(types.Number, Vec16)
def _equal_lanes(context: Any, builder: Any, fromty: Any, toty: Vec16, value: Any) -> Any:
    """Let a plain number stand for sixteen equal ones."""
    plain = types.float32 if toty.kind == "float32" else types.int32
    number = context.cast(builder, value, fromty, plain)
    undefined = ir.Constant(toty.vector, ir.Undefined)
    one = builder.insert_element(undefined, number, I32(0))
    return builder.shuffle_vector(one, undefined, indices([0] * WIDTH))


def equal(lanes: Vec16, number: float) -> Any:
    """Return sixteen times the same number, known when the code is compiled."""
    return ir.Constant(lanes.vector, [number] * WIDTH)


def indices(lanes: list[int]) -> Any:
    """Return the lanes that a shuffle takes."""
    return ir.Constant(ir.VectorType(I32, len(lanes)), lanes)


def _operator(symbol: Callable[..., Any], instructions: dict[str, str], result: str = "") -> None:
    """Let numba know an operator on lanes of the kinds that have an instruction."""

    @infer_global(symbol)
    class _Signature(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
            kinds = {a.kind for a in args if isinstance(a, Vec16)}
            if len(kinds) != 1 or not kinds <= set(instructions):
                return None
            lanes = Vec16(*kinds)
            return signature(Vec16(result or lanes.kind), lanes, lanes)

    for kind, name in instructions.items():
        lower_builtin(symbol, Vec16(kind), Vec16(kind))(_instruction(*name.split()))


def _instruction(method: str, *how: str) -> Callable[..., Any]:
    """Return what makes numba emit an instruction."""

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return getattr(builder, method)(*how, *args)

    return lower


_operator(operator.add, {"float32": "fadd", "int32": "add"})
_operator(operator.sub, {"float32": "fsub", "int32": "sub"})
_operator(operator.mul, {"float32": "fmul"})
_operator(operator.truediv, {"float32": "fdiv"})
_operator(operator.and_, {"int32": "and_", "bool": "and_"})
_operator(operator.or_, {"int32": "or_"})
_operator(operator.rshift, {"int32": "ashr"})
_operator(operator.gt, {"float32": "fcmp_ordered >", "int32": "icmp_signed >"}, "bool")
_operator(operator.ge, {"float32": "fcmp_ordered >="}, "bool")
_operator(operator.eq, {"int32": "icmp_signed =="}, "bool")
_operator(operator.ne, {"int32": "icmp_signed !="}, "bool")


def call(builder: Any, name: str, result: Any, *args: Any) -> Any:
    """Call an intrinsic function of LLVM."""
    kind = ir.FunctionType(result, [a.type for a in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def wide(context: Any) -> bool:
    """Say whether the machine has vectors of sixteen numbers."""
    return "+avx512f" in context.codegen()._customize_tm_features()


@intrinsic
def align_stack(typingctx: Any) -> Any:  # noqa: ARG001
    """Let lanes that find no register stand in one line of the cache each; see vec16.py."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        attributes = builder.function.attributes
        attributes.alignstack = LINE
        attributes.add("nounwind")  # llvmlite writes no alignment alone
        return context.get_dummy_value()

    return signature(types.void), codegen


@intrinsic
def unlikely(typingctx: Any, condition: Any) -> Any:  # noqa: ARG001
    """Return a condition that seldom holds: what follows from it is kept out of the way."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        one = ir.IntType(1)
        return call(builder, "llvm.expect.i1", one, args[0], one(0))

    return signature(types.boolean, types.boolean), codegen


@intrinsic
def splat(typingctx: Any, number: Any) -> Any:  # noqa: ARG001
    """Return sixteen times the same number."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return args[0]

    return signature(FLOATS, FLOATS), codegen


@intrinsic
def where(typingctx: Any, mask: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
    """Return `a` where the mask holds, else `b`."""
    result = INTS if INTS in (a, b) else FLOATS

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.select(*args)

    return signature(result, MASK, result, result), codegen


@intrinsic
def maximum(typingctx: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
    """Return the larger of both."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return signature(FLOATS, FLOATS, FLOATS), codegen


@intrinsic
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ARG001
    """Return a b + c, rounded once."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return call(builder, "llvm.fma.v16f32", FLOATS.vector, *args)

    return signature(FLOATS, FLOATS, FLOATS, FLOATS), codegen


@intrinsic
def bits_of(typingctx: Any, floats: Any) -> Any:  # noqa: ARG001
    """Return the bits of floats."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.bitcast(args[0], INTS.vector)

    return signature(INTS, FLOATS), codegen


@intrinsic
def floats_of(typingctx: Any, bits: Any) -> Any:  # noqa: ARG001
    """Return the floats that have these bits."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.bitcast(args[0], FLOATS.vector)

    return signature(FLOATS, INTS), codegen


@intrinsic
def exponent(typingctx: Any, x: Any) -> Any:  # noqa: ARG001
    """Return k of positive, normal numbers 2^k m, 1 <= m < 2."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        if wide(context):
            name, every = "llvm.x86.avx512.mask.getexp.ps.512", ir.IntType(16)(-1)
            return call(builder, name, FLOATS.vector, args[0], args[0], every, I32(4))
        bits = builder.lshr(builder.bitcast(args[0], INTS.vector), equal(INTS, 23))
        return builder.sitofp(builder.sub(bits, equal(INTS, 127)), FLOATS.vector)

    return signature(FLOATS, FLOATS), codegen


@intrinsic
def rotate(typingctx: Any, ints: Any, by: Any) -> Any:  # noqa: ARG001
    """Return the bits of each lane rotated to the left."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return call(builder, "llvm.fshl.v16i32", INTS.vector, args[0], args[0], args[1])

    return signature(INTS, INTS, INTS), codegen


@intrinsic
def uniform_draws(typingctx: Any, key: Any, ids: Any) -> Any:  # noqa: ARG001
    """Return numbers `ids` under `key` (sim/kernel/rng.py, `uniform`), rounded down to 24 bits."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        words = ir.VectorType(I64, WIDTH)

        def all_of(number: int) -> Any:
            return ir.Constant(words, [number] * WIDTH)

        def folded(x: Any, by: int) -> Any:
            return builder.xor(x, builder.lshr(x, all_of(by)))

        one = builder.insert_element(ir.Constant(words, ir.Undefined), args[0], I32(0))
        keys = builder.shuffle_vector(one, one, indices([0] * WIDTH))
        index = builder.add(builder.zext(args[1], words), all_of(1))
        bits = builder.add(keys, builder.mul(index, all_of(int(GOLDEN))))
        bits = builder.mul(folded(bits, 30), all_of(int(MIX_1)))
        bits = folded(builder.mul(folded(bits, 27), all_of(int(MIX_2))), 31)
        first = builder.trunc(builder.lshr(bits, all_of(40)), INTS.vector)
        unit = equal(FLOATS, 2.0**-24)
        return builder.fmul(builder.sitofp(first, FLOATS.vector), unit)

    return signature(FLOATS, types.uint64, INTS), codegen


@intrinsic
def number_at(typingctx: Any, lanes: Any, lane: Any) -> Any:  # noqa: ARG001
    """Return one of sixteen numbers, whole ones from 0 to below 2^32."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        one = builder.extract_element(*args)
        return one if sig.args[0] == FLOATS else builder.zext(one, I64)

    return signature(
        types.float32 if lanes == FLOATS else types.int64, lanes, types.int64
    ), codegen


@intrinsic
def zeros(typingctx: Any) -> Any:  # noqa: ARG001
    """Return sixteen zeros."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return equal(FLOATS, 0.0)

    return signature(FLOATS), codegen


@intrinsic
def any_bits(typingctx: Any, ints: Any) -> Any:  # noqa: ARG001
    """Return the bits that are set in any lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        bits = call(builder, "llvm.vector.reduce.or.v16i32", I32, *args)
        return builder.zext(bits, I64)

    return signature(types.int64, INTS), codegen
