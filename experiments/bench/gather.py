"""Lanes gathered from 32-bit words, which the simulator itself never does: its words have 64."""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from experiments.bench.work import U32
from sim.kernel.vec16 import Ints
from sim.kernel.vec16_compiled import I32, I64, INTS, WIDTH, call, equal, wide


@intrinsic
def _gather(typingctx: Any, words: Any, ids: Any) -> Any:  # noqa: ARG001
    """Return the words at sixteen positions of a flat array."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        none = equal(INTS, 0)
        if wide(context):
            every = ir.Constant(ir.VectorType(ir.IntType(1), WIDTH), [1] * WIDTH)
            base = builder.bitcast(data, cgutils.voidptr_t)
            name = "llvm.x86.avx512.mask.gather.dpi.512"
            return call(builder, name, INTS.vector, none, base, args[1], every, I32(4))
        found = none
        for lane in range(WIDTH):
            at = builder.zext(builder.extract_element(args[1], I32(lane)), I64)
            word = builder.load(builder.gep(data, [at]))
            found = builder.insert_element(found, word, I32(lane))
        return found

    return signature(INTS, words, INTS), codegen


gather = cast("Callable[[U32, Ints], Ints]", _gather)  # as rules call it
