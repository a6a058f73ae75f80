"""Group chats: each is on one messenger, and moves by agreement or by order (docs/model.md, 2.5b).

The value of messenger p to chat g is what its members gain there over text messages [utils]:

    v_gp = mean over members i of [i has p] ln(1 + exp(u_ip))
    u_ip = a_pm - gamma_m (1 - q_ip^2) + chi A_ip - a_0m

with A_ip the surveillance attitude. Members agree to move with hazard `chat_rate` and chance
sigmoid(theta (v_new - v_old)).
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import U64, Int
from sim.kernel.compiled import rule
from sim.kernel.rng import uniform
from sim.kernel.vec8 import Vec8, exp, flags, ln, number_at, read_tile, splat, where
from sim.rules.chance import happens, sigmoid
from sim.rules.chat_lists import chat_counts, chats_of, invited_to, ordered_to
from sim.rules.declare import SET, TILES, Field, Parameter
from sim.rules.networks import INVITED, NOWHERE, ORDERED, STAYED, Chats
from sim.rules.packed_state import in_use
from sim.rules.records import MESSAGE, Environment, Record, Records, purposes
from sim.rules.surveillance_attitude import surveillance_attitudes
from sim.rules.tiles import lane_of, part, tile_of, whole

PARAMETERS = (
    Parameter(
        "chat_value", 0.3, 0, 10, "utils", "zeta", "value of a messenger by a group chat on it",
        "assumption", storage="f4",
    ),
    Parameter(
        "chat_rate", 0.002, 0, 1, "1/day", "rho_g", "hazard of a chat reconsidering where it is",
        "assumption",
    ),
    Parameter(
        "chat_choice", 4.0, 0, 50, "1/utils", "theta_g", "sharpness of a chat's choice",
        "assumption",
    ),
    Parameter(
        "chat_quorum", 0.6, 0, 1, "1", "phi_g", "share of members a chat needs on a messenger",
        "assumption",
    ),
)  # fmt: skip
STEP = (
    Field("ordered", SET, "set of messengers that a chat was ordered to in this step"),
    Field("chats", "u8", "number of group chats by messenger, a byte each", TILES),
)
DRAWS = ("chat", "chat_platform", "chat_accept", "chat_order")
CHAT, CHAT_PLATFORM, CHAT_ACCEPT, CHAT_ORDER = purposes(DRAWS)


@rule
def member_values(user: Record, env: Environment, params: Record, o: Int = 0) -> Vec8:
    """Return the gain of one member over text messages, by messenger of tile `o` [utils]."""
    here = env.place_class[user.place]
    pulls = read_tile(env.attraction[here, here, MESSAGE], o) * exp(
        params.risk_value * surveillance_attitudes(user, o)
    )
    outside = params.outside[MESSAGE] * env.effects.outside[MESSAGE]
    return where(flags(part(in_use(user), o)), ln(1.0 + pulls * (1.0 / outside)), 0.0)


@rule
def chat_values(
    g: Int, users: Records, chats: Chats, env: Environment, params: Record, o: Int = 0
) -> Vec8:
    """Return v_gp by messenger of tile `o` [utils]; -1 where fewer than the quorum have it."""
    first, last = chats.indptr[g], chats.indptr[g + 1]
    values, n = splat(0.0), splat(0.0)
    for k in range(first, last):
        user = users[chats.members[k]]
        values = values + member_values(user, env, params, o)
        n = n + where(flags(part(in_use(user), o)), 1.0, 0.0)
    size = last - first
    quorum = max(1.0, np.ceil(params.chat_quorum * size))
    return where(n < quorum, -1.0, values * (1.0 / size))


@rule
def ordered_move(g: Int, chats: Chats, orders: Records, keys: U64) -> tuple[Int, Int]:
    """Return the messenger that chat `g` is asked to move to in this step, and how.

    Returns
    -------
    messenger : int
        -1 for none.
    outcome : int
        ``INVITED`` or ``ORDERED``; ``STAYED`` where nothing is in force for the chat.
    """
    hazard, platform, outcome = 0.0, np.int64(-1), np.int64(STAYED)
    for m in range(orders.shape[0]):
        if orders[m].kind == chats.kind[g]:
            position = uniform(orders[m].key, g)
            if position < orders[m].ceiling * orders[m].reached:
                hazard += orders[m].hazard  # all orders to one kind name the same messenger
                platform = np.int64(orders[m].platform)
                outcome = max(outcome, np.int64(orders[m].outcome))  # an order prevails
    is_ordered = hazard > 0.0 and happens(uniform(keys[CHAT_ORDER], g), hazard)
    return platform if is_ordered else np.int64(-1), outcome


@rule
def invitation(
    g: Int, users: Records, chats: Chats, env: Environment, params: Record, keys: U64
) -> Int:
    """Return the messenger that the members of chat `g` agree to move to, -1 for none.

    One of the other messengers is drawn as candidate. The chat moves there with chance
    sigmoid(theta (v_new - v_old)), whose stationary distribution is softmax(theta v).
    """
    here = np.int64(chats.platform[g])
    others = params.n_messengers - (here != NOWHERE)
    candidate = np.int64(uniform(keys[CHAT_PLATFORM], g) * others)
    if here != NOWHERE and candidate >= here:
        candidate += 1
    if candidate >= params.n_messengers:
        return -1
    values = chat_values(g, users, chats, env, params, tile_of(candidate))
    value, old = float(number_at(values, lane_of(candidate))), 0.0
    if value < 0.0:
        return -1
    if here != NOWHERE:
        if tile_of(here) != tile_of(candidate):
            values = chat_values(g, users, chats, env, params, tile_of(here))
        old = float(number_at(values, lane_of(here)))
    wanted = sigmoid(params.chat_choice * (value - max(old, 0.0)))
    return candidate if uniform(keys[CHAT_ACCEPT], g) < wanted else np.int64(-1)


@rule
def move(
    g: Int, users: Records, chats: Chats, env: Environment, params: Record, keys: U64
) -> None:
    """Move chat `g`, by order or by agreement of its members, or leave it; one step.

    A chat that moved by order is bound: it stays where it is.
    """
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


@rule
def read_chats(i: Int, step_record: Record, chats: Chats) -> np.int64:
    """Record where the chats of user `i` are; return the set of messengers it is invited to."""
    ordered, invited = np.int64(0), np.int64(0)
    for o in range(len(step_record.chats)):
        found = chats_of(i, chats, o)
        step_record.chats[o] = chat_counts(found)
        ordered |= whole(ordered_to(found), o)
        invited |= whole(invited_to(found), o)
    step_record.ordered = ordered
    return invited
