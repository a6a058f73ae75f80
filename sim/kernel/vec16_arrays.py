"""What lanes read of arrays and tables, and write there (see sim/kernel/vec16.py)."""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from sim.kernel.vec16_compiled import FLOATS, I32, I64, INTS, WIDTH, call, equal, indices, wide

SPAN = 2 * WIDTH  # size of a table for `pick`
HALVES = types.UniTuple(INTS, 2)


def _data(context: Any, builder: Any, sig: Any, args: Any, k: int) -> Any:
    """Return the address of the first element of argument `k`, a flat array."""
    return context.make_array(sig.args[k])(context, builder, args[k]).data


def _place(context: Any, builder: Any, sig: Any, args: Any, vector: Any) -> Any:
    """Return the address of sixteen elements of an array, arguments 0 and 1."""
    data = _data(context, builder, sig, args, 0)
    return builder.bitcast(builder.gep(data, [args[1]]), vector.as_pointer())


def _halves(context: Any, builder: Any, places: list[Any]) -> Any:
    """Return the low and the high halves of the 64-bit words at sixteen places as lanes.

    Two by two and as floats: so the second word is loaded to where it belongs, in one instruction.
    """
    two = ir.VectorType(ir.DoubleType(), 2)
    parts = []
    for first, second in zip(places[::2], places[1::2], strict=True):
        part = ir.Constant(two, ir.Undefined)
        for lane, place in enumerate((first, second)):
            word = builder.load(builder.bitcast(place, ir.DoubleType().as_pointer()))
            part = builder.insert_element(part, word, I32(lane))
        parts.append(builder.bitcast(part, ir.VectorType(I64, 2)))
    while len(parts) > 1:
        size = 2 * parts[0].type.count
        both = zip(parts[::2], parts[1::2], strict=True)
        parts = [builder.shuffle_vector(x, y, indices(list(range(size)))) for x, y in both]
    both = builder.bitcast(parts[0], ir.VectorType(I32, 2 * WIDTH))
    undefined = ir.Constant(both.type, ir.Undefined)
    pair = [
        builder.shuffle_vector(both, undefined, indices([2 * k + half for k in range(WIDTH)]))
        for half in (0, 1)
    ]
    return context.make_tuple(builder, HALVES, pair)


def _element_place(builder: Any, data: Any, index: Any) -> Any:
    """Return the address of an element at an unsigned index."""
    return builder.gep(data, [builder.zext(index, I64)])


def _element(builder: Any, data: Any, index: Any) -> Any:
    return builder.load(_element_place(builder, data, index))


@intrinsic
def load(typingctx: Any, array: Any, at: Any) -> Any:  # noqa: ARG001
    """Return the sixteen numbers of a flat array from position `at` on."""
    result = FLOATS if isinstance(array.dtype, types.Float) else INTS

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        found = builder.load(_place(context, builder, sig, args, result.vector))
        found.align = 4
        return found

    return signature(result, array, types.intp), codegen


@intrinsic
def store(typingctx: Any, array: Any, at: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Write sixteen numbers to a flat array from position `at` on."""
    kind = FLOATS if isinstance(array.dtype, types.Float) else INTS

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _place(context, builder, sig, args, kind.vector), align=4)
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, kind), codegen


@intrinsic
def transpose(typingctx: Any, array: Any, at: Any) -> Any:  # noqa: ARG001
    """Exchange rows and columns of the sixteen times sixteen numbers from position `at` on."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def place(row: int) -> Any:
            first = builder.add(args[1], I64(row * WIDTH))
            return _place(context, builder, sig, (args[0], first), FLOATS.vector)

        rows = [builder.load(place(row), align=4) for row in range(WIDTH)]
        for size in (1, 2, 4, 8):  # of the blocks that change places
            for low in (row for row in range(WIDTH) if not row & size):
                pair, high = (rows[low], rows[low + size]), low + size
                stay = [lane - size + WIDTH if lane & size else lane for lane in range(WIDTH)]
                come = [lane + WIDTH if lane & size else lane + size for lane in range(WIDTH)]
                rows[low] = builder.shuffle_vector(*pair, indices(stay))
                rows[high] = builder.shuffle_vector(*pair, indices(come))
        for row, lanes in enumerate(rows):
            builder.store(lanes, place(row), align=4)
        return context.get_dummy_value()

    return signature(types.void, array, types.intp), codegen


@intrinsic
def gather(typingctx: Any, words: Any, ids: Any) -> Any:  # noqa: ARG001
    """Return the low and the high halves of the 64-bit words at positions `ids`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = _data(context, builder, sig, args, 0)
        ids = [builder.extract_element(args[1], I32(lane)) for lane in range(WIDTH)]
        return _halves(context, builder, [_element_place(builder, data, i) for i in ids])

    return signature(HALVES, words, INTS), codegen


@intrinsic
def prefetch(typingctx: Any, words: Any, ids: Any, at: Any) -> Any:  # noqa: ARG001
    """Bring the words at sixteen ids[at:] near, if there are so many: they will be gathered."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        of_words, of_ids = (_data(context, builder, sig, args, k) for k in range(2))
        size = context.make_array(sig.args[1])(context, builder, args[1]).nitems
        last = builder.sub(size, I64(WIDTH))
        at = builder.select(builder.icmp_signed("<", args[2], last), args[2], last)
        byte = ir.IntType(8).as_pointer()
        for lane in range(WIDTH):
            index = builder.load(builder.gep(of_ids, [builder.add(at, I64(lane))]))
            word = builder.bitcast(builder.gep(of_words, [builder.zext(index, I64)]), byte)
            call(builder, "llvm.prefetch.p0", ir.VoidType(), word, I32(0), I32(3), I32(1))
        return context.get_dummy_value()

    return signature(types.void, words, ids, types.intp), codegen


@intrinsic
def gather_rows(typingctx: Any, words: Any, ids: Any, starts: Any, at: Any) -> Any:  # noqa: ARG001
    """Return the halves of the words at ids[starts + at], or at the last id beyond the end."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        of_words, of_ids, of_starts = (_data(context, builder, sig, args, k) for k in range(3))
        size = context.make_array(sig.args[1])(context, builder, args[1]).nitems
        last = builder.sub(size, I64(1))
        found = []
        for lane in range(WIDTH):
            tie = builder.add(_element(builder, of_starts, I32(lane)), args[3])
            tie = builder.select(builder.icmp_unsigned("<", tie, last), tie, last)
            one = builder.load(builder.gep(of_ids, [tie]))
            found.append(_element_place(builder, of_words, one))
        return _halves(context, builder, found)

    return signature(HALVES, words, ids, starts, types.intp), codegen


def _one_by_one(builder: Any, data: Any, ints: Any, size: int, vector: Any) -> Any:
    """Load the elements of a table at the indices in lanes, modulo its size, a power of two."""
    found = ir.Constant(vector, ir.Undefined)
    ints = builder.and_(ints, equal(INTS, size - 1))
    for lane in range(WIDTH):
        one = _element(builder, data, builder.extract_element(ints, I32(lane)))
        found = builder.insert_element(found, one, I32(lane))
    return found


@intrinsic
def pick(typingctx: Any, table: Any, at: Any, ints: Any) -> Any:  # noqa: ARG001
    """Return table[at + ints mod SPAN]: from two registers."""
    result = FLOATS if isinstance(table.dtype, types.Float) else INTS

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = builder.gep(_data(context, builder, sig, args, 0), [args[1]])
        if not wide(context):
            return _one_by_one(builder, data, args[2], SPAN, result.vector)
        halves = []
        for half in (0, WIDTH):
            address = builder.gep(data, [I64(half)])
            halves.append(builder.load(builder.bitcast(address, result.vector.as_pointer())))
            halves[-1].align = 4
        name = f"llvm.x86.avx512.vpermi2var.{'ps' if result is FLOATS else 'd'}.512"
        return call(builder, name, result.vector, halves[0], args[2], halves[1])

    return signature(result, table, types.intp, INTS), codegen


@intrinsic
def look_up(typingctx: Any, table: Any, at: Any, ints: Any) -> Any:  # noqa: ARG001
    """Return table[at + ints mod WIDTH], floats: from one register."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = FLOATS.vector
        if not wide(context):
            data = builder.gep(_data(context, builder, sig, args, 0), [args[1]])
            return _one_by_one(builder, data, args[2], WIDTH, vector)
        found = builder.load(_place(context, builder, sig, args, vector), align=4)
        return call(builder, "llvm.x86.avx512.permvar.sf.512", vector, found, args[2])

    return signature(FLOATS, table, types.intp, INTS), codegen
