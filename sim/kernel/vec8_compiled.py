"""Tiles as vectors in registers: what numba has to know of them (see sim/kernel/vec8.py)."""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

from sim.kernel.rng import GOLDEN, MIX_1, MIX_2
from sim.kernel.vec8_type import BIT, BITS, FLAGS, FLOATS, I32, USED, VEC8, WIDTH, Vec8Type, lanes

_BYTE, _I64 = ir.IntType(8), ir.IntType(64)
_SHIFT = 1.5 * 2.0**23 + 127.0  # puts the exponent of 2**k into the lowest bits


def _operator(symbol: Callable[..., Any], kind: Vec8Type, result: Vec8Type, *how: str) -> None:
    """Let numba know an operator on a Vec8 or flags, one of which may be a plain number."""

    @infer_global(symbol)
    class _Signature(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
            return signature(result, kind, kind) if kind in args else None

    @lower_builtin(symbol, kind, kind)
    def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        method, *first = how
        return getattr(builder, method)(*first, *args)


_operator(operator.add, VEC8, VEC8, "fadd")
_operator(operator.sub, VEC8, VEC8, "fsub")
_operator(operator.mul, VEC8, VEC8, "fmul")
_operator(operator.truediv, VEC8, VEC8, "fdiv")
_operator(operator.gt, VEC8, FLAGS, "fcmp_ordered", ">")
_operator(operator.ge, VEC8, FLAGS, "fcmp_ordered", ">=")
_operator(operator.le, VEC8, FLAGS, "fcmp_ordered", "<=")
_operator(operator.lt, VEC8, FLAGS, "fcmp_ordered", "<")
_operator(operator.eq, VEC8, FLAGS, "fcmp_ordered", "==")
_operator(operator.and_, FLAGS, FLAGS, "and_")


def call(builder: Any, name: str, result: Any, *args: Any) -> Any:
    """Call an intrinsic function of LLVM."""
    kind = ir.FunctionType(result, [a.type for a in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


@intrinsic
def flags(typingctx: Any, bits: Any) -> Any:  # noqa: ARG001
    """Return the eight lowest bits of a whole number."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.bitcast(builder.trunc(args[0], _BYTE), BITS)

    return signature(FLAGS, types.int64), codegen


@intrinsic
def bits_of(typingctx: Any, held: Any) -> Any:  # noqa: ARG001
    """Return flags as the bits of a whole number."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.zext(builder.bitcast(args[0], _BYTE), _I64)

    return signature(types.int64, FLAGS), codegen


@intrinsic
def bytes_of(typingctx: Any, word: Any) -> Any:  # noqa: ARG001
    """Return the eight bytes of a 64-bit word as numbers, the lowest first."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        found = builder.bitcast(args[0], ir.VectorType(_BYTE, WIDTH))
        return builder.uitofp(found, FLOATS)

    return signature(VEC8, types.uint64), codegen


@intrinsic
def word_of(typingctx: Any, vec8: Any) -> Any:  # noqa: ARG001
    """Return whole numbers from 0 to 255, rounded down, as the bytes of a word."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        whole = builder.fptosi(args[0], ir.VectorType(I32, WIDTH))
        found = builder.bitcast(builder.trunc(whole, ir.VectorType(_BYTE, WIDTH)), _I64)
        return builder.and_(found, _I64((1 << 8 * USED) - 1))

    return signature(types.int64, VEC8), codegen


@intrinsic
def nearest(typingctx: Any, vec8: Any) -> Any:  # noqa: ARG001
    """Return the whole numbers next to numbers, half to even."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return call(builder, f"llvm.rint.v{WIDTH}f32", FLOATS, *args)

    return signature(VEC8, VEC8), codegen


@intrinsic
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ARG001
    """Return a b + c, rounded once."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return call(builder, f"llvm.fma.v{WIDTH}f32", FLOATS, *args)

    return signature(VEC8, VEC8, VEC8, VEC8), codegen


@intrinsic
def power_of_two(typingctx: Any, vec8: Any) -> Any:  # noqa: ARG001
    """Return 2 to the power of whole numbers from -126 to 127."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        words = ir.VectorType(I32, WIDTH)
        shift = ir.Constant(FLOATS, [_SHIFT] * WIDTH)
        bits = builder.bitcast(builder.fadd(args[0], shift), words)
        return builder.bitcast(builder.shl(bits, ir.Constant(words, [23] * WIDTH)), FLOATS)

    return signature(VEC8, VEC8), codegen


@intrinsic
def exponents(typingctx: Any, vec8: Any) -> Any:  # noqa: ARG001
    """Return the whole k of positive, normal numbers 2^k m, 1 <= m < 2."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        words = ir.VectorType(I32, WIDTH)
        bits = builder.lshr(builder.bitcast(args[0], words), ir.Constant(words, [23] * WIDTH))
        return builder.sitofp(builder.sub(bits, ir.Constant(words, [127] * WIDTH)), FLOATS)

    return signature(VEC8, VEC8), codegen


@intrinsic
def uniform_draws(typingctx: Any, key: Any, first: Any) -> Any:  # noqa: ARG001
    """Return numbers first, first + 1, ... under `key` (sim/kernel/rng.py, `uniform`), in (0, 1).

    They are of 24 bits, each in the middle of what is rounded to it.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        words = ir.VectorType(_I64, WIDTH)

        def equal(number: Any) -> Any:
            one = builder.insert_element(ir.Constant(words, ir.Undefined), number, I32(0))
            return builder.shuffle_vector(one, one, lanes([0] * WIDTH))

        def folded(x: Any, by: int) -> Any:
            return builder.xor(x, builder.lshr(x, ir.Constant(words, [by] * WIDTH)))

        golden, mix_1, mix_2 = (
            ir.Constant(words, [int(c)] * WIDTH) for c in (GOLDEN, MIX_1, MIX_2)
        )
        index = builder.add(equal(args[1]), ir.Constant(words, [*range(1, WIDTH + 1)]))
        bits = builder.add(equal(args[0]), builder.mul(index, golden))
        bits = builder.mul(folded(bits, 30), mix_1)
        bits = folded(builder.mul(folded(bits, 27), mix_2), 31)
        whole = builder.lshr(bits, ir.Constant(words, [41] * WIDTH))
        one = ir.Constant(words, [1] * WIDTH)
        odd = builder.or_(builder.shl(whole, one), one)
        found = builder.sitofp(builder.trunc(odd, ir.VectorType(I32, WIDTH)), FLOATS)
        return builder.fmul(found, ir.Constant(FLOATS, [2.0**-24] * WIDTH))

    return signature(VEC8, types.uint64, types.int64), codegen


@intrinsic
def vec8_of(
    typingctx: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any,  # noqa: ARG001
) -> Any:  # fmt: skip
    """Return eight numbers side by side."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        found = ir.Constant(FLOATS, ir.Undefined)
        for lane, number in enumerate(args):
            found = builder.insert_element(found, number, I32(lane))
        return found

    return signature(VEC8, *[types.float32] * WIDTH), codegen


@intrinsic
def where(typingctx: Any, held: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
    """Return `a` where the flags hold, else `b`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.select(*args)

    return signature(VEC8, FLAGS, VEC8, VEC8), codegen


@intrinsic
def splat(typingctx: Any, number: Any) -> Any:  # noqa: ARG001
    """Return eight times the same number."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return args[0]

    return signature(VEC8, VEC8), codegen


@intrinsic
def total(typingctx: Any, vec8: Any) -> Any:  # noqa: ARG001
    """Return the sum of the numbers by messenger, halves added until one is left."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        nothing = ir.Constant(FLOATS, [0.0] * WIDTH)
        used = [*range(USED), *range(WIDTH, 2 * WIDTH - USED)]
        found = builder.shuffle_vector(args[0], nothing, lanes(used))
        for half in (4, 2, 1):
            upper = builder.shuffle_vector(found, nothing, lanes([*range(half, 2 * half)]))
            lower = builder.shuffle_vector(found, nothing, lanes([*range(half)]))
            found, nothing = builder.fadd(lower, upper), ir.Constant(lower.type, ir.Undefined)
        return builder.extract_element(found, I32(0))

    return signature(types.float32, VEC8), codegen


@intrinsic
def number_at(typingctx: Any, vec8: Any, lane: Any) -> Any:  # noqa: ARG001
    """Return one of eight numbers."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.extract_element(*args)

    return signature(types.float32, VEC8, types.int64), codegen


@intrinsic
def insert_lane(typingctx: Any, vec8: Any, number: Any) -> Any:  # noqa: ARG001
    """Return the numbers by messenger with another one next to them, in place ``USED``."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.insert_element(*args, I32(USED))

    return signature(VEC8, VEC8, types.float32), codegen


@intrinsic
def lowest(typingctx: Any, bits: Any) -> Any:  # noqa: ARG001
    """Return the place of the lowest bit set in a whole number that is not 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.cttz(args[0], BIT(1))

    return signature(types.int64, types.int64), codegen


@intrinsic
def largest(typingctx: Any, vec8: Any) -> Any:  # noqa: ARG001
    """Return the largest of eight numbers."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        found = args[0]
        for half in (4, 2, 1):
            other = builder.shuffle_vector(
                found, found, lanes([(lane + half) % WIDTH for lane in range(WIDTH)])
            )
            found = builder.select(builder.fcmp_ordered(">", found, other), found, other)
        return builder.extract_element(found, I32(0))

    return signature(types.float32, VEC8), codegen
