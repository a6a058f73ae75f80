"""Where the time of a step goes, part by part, on one thread.

    python -m experiments.bench.parts N_USERS STEPS

The step of the compiled engine again, with a look at the processor's clock between its parts.
"""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from experiments.bench import probe
from experiments.bench.full_model import configure, steps_before
from sim import __version__
from sim.engine.accumulators import Accumulators, flush, observe
from sim.engine.engines import CompiledEngine, Work, agreements, block, make_work
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.state import State
from sim.engine.threads import BLOCK, Threads, chunks
from sim.kernel.arrays import I64, U64
from sim.kernel.compiled import rule_loop
from sim.kernel.vec16 import WIDTH, align_stack
from sim.model.simulation import Simulation
from sim.rules.choice import CONVERSE, communicate
from sim.rules.marginal_value import evaluate
from sim.rules.networks import Chats, Ties
from sim.rules.pairing import apply_agreements
from sim.rules.records import Agreements, Environment, PublicState, Record, Records
from sim.rules.step import after_choice, publish, select, update

PARTS = ("select", "communicate", "evaluate", "after_choice", "observe", "update", "publish")


@intrinsic
def _clock(typingctx: Any) -> Any:  # noqa: ARG001
    """Return what the processor's clock shows."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        kind = ir.FunctionType(ir.IntType(64), [])
        name = "llvm.readcyclecounter"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])

    return signature(types.int64), codegen


clock = cast("Callable[[], int]", _clock)  # as rules call it


@rule_loop
def clocked_rows(
    chunk: int, first: int, last: int, users: Records, public: PublicState, ties: Ties,
    chats: Chats, abuse: Records, env: Environment, params: Record, keys: U64,
    accumulators: Accumulators, agreed: Agreements, work: Work, ticks: I64,
) -> None:  # fmt: skip
    """Do what `sim.engine.engines.step_rows` does, and add the ticks of each part to `ticks`."""
    align_stack()
    step_records, queries, memory, sums, buffer = work
    for at in range(first, last, BLOCK):
        (base, end), begin = block(at, last), clock()
        select(
            base, end, users, step_records, public.choice_state, chats, env, params, keys, queries,
            buffer,
        )  # fmt: skip
        selected = clock()
        for lane in range(base, end, WIDTH):
            communicate(
                lane, 0, WIDTH, users, step_records, base, public.choice_state, ties, env, params,
                keys[CONVERSE], memory,
            )  # fmt: skip
        communicated = clock()
        evaluate(
            users, step_records, base, public.choice_state, ties, env, params, queries, memory
        )
        answered = clock()
        after_choice(
            base, end, users, step_records, public.belief_state, ties, env, params, keys, agreed,
            buffer,
        )  # fmt: skip
        followed = clock()
        for i in range(base, end):
            observe(i, chunk, users[i], step_records[i - base], env, params, accumulators, sums)
        flush(sums, chunk, accumulators)
        observed = clock()
        update(base, end, users, step_records, abuse, env, params, keys, queries, buffer)
        acted = clock()
        publish(base, end, users, public, params, buffer)
        ticks[0] += selected - begin
        ticks[1] += communicated - selected
        ticks[2] += answered - communicated
        ticks[3] += followed - answered
        ticks[4] += observed - followed
        ticks[5] += acted - observed
        ticks[6] += clock() - acted


class ClockedEngine(CompiledEngine):
    """The compiled engine on one thread; `parts_s` are the times of the last step's parts."""

    def __init__(self) -> None:
        super().__init__(Threads(1))
        self.parts_s = [0.0] * len(PARTS)

    def step(self, state: State, env: Environment, keys: U64, accumulators: Accumulators) -> None:
        """Let every user look at its contacts, be observed, and change."""
        if not self._agreed:
            self._agreed = {0: agreements(state.n_users)}
            self._idle = make_work(1, accumulators, state.layout)
        ticks, begin = np.zeros(len(PARTS), np.int64), time.perf_counter()
        for k, (first, last) in enumerate(chunks(state.n_users)):
            clocked_rows(
                k, first, last, state.users, state.public, state.ties, state.chats, state.abuse,
                env, state.params, keys, accumulators, self._agreed[0], self._idle[0], ticks,
            )  # fmt: skip
        taken = time.perf_counter() - begin
        self.parts_s = (ticks * (taken / ticks.sum())).tolist()
        for agreed in self.agreed():
            apply_agreements(state.users, state.public, agreed, env, state.params, keys)


def main() -> None:
    """Measure steps taken after the ban has come into force."""
    n_users, n_steps = int(sys.argv[1]), int(sys.argv[2])
    config, engine, threads = configure(n_users), ClockedEngine(), Threads(1)
    run = Simulation(PolicySchedule(config), prepare(config, Threads()), 0, engine, threads)
    for _ in range(steps_before(config)):
        run.step()
    found = []
    for _ in range(n_steps):
        run.step()
        found.append(engine.parts_s)
    parts = dict(zip(PARTS, map(statistics.median, zip(*found, strict=True)), strict=True))
    probe.emit(
        tool="parts of a step", version=__version__, n_users=n_users, n_threads=1,
        n_visits=len(run.state.ties.indices), parts_s=parts,
    )  # fmt: skip


if __name__ == "__main__":
    main()
