"""The order of a step (docs/model.md, 2.14). Every engine runs the rules in this order.

Before: chats move (groups.py), offenders adapt (abuse.py); see `sim.model.simulation.Simulation`.

1. `select`        read group chats, draw and weigh what to reconsider, perhaps a VPN
2. `choose`        choose a platform on every tie and channel; compute marginal values
3. `after_choice`  talk with one contact, open apps, perhaps ask a contact to move calls
   (observation)   users are measured (sim/engine/accumulators.py)
4. `update`        adopt, form habits, hear of messengers, follow promotion, learn, switch a VPN,
                   become a victim
5. `publish`       let contacts see from the next step on what has changed

After: pairs install what they agreed on (`pairing.apply_agreements`).

A user reads the state that others published before the step and writes to itself alone, so the
order of users cannot change a result. The functions take the users `base` to `end` - 1, a block;
`step_records[i - base]` is the record of user i. Each rule has a loop of its own, because a
processor overlaps the work on several users while the loop is short. Rare events are computed for
candidates only (candidates.py).
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import F32, U64, Int
from sim.kernel.compiled import rule
from sim.kernel.vec16 import WIDTH
from sim.rules import abuse as abuse_rules
from sim.rules import (
    activity,
    adoption,
    beliefs,
    choice,
    circumvention,
    going_online,
    groups,
    habit,
    marginal_value,
    pairing,
    promotion,
    search,
    value_queries,
)
from sim.rules.candidates import CandidateBuffer, append_if, sample_candidates
from sim.rules.choice import CONVERSE
from sim.rules.circumvention import VPN
from sim.rules.networks import Chats, Ties
from sim.rules.packed_state import (
    changed_fears,
    pack_belief_state,
    pack_keeping_fears,
    pack_new_fears,
)
from sim.rules.pairing import PAIR
from sim.rules.records import Agreements, Environment, PublicState, Record, Records
from sim.rules.relaxation import relaxation
from sim.rules.tiles import public_of, tiles
from sim.rules.value_queries import ValueQueries


@rule
def select(
    base: Int, end: Int, users: Records, step_records: Records, choice_state: U64, chats: Chats,
    env: Environment, params: Record, keys: U64, queries: ValueQueries, buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """Phase 1: select what users reconsider, and enqueue the values that they need for it."""
    # read group chats
    invited = buffer.flags
    for i in range(base, end):
        invited[i - base] = groups.read_chats(i, step_records[i - base], chats)
        circumvention.forget(step_records[i - base])
    # draw which messengers to reconsider
    n = np.int64(0)
    for i in range(base, end):
        adoption.begin(i, users[i], np.int64(invited[i - base]), env, params, keys)
        n = append_if(users[i].revising != 0, i, queries.revising, n)
    queries.n_revising[0] = n
    # weigh them: utility without contacts, and the draws it has to exceed
    for k in range(n):
        row = np.int64(queries.revising[k])
        undecided = adoption.weigh(row, users[row], step_records[row - base], env, params, keys)
        value_queries.enqueue_values(row, choice_state, undecided, params, queries)
    # draw who reconsiders a VPN
    n = sample_candidates(
        keys[VPN], base, end, circumvention.hazard(env, params), buffer, queries.considering
    )
    queries.n_considering[0] = n
    for k in range(n):
        row = np.int64(queries.considering[k])
        circumvention.consider(
            row, users[row], step_records[row - base], choice_state, env, params, keys, queries,
        )  # fmt: skip


@rule
def choose(
    base: Int, end: Int, users: Records, step_records: Records, choice_state: U64, ties: Ties,
    env: Environment, params: Record, keys: U64, queries: ValueQueries, memory: F32,
) -> None:  # fmt: skip
    """Phase 2: choose on every tie, for sixteen users together; then evaluate the queue."""
    for first in range(base, end, WIDTH):
        choice.communicate(
            first, 0, WIDTH, users, step_records, base, choice_state, ties, env, params,
            keys[CONVERSE], memory,
        )  # fmt: skip
    marginal_value.evaluate(
        users, step_records, base, choice_state, ties, env, params, queries, memory
    )


@rule
def after_choice(
    base: Int, end: Int, users: Records, step_records: Records, belief_state: U64, ties: Ties,
    env: Environment, params: Record, keys: U64, agreed: Agreements, buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """Phase 3: talk with one contact, open apps, perhaps ask a contact to move calls."""
    for i in range(base, end):
        beliefs.converse(step_records[i - base], belief_state)
    for i in range(base, end):
        activity.open_apps(users[i], step_records[i - base], env, params)
    n = sample_candidates(
        keys[PAIR], base, end, pairing.max_pair_hazard(env, params), buffer, buffer.ids
    )
    for k in range(n):
        row = np.int64(buffer.ids[k])
        if pairing.asks_to_move_calls(row, users[row], env, params, keys):
            pairing.request_move(row, users, ties, env, params, keys, agreed)


@rule
def update(
    base: Int, end: Int, users: Records, step_records: Records, abuse: Records, env: Environment,
    params: Record, keys: U64, queries: ValueQueries, buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """Phase 4: change users."""
    shares = relaxation(params, env.effects.days)
    # adopt: install, keep or drop the messengers reconsidered
    for k in range(queries.n_revising[0]):
        row = np.int64(queries.revising[k])
        adoption.revise(row, users[row], step_records[row - base], env, params, keys)
    # form habits
    for i in range(base, end):
        habit.remember(users[i], step_records[i - base], params, shares.memory)
    for i in range(base, end):
        search.feel(users[i], step_records[i - base], env, params, shares.usual)
    # hear of messengers
    for k in range(
        beliefs.awareness_candidates(base, end, users, step_records, env, params, keys, buffer)
    ):
        row = np.int64(buffer.ids[k])
        beliefs.become_aware(row, users[row], step_records[row - base], env, params, keys)
    # follow promotion: mandates, orders to chats, campaigns, pre-installation
    for k in range(
        promotion.promotion_candidates(base, end, users, step_records, env, params, keys, buffer)
    ):
        row = np.int64(buffer.ids[k])
        promotion.apply_promotion(row, users[row], step_records[row - base], env, params, keys)
    # learn: move beliefs, hear of stories
    for i in range(base, end):
        beliefs.update_beliefs(
            users[i], step_records[i - base], env.news, shares.follow, shares.forget, params
        )
    for k in range(
        beliefs.news_candidates(base, end, users, step_records, env.news, keys, buffer)
    ):
        row = np.int64(buffer.ids[k])
        beliefs.read_news(row, users[row], step_records[row - base], env.news, params, keys)
    # go online
    if going_online.may_go_online(env.effects):
        for i in range(base, end):
            going_online.go_online(i, users[i], env, keys)
    # switch a VPN
    for k in range(queries.n_considering[0]):
        row = np.int64(queries.considering[k])
        circumvention.switch(row, users[row], step_records[row - base], env.effects, params, keys)
    # become a victim of abuse
    for k in range(abuse_rules.victim_candidates(base, end, abuse, env, keys, buffer)):
        row = np.int64(buffer.ids[k])
        abuse_rules.draw_victimisation(row, users[row], abuse, env, keys)


@rule
def publish(
    base: Int, end: Int, users: Records, public: PublicState, params: Record,
    buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """Phase 5: let contacts see from the next step on what has changed."""
    for o in range(tiles(params)):
        own = public_of(public, o, params)
        for i in range(base, end):
            own.next_belief_state[i] = pack_belief_state(users[i], o)
        for i in range(base, end):
            own.next_choice_state[i] = pack_keeping_fears(i, users[i], own, params, o)
        for k in range(changed_fears(base, end, users, own, buffer)):
            row = np.int64(buffer.ids[k])
            own.next_choice_state[row] = pack_new_fears(row, users[row], own, params, o)
