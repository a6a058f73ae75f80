"""The choice of a platform on every tie and channel (docs/model.md, 2.3).

Two users share the messengers that both have, and always cellular. On channel c of a tie i-j

    v_p  = a_pc + ln q_ij - gamma_c (1 - q_ij) + eta (h_ip + h_jp) / 2        messenger p   [utils]
    v_0  = a_0c                                                        cellular; or unsent
    Z    = sum exp(v) over what both have;     pi_p = exp(v_p) / Z     (multinomial logit)

An attempt over p can be made with chance q_ij = q_i q_j, whose logarithm is part of v_p: choice
sets are drawn at random (Manski 1977, doi:10.1007/BF00133443). gamma is what failing costs beyond
that. Of the messages that no messenger carries, the share y_0 is sent as SMS, and the others are
not sent. A share y of messages is sensitive; their v_p is lower by lambda (f_ip + f_jp) / 2, where
f is the fear of being read on p. The welfare of a user is [utils]

    W_i = sum_j w_ij sum_c d_ic ln Z

The factors of exp(v) that either end contributes are in tie.py. Sixteen users are computed
together (`sim.kernel.vec16`), rank by rank of their ties; `low` and `high` are the halves of their
choice states (packed_lanes.py), and `memory` is laid out in choice_memory.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import F32, U64, Int
from sim.kernel.bits import contains
from sim.kernel.compiled import rule, rule_apart
from sim.kernel.vec16 import (
    WIDTH,
    Floats,
    Ints,
    fma,
    gather,
    load,
    maximum,
    prefetch,
    splat,
    store,
    where,
    zeros,
)
from sim.rules.choice_memory import (
    CALL_ROW,
    MESSAGE_ROW,
    SENSITIVE_ROW,
    Sums,
    block_of,
    clear_results,
    store_results,
    use_row,
    write_step_record,
)
from sim.rules.contact import partner_quantile
from sim.rules.declare import DERIVED, JOINT, REACH, Parameter
from sim.rules.networks import Ties
from sim.rules.packed_lanes import (
    any_abroad,
    both_have,
    had_by_any,
    have_vpn,
)
from sim.rules.records import CALL, MAX, MESSAGE, Environment, Record, Records, purposes
from sim.rules.tie import Contacts, Terms, logsum, pair_terms, terms, tie_factors
from sim.rules.tie_lanes import (
    abroad,
    classes_of,
    contacts_in,
    load_abroad,
    load_contacts,
    load_factors,
    load_lanes,
    load_tables,
    load_tile,
    own_low,
    own_pairs,
    shared,
    weights,
)
from sim.rules.tiles import part, words_of

PARAMETERS = (
    Parameter(
        "habit_value", 1.983, 0, 5, "utils", "eta", "habit in the choice on a tie", "fit S3",
        JOINT, storage=DERIVED,
    ),
    Parameter(
        "message_loss", 0.25, 0, 20, "utils", "gamma_m", "disutility of messages that fail",
        "tuned", REACH, storage=DERIVED,
    ),
    Parameter(
        "call_loss", 0.0, 0, 20, "utils", "gamma_v", "disutility of calls that fail",
        "fit S3; reach is flat in it", storage=DERIVED,
    ),
    Parameter(
        "sms_share", 0.05, 0.001, 1, "1", "y_0",
        "share of the messages that no messenger carries which are sent as SMS; the others are "
        "not sent", "assumption: people write a few SMS a week", storage="f4",
    ),
    Parameter(
        "sensitive_share", 0.1, 0, 1, "1", "y", "share of messages one would not want read",
        "assumption; Penney 2016, Marthews & Tucker 2017", storage=DERIVED,
    ),
    Parameter(
        "chilling_value", 1.0, 0, 10, "utils", "lambda",
        "fear of being read in sensitive messages", "assumption", storage=DERIVED,
    ),
)  # fmt: skip
DRAWS = ("converse",)
(CONVERSE,) = purposes(DRAWS)


class TieSums(NamedTuple):
    """Of one tie each of sixteen users: sums of exp(v), and best qualities q_i q_j."""

    message: Floats
    sensitive: Floats
    call: Floats
    best_message: Floats
    best_call: Floats
    safe_message: Floats  # best of the messengers that the state cannot read
    safe_call: Floats


@rule
def choose_on_tie(
    low: Ints, offered: Int, contacts: Contacts, pairs: F32, sums: Sums, t: Terms, memory: F32
) -> Sums:
    """Choose on one tie of each lane: add it to `sums` and to the use of messengers.

    Parameters
    ----------
    offered : int
        Set of messengers that any of the sixteen users has.
    """
    offered = shared(low, offered, contacts, t, memory)
    none, out = zeros(), contacts.out_message
    z = TieSums(out, out, contacts.out_call, none, none, none, none)
    # written out instead of looped: p is then known when the code is compiled; it is np.int64,
    # because numba would compile the function again for each literal
    z = add_messenger(np.int64(0), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(1), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(2), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(3), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(4), z, low, offered, contacts, pairs, t, memory)
    z = add_messenger(np.int64(5), z, low, offered, contacts, pairs, t, memory)
    if t.n_tiles > 1:
        z = add_tiles(z, offered, contacts, pairs, t, memory)
    weight = contacts.weight
    quotient = weight / (z.message * z.call)  # one division for two
    per_message, per_call = z.call * quotient * t.ordinary, z.message * quotient
    per_sensitive = weight * t.sensitive / z.sensitive
    for o in range(t.n_tiles):
        add_use(part(offered, o), per_message, per_sensitive, per_call, memory, o)
    return Sums(
        fma(weight, logsum(z.message, z.sensitive, z.call, t, memory), sums.welfare),
        sums.helpers,
        fma(per_message + per_sensitive, contacts.out_message, sums.alone_message),
        fma(per_call, contacts.out_call, sums.alone_call),
        fma(weight, z.best_message, sums.reach_message),
        fma(weight, z.best_call, sums.reach_call),
        fma(weight, z.safe_message, sums.secure_message),
        fma(weight, z.safe_call, sums.secure_call),
        z.best_message,
        z.best_call,
    )


@rule
def add_messenger(
    p: Int, z: TieSums, low: Ints, offered: Int, contacts: Contacts, pairs: F32, t: Terms,
    memory: F32, o: Int = 0,
) -> TieSums:  # fmt: skip
    """Add exp(v_p) and the quality of messenger `p` of tile `o` to the sums of the tie."""
    q = MAX * o + p
    if not contains(offered, q):
        return z
    has = both_have(low, contacts.low, p)
    by_place = pair_terms(q, has, contacts.pair, pairs, t)
    message, sensitive, call = tie_factors(p, by_place, contacts, memory, o)
    store(memory, block_of(p, o) + MESSAGE_ROW, message)
    store(memory, block_of(p, o) + SENSITIVE_ROW, sensitive)
    store(memory, block_of(p, o) + CALL_ROW, call)
    quality, q_call = by_place.message_quality, by_place.call_quality
    safe_message, safe_call = z.safe_message, z.safe_call
    if contains(t.unreadable, q):
        safe_message, safe_call = maximum(safe_message, quality), maximum(safe_call, q_call)
    return TieSums(
        z.message + message, z.sensitive + sensitive, z.call + call,
        maximum(z.best_message, quality), maximum(z.best_call, q_call), safe_message, safe_call,
    )  # fmt: skip


@rule_apart
def add_tiles(
    z: TieSums, offered: Int, contacts: Contacts, pairs: F32, t: Terms, memory: F32
) -> TieSums:
    """Add the messengers of all tiles but the first to the sums of the tie."""
    for o in range(1, t.n_tiles):
        low, theirs = own_low(memory, o), contacts_in(o, contacts, memory)
        for p in range(MAX):
            z = add_messenger(p, z, low, offered, theirs, pairs, t, memory, o)
    return z


@rule
def add_use(
    offered: Int, per_message: Floats, per_sensitive: Floats, per_call: Floats, memory: F32,
    o: Int,
) -> None:  # fmt: skip
    """Add w pi_p of the present tie to the use of the messengers `offered` of tile `o`."""
    for p in range(MAX):
        if contains(offered, p):
            block, row = block_of(p, o), use_row(MESSAGE, p, o)
            use = fma(load(memory, block + SENSITIVE_ROW), per_sensitive, load(memory, row))
            store(memory, row, fma(load(memory, block + MESSAGE_ROW), per_message, use))
            row = use_row(CALL, p, o)
            use = load(memory, row)
            store(memory, row, fma(load(memory, block + CALL_ROW), per_call, use))


@rule
def communicate(
    first: Int, begin: int, end: int, users: Records, step_records: Records, base: Int,
    choice_state: U64, ties: Ties, env: Environment, params: Record, key: np.uint64, memory: F32,
) -> None:  # fmt: skip
    """Choose on every tie of sixteen users, and draw the contact of the step.

    Use, welfare, reachable ties and the contact are written to the step records.

    Parameters
    ----------
    first : int
        The users are ties.order[first : first + 16].
    begin, end : int
        The lanes whose step records are written.
    step_records : STEP_RECORD
        step_records[i - base] is that of user i.
    key : int
        Under which the contact is drawn.
    """
    t, pairs, ids = terms(env, params), env.pairs, load(ties.order, first)
    states = words_of(choice_state, 0, t.n_tiles)
    low, high = gather(states, ids)
    n_ranks = load_lanes(ties.order, first, high, users, ties, t, memory)
    goes_abroad = any_abroad(high)
    offered = had_by_any(low)
    load_tables(t, memory)
    load_factors(low, high, offered, t, memory)
    for o in range(1, t.n_tiles):
        own, own_high = gather(words_of(choice_state, o, t.n_tiles), ids)
        offered = load_tile(own, own_high, offered, t, memory, o)
    clear_results(memory, t.n_tiles)
    mine, tie = own_pairs(low, env.place_class, t), ties.slice_start[first // WIDTH]
    none, partner, drawn = zeros(), ids, partner_quantile(key, ids, memory)
    out_message, out_call = splat(t.out_message), splat(t.out_call)
    helpers, sums = none, Sums(none, none, none, none, none, none, none, none, none, none)
    for r in range(n_ranks + goes_abroad):
        if r < n_ranks:
            contact_ids = load(ties.indices, tie + r * WIDTH)
            partner = where(drawn >= ties.rank_total[r], contact_ids, partner)
            prefetch(states, ties.indices, tie + (r + 16) * WIDTH)
            other_low, other_high = gather(states, contact_ids)
            for o in range(1, t.n_tiles):
                theirs, their_high = gather(words_of(choice_state, o, t.n_tiles), contact_ids)
                load_contacts(theirs, their_high, memory, o)
            pair = mine + classes_of(other_low, env.place_class, t)
            weight = weights(r, memory, ties)
            contacts = Contacts(other_low, other_high, pair, weight, out_message, out_call)
            helpers = helpers + where(have_vpn(other_low), weight, 0.0)
        else:
            contacts = abroad(low, mine, t, memory)
            load_abroad(low, params, t, memory)
        sums = choose_on_tie(low, offered, contacts, pairs, sums, t, memory)
    store_results(helpers, sums, np.float32(params.sms_share), partner, memory, t.n_tiles)
    for lane in range(begin, end):
        i = np.int64(ties.order[first + lane])
        if i < ties.degree.shape[0]:
            write_step_record(lane, step_records[i - base], memory)
