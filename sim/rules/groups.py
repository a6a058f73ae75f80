"""Group chats: units with a messenger, moved by their members or by order (docs/model.md, 2.5b).

A chat is worth v_gp = mean over members of [has p] ln(1 + exp(a_pm - gamma (1 - q^2) + chi
leaning - a_0m)) on messenger p, what its members gain there over text messages.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.rng import uniform
from sim.kernel.vec8 import Vec8, exp, flags, ln, number_at, read, splat, where
from sim.rules.chance import happens, sigmoid
from sim.rules.packed_state import in_use
from sim.rules.records import (
    CHAT,
    CHAT_ACCEPT,
    CHAT_ORDER,
    CHAT_PLATFORM,
    INVITED,
    MAX,
    MESSAGE,
    NOWHERE,
    ORDERED,
    STAYED,
    U64,
    WINDOW,
    Chats,
    Environment,
    Int,
    Record,
    Records,
)
from sim.rules.surveillance_attitude import surveillance_attitudes


@rule
def member_values(user: Record, env: Environment, params: Record) -> Vec8:
    """Return what a member gains by the chat on its messengers over text messages [utils]."""
    here = env.place_class[user.place]
    pulls = read(env.attraction[here, here, MESSAGE]) * exp(
        params.risk_value * surveillance_attitudes(user)
    )
    return where(flags(in_use(user)), ln(1.0 + pulls * (1.0 / params.outside[MESSAGE])), 0.0)


@rule
def chat_values(g: Int, users: Records, chats: Chats, env: Environment, params: Record) -> Vec8:
    """Return v_gp by messenger [utils], negative where fewer than the quorum have it."""
    first, last = chats.indptr[g], chats.indptr[g + 1]
    values, n = splat(0.0), splat(0.0)
    for seat in range(first, last):
        user = users[chats.members[seat]]
        values = values + member_values(user, env, params)
        n = n + where(flags(in_use(user)), 1.0, 0.0)
    size = last - first
    quorum = max(1.0, np.ceil(params.chat_quorum * size))
    return where(n < quorum, -1.0, values * (1.0 / size))


@rule
def ordered_move(g: Int, chats: Chats, orders: Records, keys: U64) -> tuple[Int, Int]:
    """Return the messenger that chat `g` is told to move to, -1 for none, and how it is told."""
    hazard, platform, outcome = 0.0, np.int64(-1), np.int64(STAYED)
    for m in range(orders.shape[0]):
        if orders[m].kind == chats.kind[g]:
            position = uniform(orders[m].key, g)
            if position < orders[m].ceiling * orders[m].reached:
                hazard += orders[m].hazard  # no two of a kind name different messengers
                platform = np.int64(orders[m].platform)
                outcome = max(outcome, np.int64(orders[m].outcome))  # an order prevails
    is_ordered = hazard > 0.0 and happens(uniform(keys[CHAT_ORDER], g), hazard)
    return platform if is_ordered else np.int64(-1), outcome


@rule
def invitation(
    g: Int, users: Records, chats: Chats, env: Environment, params: Record, keys: U64
) -> Int:
    """Return the messenger that members agree to move chat `g` to, -1 for none.

    One candidate is drawn among the others; the chat moves with chance
    sigmoid(theta (v_new - v_old)), for which softmax(theta v) is stationary.
    """
    here = np.int64(chats.platform[g])
    others = params.n_messengers - (here != NOWHERE)
    candidate = np.int64(uniform(keys[CHAT_PLATFORM], g) * others)
    if here != NOWHERE and candidate >= here:
        candidate += 1
    if candidate >= params.n_messengers:
        return -1
    values = chat_values(g, users, chats, env, params)
    value = float(number_at(values, candidate))
    if value < 0.0:
        return -1
    old = float(number_at(values, here)) if here != NOWHERE else 0.0
    wanted = sigmoid(params.chat_choice * (value - max(old, 0.0)))
    return candidate if uniform(keys[CHAT_ACCEPT], g) < wanted else np.int64(-1)


@rule
def move(
    g: Int, users: Records, chats: Chats, env: Environment, params: Record, keys: U64
) -> None:
    """Let chat `g` be told to move to a messenger, or its members agree on another one."""
    chats.moved[g] = STAYED
    if chats.bound[g]:
        return
    p, outcome = ordered_move(g, chats, env.orders, keys)
    if p >= 0:
        chats.platform[g], chats.moved[g], chats.bound[g] = p, outcome, outcome == ORDERED
    elif happens(uniform(keys[CHAT], g), params.chat_rate * env.effects.days):
        p = invitation(g, users, chats, env, params, keys)
        if p >= 0:
            chats.platform[g], chats.moved[g] = p, INVITED


BYTES = (1 << 8 * MAX) - 1  # one a messenger
# chats of a user: as many are looked at where there are fewer, a branch is a guess
USUAL_CHATS = 2


@rule
def first_chat(i: Int, chats: Chats) -> np.int64:
    """Return where the chats of user `i` begin in ``chats.of_user``."""
    return np.int64(chats.window[i // WINDOW]) + np.int64(chats.begin[i])


@rule
def chat_bits(at: Int, last: Int, chats: Chats) -> tuple[np.int64, np.int64]:
    """Return one in the byte of the messenger that a chat is on, and in the bit of how it moved.

    A chat from `last` on is another user's: 0. NOWHERE is the last byte, which is not read.
    """
    g, is_own = np.int64(chats.of_user[at]), np.int64(at < last)
    here = np.int64(chats.platform[g]) & 7
    return is_own << 8 * here, is_own << 8 * np.int64(chats.moved[g]) + here


@rule
def read_chats(i: Int, step_record: Record, chats: Chats) -> Int:
    """Note where the chats of user `i` are; return the bits of messengers it is invited to."""
    counts, moved = np.int64(0), np.int64(0)  # a byte each, a messenger or how it moved
    first, last = first_chat(i, chats), first_chat(i + 1, chats)
    for k in range(USUAL_CHATS):
        if first + k < chats.of_user.shape[0]:
            is_here, has_moved = chat_bits(first + k, last, chats)
            counts, moved = counts + is_here, moved | has_moved
    for at in range(first + USUAL_CHATS, last):
        is_here, has_moved = chat_bits(at, last, chats)
        counts, moved = counts + is_here, moved | has_moved
    step_record.chats = np.uint64(counts & BYTES)
    step_record.ordered = np.uint8(moved >> 8 * ORDERED)
    return (moved >> 8 * INVITED) & 0xFF
