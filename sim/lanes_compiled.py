"""Lanes as vectors in registers: what numba has to know of them (see sim/lanes.py)."""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_cast, models, register_model

from sim.aligned import LINE
from sim.rng import GOLDEN, MIX_1, MIX_2

WIDTH = 16
SPAN = 2 * WIDTH  # size of a table for `pick`
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_ELEMENTS = {"float32": ir.FloatType(), "int32": _I32, "bool": ir.IntType(1)}


class Lanes(types.Type):
    """The numba type of sixteen numbers of one kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(name=f"lanes({kind})")
        self.kind = kind

    @property
    def vector(self) -> Any:
        """Return the type in registers."""
        return ir.VectorType(_ELEMENTS[self.kind], WIDTH)


FLOATS, INTS, MASK = (Lanes(kind) for kind in _ELEMENTS)
_HALVES = types.UniTuple(INTS, 2)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Lanes) -> None:
        super().__init__(manager, fe_type, fe_type.vector)


@lower_cast(types.Number, Lanes)
def _equal_lanes(context: Any, builder: Any, fromty: Any, toty: Lanes, value: Any) -> Any:
    """Let a plain number stand for sixteen equal ones."""
    plain = types.float32 if toty.kind == "float32" else types.int32
    number = context.cast(builder, value, fromty, plain)
    undefined = ir.Constant(toty.vector, ir.Undefined)
    one = builder.insert_element(undefined, number, _I32(0))
    return builder.shuffle_vector(one, undefined, _indices([0] * WIDTH))


def _equal(lanes: Lanes, number: float) -> Any:
    return ir.Constant(lanes.vector, [number] * WIDTH)


def _indices(lanes: list[int]) -> Any:
    return ir.Constant(ir.VectorType(_I32, len(lanes)), lanes)


def _operator(symbol: Callable[..., Any], instructions: dict[str, str], result: str = "") -> None:
    """Let numba know an operator on lanes of the kinds that have an instruction."""

    @infer_global(symbol)
    class _Signature(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
            kinds = {a.kind for a in args if isinstance(a, Lanes)}
            if len(kinds) != 1 or not kinds <= set(instructions):
                return None
            lanes = Lanes(*kinds)
            return signature(Lanes(result or lanes.kind), lanes, lanes)

    for kind, name in instructions.items():
        lower_builtin(symbol, Lanes(kind), Lanes(kind))(_instruction(*name.split()))


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


def _call(builder: Any, name: str, result: Any, *args: Any) -> Any:
    """Call an intrinsic function of LLVM."""
    kind = ir.FunctionType(result, [a.type for a in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


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
            part = builder.insert_element(part, word, _I32(lane))
        parts.append(builder.bitcast(part, ir.VectorType(_I64, 2)))
    while len(parts) > 1:
        size = 2 * parts[0].type.count
        both = zip(parts[::2], parts[1::2], strict=True)
        parts = [builder.shuffle_vector(x, y, _indices(list(range(size)))) for x, y in both]
    both = builder.bitcast(parts[0], ir.VectorType(_I32, 2 * WIDTH))
    undefined = ir.Constant(both.type, ir.Undefined)
    pair = [
        builder.shuffle_vector(both, undefined, _indices([2 * k + half for k in range(WIDTH)]))
        for half in (0, 1)
    ]
    return context.make_tuple(builder, _HALVES, pair)


def _element_place(builder: Any, data: Any, index: Any) -> Any:
    """Return the address of an element at an unsigned index."""
    return builder.gep(data, [builder.zext(index, _I64)])


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
def turn(typingctx: Any, array: Any, at: Any) -> Any:  # noqa: ARG001
    """Exchange rows and columns of the sixteen times sixteen numbers from position `at` on."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        def place(row: int) -> Any:
            first = builder.add(args[1], _I64(row * WIDTH))
            return _place(context, builder, sig, (args[0], first), FLOATS.vector)

        rows = [builder.load(place(row), align=4) for row in range(WIDTH)]
        for size in (1, 2, 4, 8):  # of the blocks that change places
            for low in (row for row in range(WIDTH) if not row & size):
                pair, high = (rows[low], rows[low + size]), low + size
                stay = [lane - size + WIDTH if lane & size else lane for lane in range(WIDTH)]
                come = [lane + WIDTH if lane & size else lane + size for lane in range(WIDTH)]
                rows[low] = builder.shuffle_vector(*pair, _indices(stay))
                rows[high] = builder.shuffle_vector(*pair, _indices(come))
        for row, lanes in enumerate(rows):
            builder.store(lanes, place(row), align=4)
        return context.get_dummy_value()

    return signature(types.void, array, types.intp), codegen


@intrinsic
def gather(typingctx: Any, words: Any, ids: Any) -> Any:  # noqa: ARG001
    """Return the low and the high halves of the 64-bit words at positions `ids`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = _data(context, builder, sig, args, 0)
        ids = [builder.extract_element(args[1], _I32(lane)) for lane in range(WIDTH)]
        return _halves(context, builder, [_element_place(builder, data, i) for i in ids])

    return signature(_HALVES, words, INTS), codegen


@intrinsic
def fetch(typingctx: Any, words: Any, ids: Any, at: Any) -> Any:  # noqa: ARG001
    """Bring the words at sixteen ids[at:] near, if there are so many: they will be gathered."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        of_words, of_ids = (_data(context, builder, sig, args, k) for k in range(2))
        size = context.make_array(sig.args[1])(context, builder, args[1]).nitems
        last = builder.sub(size, _I64(WIDTH))
        at = builder.select(builder.icmp_signed("<", args[2], last), args[2], last)
        byte = ir.IntType(8).as_pointer()
        for lane in range(WIDTH):
            index = builder.load(builder.gep(of_ids, [builder.add(at, _I64(lane))]))
            word = builder.bitcast(builder.gep(of_words, [builder.zext(index, _I64)]), byte)
            _call(builder, "llvm.prefetch.p0", ir.VoidType(), word, _I32(0), _I32(3), _I32(1))
        return context.get_dummy_value()

    return signature(types.void, words, ids, types.intp), codegen


@intrinsic
def gather_rows(typingctx: Any, words: Any, ids: Any, starts: Any, at: Any) -> Any:  # noqa: ARG001
    """Return the halves of the words at ids[starts + at], or at the last id beyond the end."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        of_words, of_ids, of_starts = (_data(context, builder, sig, args, k) for k in range(3))
        size = context.make_array(sig.args[1])(context, builder, args[1]).nitems
        last = builder.sub(size, _I64(1))
        found = []
        for lane in range(WIDTH):
            tie = builder.add(_element(builder, of_starts, _I32(lane)), args[3])
            tie = builder.select(builder.icmp_unsigned("<", tie, last), tie, last)
            one = builder.load(builder.gep(of_ids, [tie]))
            found.append(_element_place(builder, of_words, one))
        return _halves(context, builder, found)

    return signature(_HALVES, words, ids, starts, types.intp), codegen


def _wide(context: Any) -> bool:
    """Say whether the machine has vectors of sixteen numbers."""
    return "+avx512f" in context.codegen()._customize_tm_features()


def _one_by_one(builder: Any, data: Any, ints: Any, size: int, vector: Any) -> Any:
    """Load the elements of a table at the indices in lanes, modulo its size, a power of two."""
    found = ir.Constant(vector, ir.Undefined)
    ints = builder.and_(ints, _equal(INTS, size - 1))
    for lane in range(WIDTH):
        one = _element(builder, data, builder.extract_element(ints, _I32(lane)))
        found = builder.insert_element(found, one, _I32(lane))
    return found


@intrinsic
def pick(typingctx: Any, table: Any, at: Any, ints: Any) -> Any:  # noqa: ARG001
    """Return table[at + ints mod SPAN]: from two registers."""
    result = FLOATS if isinstance(table.dtype, types.Float) else INTS

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = builder.gep(_data(context, builder, sig, args, 0), [args[1]])
        if not _wide(context):
            return _one_by_one(builder, data, args[2], SPAN, result.vector)
        halves = []
        for half in (0, WIDTH):
            address = builder.gep(data, [_I64(half)])
            halves.append(builder.load(builder.bitcast(address, result.vector.as_pointer())))
            halves[-1].align = 4
        name = f"llvm.x86.avx512.vpermi2var.{'ps' if result is FLOATS else 'd'}.512"
        return _call(builder, name, result.vector, halves[0], args[2], halves[1])

    return signature(result, table, types.intp, INTS), codegen


@intrinsic
def look_up(typingctx: Any, table: Any, at: Any, ints: Any) -> Any:  # noqa: ARG001
    """Return table[at + ints mod WIDTH], floats: from one register."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = FLOATS.vector
        if not _wide(context):
            data = builder.gep(_data(context, builder, sig, args, 0), [args[1]])
            return _one_by_one(builder, data, args[2], WIDTH, vector)
        found = builder.load(_place(context, builder, sig, args, vector), align=4)
        return _call(builder, "llvm.x86.avx512.permvar.sf.512", vector, found, args[2])

    return signature(FLOATS, table, types.intp, INTS), codegen


@intrinsic
def align_stack(typingctx: Any) -> Any:  # noqa: ARG001
    """Let lanes that find no register stand in one line of the cache each; see lanes.py."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        attributes = builder.function.attributes
        attributes.alignstack = LINE
        attributes.add("nounwind")  # llvmlite writes no alignment alone
        return context.get_dummy_value()

    return signature(types.void), codegen


@intrinsic
def seldom(typingctx: Any, condition: Any) -> Any:  # noqa: ARG001
    """Return a condition that seldom holds: what follows from it is kept out of the way."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        one = ir.IntType(1)
        return _call(builder, "llvm.expect.i1", one, args[0], one(0))

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
        return _call(builder, "llvm.fma.v16f32", FLOATS.vector, *args)

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


def _taken_apart(builder: Any, x: Any, name: str, *how: Any) -> Any:
    """Take floats apart by one instruction of machines that have it."""
    all_lanes, as_always = ir.IntType(16)(-1), _I32(4)
    name = f"llvm.x86.avx512.mask.{name}.ps.512"
    return _call(builder, name, x.type, x, *how, x, all_lanes, as_always)


@intrinsic
def exponent(typingctx: Any, x: Any) -> Any:  # noqa: ARG001
    """Return k of positive, normal numbers 2^k m, 1 <= m < 2."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        if _wide(context):
            return _taken_apart(builder, args[0], "getexp")
        bits = builder.lshr(builder.bitcast(args[0], INTS.vector), _equal(INTS, 23))
        return builder.sitofp(builder.sub(bits, _equal(INTS, 127)), FLOATS.vector)

    return signature(FLOATS, FLOATS), codegen


@intrinsic
def mantissa(typingctx: Any, x: Any) -> Any:  # noqa: ARG001
    """Return m of positive, normal numbers 2^k m, 1 <= m < 2."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        if _wide(context):
            return _taken_apart(builder, args[0], "getmant", _I32(0))
        bits = builder.and_(builder.bitcast(args[0], INTS.vector), _equal(INTS, 0x7FFFFF))
        return builder.bitcast(builder.or_(bits, _equal(INTS, 0x3F800000)), FLOATS.vector)

    return signature(FLOATS, FLOATS), codegen


@intrinsic
def rotate(typingctx: Any, ints: Any, by: Any) -> Any:  # noqa: ARG001
    """Return the bits of each lane rotated to the left."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return _call(builder, "llvm.fshl.v16i32", INTS.vector, args[0], args[0], args[1])

    return signature(INTS, INTS, INTS), codegen


@intrinsic
def luck(typingctx: Any, key: Any, ids: Any) -> Any:  # noqa: ARG001
    """Return numbers `ids` under `key` (sim/rng.py, `uniform`), rounded down to 24 bits."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        words = ir.VectorType(_I64, WIDTH)

        def equal(number: int) -> Any:
            return ir.Constant(words, [number] * WIDTH)

        def folded(x: Any, by: int) -> Any:
            return builder.xor(x, builder.lshr(x, equal(by)))

        one = builder.insert_element(ir.Constant(words, ir.Undefined), args[0], _I32(0))
        keys = builder.shuffle_vector(one, one, _indices([0] * WIDTH))
        index = builder.add(builder.zext(args[1], words), equal(1))
        bits = builder.add(keys, builder.mul(index, equal(int(GOLDEN))))
        bits = builder.mul(folded(bits, 30), equal(int(MIX_1)))
        bits = folded(builder.mul(folded(bits, 27), equal(int(MIX_2))), 31)
        first = builder.trunc(builder.lshr(bits, equal(40)), INTS.vector)
        unit = _equal(FLOATS, 2.0**-24)
        return builder.fmul(builder.sitofp(first, FLOATS.vector), unit)

    return signature(FLOATS, types.uint64, INTS), codegen


@intrinsic
def number_at(typingctx: Any, lanes: Any, lane: Any) -> Any:  # noqa: ARG001
    """Return one of sixteen numbers, whole ones from 0 to below 2^32."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        one = builder.extract_element(*args)
        return one if sig.args[0] == FLOATS else builder.zext(one, _I64)

    return signature(
        types.float32 if lanes == FLOATS else types.int64, lanes, types.int64
    ), codegen


@intrinsic
def zeros(typingctx: Any) -> Any:  # noqa: ARG001
    """Return sixteen zeros."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return _equal(FLOATS, 0.0)

    return signature(FLOATS), codegen


@intrinsic
def any_bits(typingctx: Any, ints: Any) -> Any:  # noqa: ARG001
    """Return the bits that are set in any lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        bits = _call(builder, "llvm.vector.reduce.or.v16i32", _I32, *args)
        return builder.zext(bits, _I64)

    return signature(types.int64, INTS), codegen
