"""The step of the users of a block, rule by rule (docs/model.md, 2.14).

Every engine runs the rules in this order.

`select`, then the choice on every tie (choice.py, for sixteen users together) and the answers
(marginal_value.py), then `after_choice`; users are observed; then `update` and `publish`. A user
reads of others what they showed before the step and writes to itself alone, so the order of users
cannot matter.

Each rule has a loop of its own. Much of a rule waits for its own last result, so a processor
works on the next users meanwhile, as far as it sees them: as far as the loop is short. A rule
that touches few users is asked for those on a list (candidates.py).
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.rules import abuse as abuse_rules
from sim.rules import (
    activity,
    adoption,
    beliefs,
    circumvention,
    groups,
    habit,
    marginal_value,
    pairing,
    promotion,
)
from sim.rules.candidates import CandidateBuffer, sample_candidates
from sim.rules.marginal_value import ValueQueries
from sim.rules.packed_state import (
    changed_fears,
    pack_belief_state,
    pack_keeping_fears,
    pack_new_fears,
)
from sim.rules.records import (
    PAIR,
    U64,
    VPN,
    Agreements,
    Chats,
    Environment,
    Int,
    PublicState,
    Record,
    Records,
    Ties,
)
from sim.rules.relaxation import relaxation


@rule
def select(
    base: Int, end: Int, users: Records, step_records: Records, choice_state: U64, chats: Chats,
    env: Environment, params: Record, keys: U64, queries: ValueQueries, buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """Begin a step: select what to reconsider, and enqueue what its value depends on."""
    invited = buffer.flags
    for i in range(base, end):
        invited[i - base] = groups.read_chats(i, step_records[i - base], chats)
        circumvention.forget(step_records[i - base])
    n = np.int64(0)
    for i in range(base, end):
        adoption.begin(i, users[i], np.int64(invited[i - base]), env, params, keys)
        queries.revising[n] = i
        n += users[i].revising != 0
    queries.n_revising[0] = n
    for k in range(n):
        who = np.int64(queries.revising[k])
        undecided = adoption.weigh(who, users[who], step_records[who - base], env, params, keys)
        marginal_value.enqueue_values(who, choice_state[who], undecided, queries)
    n = sample_candidates(
        keys[VPN], base, end, circumvention.hazard(env, params), buffer, queries.considering
    )
    queries.n_considering[0] = n
    for k in range(n):
        who = np.int64(queries.considering[k])
        circumvention.consider(
            who, users[who], step_records[who - base], choice_state[who], env, params, keys,
            queries,
        )  # fmt: skip


@rule
def after_choice(
    base: Int, end: Int, users: Records, step_records: Records, belief_state: U64, ties: Ties,
    env: Environment, params: Record, keys: U64, agreed: Agreements, buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """After talking on every tie: listen to one contact, open apps, perhaps ask to move calls."""
    for i in range(base, end):
        beliefs.converse(step_records[i - base], belief_state)
    for i in range(base, end):
        activity.open_apps(users[i], step_records[i - base], env, params)
    n = sample_candidates(
        keys[PAIR], base, end, pairing.max_pair_hazard(env, params), buffer, buffer.ids
    )
    for k in range(n):
        who = np.int64(buffer.ids[k])
        if pairing.asks_to_move_calls(who, users[who], env, params, keys):
            pairing.request_move(who, users, ties, env, params, keys, agreed)


@rule
def update(
    base: Int, end: Int, users: Records, step_records: Records, abuse: Records, env: Environment,
    params: Record, keys: U64, queries: ValueQueries, buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """Decide, form habits, obey and try, learn, switch a VPN, suffer."""
    steps = relaxation(params, env.effects.days)
    for k in range(queries.n_revising[0]):
        who = np.int64(queries.revising[k])
        adoption.revise(who, users[who], step_records[who - base], env, params, keys)
    for i in range(base, end):
        habit.remember(users[i], step_records[i - base], params, steps.memory)
    for k in range(
        promotion.promotion_candidates(base, end, users, step_records, env, params, keys, buffer)
    ):
        who = np.int64(buffer.ids[k])
        promotion.apply_promotion(who, users[who], step_records[who - base], env, params, keys)
    for k in range(
        beliefs.awareness_candidates(base, end, users, step_records, env, params, keys, buffer)
    ):
        who = np.int64(buffer.ids[k])
        beliefs.become_aware(who, users[who], step_records[who - base], env, params, keys)
    for i in range(base, end):
        beliefs.update_beliefs(
            users[i], step_records[i - base], env.news, steps.follow, steps.forget, params
        )
    for k in range(
        beliefs.news_candidates(base, end, users, step_records, env.news, keys, buffer)
    ):
        who = np.int64(buffer.ids[k])
        beliefs.read_news(who, users[who], step_records[who - base], env.news, params, keys)
    for k in range(queries.n_considering[0]):
        who = np.int64(queries.considering[k])
        circumvention.switch(who, users[who], step_records[who - base], env.effects, params, keys)
    for k in range(abuse_rules.victim_candidates(base, end, abuse, env, keys, buffer)):
        who = np.int64(buffer.ids[k])
        abuse_rules.draw_victimisation(who, users[who], abuse, env, keys)


@rule
def publish(
    base: Int, end: Int, users: Records, public: PublicState, params: Record,
    buffer: CandidateBuffer,
) -> None:  # fmt: skip
    """Let contacts see from the next step on what has changed."""
    for i in range(base, end):
        public.next_belief_state[i] = pack_belief_state(users[i])
    for i in range(base, end):
        public.next_choice_state[i] = pack_keeping_fears(i, users[i], public, params)
    for k in range(changed_fears(base, end, users, public, buffer)):
        who = np.int64(buffer.ids[k])
        public.next_choice_state[who] = pack_new_fears(who, users[who], public, params)
