"""Tiles and arrays: numbers by messenger read from memory and written to it (see vec8.py)."""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.templates import signature
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from sim.kernel.vec8_compiled import call
from sim.kernel.vec8_type import FLAGS, FLOATS, I32, USED, VEC8, WIDTH

_HALVES = (range(4), range(4, USED))  # of the numbers that stand for a messenger


def _tile(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Return where the numbers of tile 1 stand in array 0."""
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    return builder.gep(data, [builder.mul(args[1], args[1].type(USED))])


def _is_whole(element: Any) -> bool:
    return isinstance(element, ir.IntType)


def _alignment(sig: Any) -> int:
    """Return to how many bytes the numbers of array 0 are aligned at least."""
    return int(min(4, sig.args[0].dtype.bitwidth // 8))


@intrinsic
def read_tile(typingctx: Any, array: Any, o: Any) -> Any:  # noqa: ARG001
    """Return the numbers of the messengers of tile `o` in a flat array; the last two are 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = _tile(context, builder, sig, args)
        element = data.type.pointee
        none = ir.Constant(ir.VectorType(element, WIDTH), None)
        place = builder.bitcast(data, none.type.as_pointer())
        used = ir.Constant(FLAGS.vector, [int(lane < USED) for lane in range(WIDTH)])
        name = f"v{WIDTH}{'i' if _is_whole(element) else 'f'}{sig.args[0].dtype.bitwidth}.p0"
        found = call(
            builder, f"llvm.masked.load.{name}", none.type, place, I32(_alignment(sig)), used, none
        )  # fmt: skip
        if _is_whole(none.type.element):
            convert = builder.sitofp if sig.args[0].dtype.signed else builder.uitofp
            return convert(found, FLOATS)
        return builder.fptrunc(found, FLOATS) if found.type != FLOATS else found

    return signature(VEC8, array, types.int64), codegen


@intrinsic
def write_tile(typingctx: Any, array: Any, o: Any, vec8: Any) -> Any:  # noqa: ARG001
    """Write the numbers of the messengers of tile `o` to a flat array.

    Whole numbers of two bytes are the nearest, half to even, cut off at the ends of their type.
    Nothing beyond is stored, not even masked: what stands next in memory is soon read, and a
    processor would have that wait for the mask.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data, numbers = _tile(context, builder, sig, args), args[2]
        kind = ir.VectorType(data.type.pointee, WIDTH)
        if _is_whole(kind.element):
            numbers = builder.trunc(_rounded(builder, numbers, sig.args[0].dtype), kind)
        elif kind != FLOATS:
            numbers = builder.fpext(numbers, kind)
        for half in _HALVES:
            lanes = ir.Constant(ir.VectorType(I32, len(half)), [*half])
            some = builder.shuffle_vector(numbers, numbers, lanes)
            place = builder.gep(data, [I32(half.start)])
            place = builder.bitcast(place, some.type.as_pointer())
            builder.store(some, place, align=_alignment(sig))
        return context.get_dummy_value()

    return signature(types.void, array, types.int64, VEC8), codegen


def _rounded(builder: Any, numbers: Any, kind: Any) -> Any:
    """Return the whole numbers next to a Vec8's within a type, as 32-bit ones."""
    for end, beyond in ((kind.minval, "<"), (kind.maxval, ">")):
        limit = ir.Constant(FLOATS, [float(end)] * WIDTH)
        numbers = builder.select(builder.fcmp_ordered(beyond, numbers, limit), limit, numbers)
    whole = call(builder, f"llvm.rint.v{WIDTH}f32", FLOATS, numbers)
    return builder.fptosi(whole, ir.VectorType(I32, WIDTH))


@intrinsic
def add_to(typingctx: Any, array: Any, at: Any, vec8: Any) -> Any:  # noqa: ARG001
    """Add eight numbers to those of a flat array of floats from position `at` on."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        kind = ir.VectorType(data.type.pointee, WIDTH)
        place = builder.bitcast(builder.gep(data, [args[1]]), kind.as_pointer())
        before = builder.load(place)
        before.align = 4
        more = args[2] if kind == FLOATS else builder.fpext(args[2], kind)
        builder.store(builder.fadd(before, more), place, align=4)
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, VEC8), codegen


@intrinsic
def count(typingctx: Any, array: Any, at: Any, bits: Any) -> Any:  # noqa: ARG001
    """Add one to those of 64 whole numbers of a flat array, from position `at` on, with a bit."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        kind = ir.VectorType(data.type.pointee, 64)
        place = builder.bitcast(builder.gep(data, [args[1]]), kind.as_pointer())
        before = builder.load(place)
        before.align = 2
        ones = builder.zext(builder.bitcast(args[2], ir.VectorType(ir.IntType(1), 64)), kind)
        builder.store(builder.add(before, ones), place, align=2)
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, types.int64), codegen


@intrinsic
def words_of(typingctx: Any, words: Any, o: Any, n_tiles: Any) -> Any:  # noqa: ARG001
    """Return the words of tile `o`: a part of a flat array that holds tile after tile.

    Unlike a slice it may leave a rule, which counts no references.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = context.make_array(sig.args[0])
        whole, found = kind(context, builder, args[0]), kind(context, builder)
        size = builder.sdiv(builder.extract_value(whole.shape, 0), args[2])
        populate_array(
            found, data=builder.gep(whole.data, [builder.mul(size, args[1])]),
            shape=[size], strides=cgutils.unpack_tuple(builder, whole.strides),
            itemsize=whole.itemsize, meminfo=whole.meminfo, parent=whole.parent,
        )  # fmt: skip
        return impl_ret_borrowed(context, builder, sig.return_type, found._getvalue())

    return signature(words, words, types.intp, types.intp), codegen
