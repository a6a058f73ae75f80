"""What policies that stand at the start make of a VPN."""

from __future__ import annotations

import numpy as np

from sim.engine.inversion import NO_KEY
from sim.engine.sample import Sample, groups
from sim.engine.state import State
from sim.engine.threads import BLOCK, Threads, n_blocks
from sim.kernel.arrays import F32, F64, U64, Int
from sim.kernel.compiled import rule_loop
from sim.kernel.vec16 import WIDTH, align_stack
from sim.rules import circumvention
from sim.rules.choice import communicate
from sim.rules.choice_memory import working_memory
from sim.rules.marginal_value import evaluate
from sim.rules.networks import Ties
from sim.rules.records import Environment, Record, Records
from sim.rules.value_queries import ValueQueries, enqueue_vpn, value_queries


def vpn_gains(state: State, env: Environment, threads: Threads) -> F64:
    """Return what a VPN adds to the utility of having one besides skill and help, shape (n,).

    In utils; 0 for users who cannot have one, or to whom it opens nothing.
    """
    gains = np.zeros(state.n_users)

    def loop(first: int, last: int) -> None:
        tiles = state.layout.tiles
        queries, memory = value_queries(BLOCK, tiles), working_memory(tiles)
        for some in groups(np.arange(first // BLOCK, n_blocks(last)), state.n_users, tiles):
            gain_rows(
                0, len(some.step_records), state.users, state.public.choice_state, state.ties,
                some, env, state.params, gains, queries, memory,
            )  # fmt: skip

    threads.run(loop, state.n_users)
    return gains


@rule_loop
def gain_rows(
    first: Int, last: Int, users: Records, choice_state: U64, ties: Ties, some: Sample,
    env: Environment, params: Record, gains: F64, queries: ValueQueries, memory: F32,
) -> None:  # fmt: skip
    """Write the gains of some users."""
    align_stack()
    for at in range(first, last, BLOCK):
        base, step_records = some.blocks[at // BLOCK] * BLOCK, some.step_records
        end, shift = min(base + BLOCK, users.shape[0]), np.uint32(base - at)
        for slot in range(base, end, WIDTH):
            communicate(
                slot, 0, WIDTH, users, step_records, shift, choice_state, ties, env, params,
                NO_KEY, memory,
            )  # fmt: skip
        for i in range(base, end):
            step_record = step_records[i - shift]
            step_record.vpn_gain, step_record.content = 0.0, 0.0
            if users[i].online and circumvention.opens_something(users[i].place, env, params):
                step_record.content = circumvention.content_regained(users[i], env, params)
                enqueue_vpn(i, choice_state, params, queries)
        evaluate(users, step_records, shift, choice_state, ties, env, params, queries, memory)
        for i in range(base, end):
            step_record = step_records[i - shift]
            gains[i] = (
                params.vpn_value * step_record.vpn_gain
                + step_record.content
                - env.effects.vpn_cost
            )
