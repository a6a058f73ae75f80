"""With whom over what: the choice on every tie and channel (docs/model.md, 2.3 and 2.4).

On a tie the two users share some messengers, and always the plain phone. For channel c

    v_p  = a_pc - gamma_c (1 - q_i q_j) + eta (h_ip + h_jp) / 2        messenger p
    v_0  = a_0c                                                         cellular
    Z    = sum exp(v) over what both have;     pi_p = exp(v_p) / Z      multinomial logit

Of messages a share y is sensitive: there - lambda (f_ip + f_jp) / 2 is added, f the fear of being
read on p. What a user can say is its welfare W_i = sum_j w_ij sum_c d_c ln Z.

exp(v) factorises into a table by classes of places and a factor of either end, so a tie costs no
exponential. Sixteen users stand side by side, one a lane, and take their ties rank by rank.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.compiled import rule
from sim.lanes import (
    SPAN,
    WIDTH,
    Floats,
    Ints,
    Mask,
    any_bits,
    fetch,
    fma,
    gather,
    ln,
    load,
    look_up,
    luck,
    maximum,
    number_at,
    pick,
    splat,
    store,
    where,
    zeros,
)
from sim.rules.records import (
    CALL,
    CELLULAR,
    F32,
    I32,
    MAX,
    MESSAGE,
    ORDINARY,
    SENSITIVE,
    U32,
    U64,
    Int,
    Now,
    Record,
    Records,
    Ties,
)
from sim.rules.word import ABROAD_BIT, PLACE_BIT, USABLE, VPN_BIT, fear_factor, habit_factor

# Working memory is rows of sixteen numbers. First what each lane has and the sums that are
# written to the talks (from _ALONE on a row a channel), then a block of rows a messenger.
SCALE, ABROAD_WEIGHT, DEGREE, TOTAL, _HELPERS, _WELFARE, _ALONE, _REACH, _SECURE, _BEST = (
    0, 1, 2, 3, 4, 5, 6, 8, 10, 12,
)  # fmt: skip
_BLOCKS, _BLOCK_SIZE = 14 * WIDTH, 7 * WIDTH
# Rows of a block; _USE takes a row a channel.
_HABIT, _FEAR, _MESSAGE, _SENSITIVE, _CALL, _USE = (k * WIDTH for k in range(6))
_ATTRACTION, _QUALITY = 0, 1  # of the tables by pairs of classes


class Terms(NamedTuple):
    """What the choice needs of rules and conditions, as plain numbers: they stay in registers."""

    n_messengers: Int
    n_places: Int
    n_classes: Int  # of places
    n_pairs: Int  # of classes, rounded up to whole tables
    varied: Int
    unreadable: Int
    regional: Int
    vpn_class: Int  # class of a place like the first, with a VPN
    habit: np.float32  # exp(eta / 2) - 1
    fear: np.float32  # exp(-lambda MOST_FEAR / 2)
    ordinary: np.float32  # 1 - y
    sensitive: np.float32  # y
    d_message: np.float32
    d_call: np.float32
    out_message: np.float32  # exp(a_0c), in the country
    out_call: np.float32
    abroad_message: np.float32  # the same to a contact abroad
    abroad_call: np.float32
    abroad_low: Int  # halves of the word that contacts abroad show, and the class of their place
    abroad_high: Int
    abroad_class: Int
    abroad_weight: np.float32  # of a contact abroad among a user's ties


@rule
def terms(now: Now, rules: Record) -> Terms:
    """Return what the choice needs of rules and conditions."""
    abroad = (np.int64(rules.abroad_low) >> PLACE_BIT) & 0xFF
    return Terms(
        np.int64(rules.n_messengers), len(now.availability), len(now.attraction), now.n_pairs,
        np.int64(now.force.varied), np.int64(now.force.unreadable), np.int64(now.force.regional),
        np.int64(now.place_class[1]), np.float32(rules.habit_pull),
        np.float32(1.0 - rules.fear_pull),
        np.float32(rules.topic_share[ORDINARY]), np.float32(rules.topic_share[SENSITIVE]),
        np.float32(rules.channel_share[MESSAGE]), np.float32(rules.channel_share[CALL]),
        np.float32(rules.outside[MESSAGE]), np.float32(rules.outside[CALL]),
        np.float32(rules.outside_abroad[MESSAGE]), np.float32(rules.outside_abroad[CALL]),
        np.int64(rules.abroad_low), np.int64(rules.abroad_high), np.int64(now.place_class[abroad]),
        np.float32(rules.abroad_weight),
    )  # fmt: skip


class Sums(NamedTuple):
    """Sums over the ties of sixteen users; `best` is how well the last tie reaches."""

    welfare: Floats
    helpers: Floats
    alone_message: Floats  # share of communication by cellular
    alone_call: Floats
    reach_message: Floats
    reach_call: Floats
    secure_message: Floats
    secure_call: Floats
    best_message: Floats
    best_call: Floats


class Contacts(NamedTuple):
    """One contact of each of sixteen users."""

    low: Ints  # halves of their words
    high: Ints
    pair: Ints  # K times the class of one's own place, plus that of the contact's
    weight: Floats
    out_message: np.float32  # exp(a_0c): cellular to them
    out_call: np.float32


def working_memory() -> F32:
    """Return what a thread needs to compute sixteen users, flat."""
    return np.zeros(_BLOCKS + MAX * _BLOCK_SIZE, np.float32)


@rule
def block_of(p: Int) -> Int:
    """Return where the rows of messenger `p` begin."""
    return _BLOCKS + p * _BLOCK_SIZE


@rule
def seat(who: U32, at: Int, high: Ints, ties: Ties, t: Terms, s: F32) -> Int:
    """Put the users who[at:] in the lanes; return how many looks at contacts they take.

    A look is a rank of ties, and one more where anybody has a contact abroad. A lane without a
    user has no ties.
    """
    longest = np.int64(0)
    for lane in range(WIDTH):
        degree, i = np.int64(0), np.int64(who[at + lane])
        if i < ties.degree.shape[0]:
            degree = np.int64(ties.degree[i])
        s[DEGREE * WIDTH + lane] = degree
        s[TOTAL * WIDTH + lane] = ties.rank_total[degree]
        longest = max(longest, degree)
    has_abroad = (high & ABROAD_BIT) != 0
    has_ties = load(s, DEGREE * WIDTH) > 0
    share = where(has_abroad, 1.0 - t.abroad_weight, splat(np.float32(1.0)))
    total = where(has_ties, load(s, TOTAL * WIDTH), 1.0)
    store(s, SCALE * WIDTH, where(has_ties, share / total, 0.0))
    store(s, ABROAD_WEIGHT * WIDTH, where(has_abroad, splat(t.abroad_weight), 0.0))
    return longest


@rule
def classes_of(low: Ints, place_class: I32, t: Terms) -> Ints:
    """Return the classes of the places that words show."""
    if not t.regional:
        return (low >> PLACE_BIT) & t.vpn_class  # a VPN or not
    place = (low >> PLACE_BIT) & 0xFF
    if t.n_places <= SPAN:
        return pick(place_class, 0, place & (SPAN - 1))
    return look_up(place_class, 0, place)


@rule
def own_pairs(low: Ints, place_class: I32, t: Terms) -> Ints:
    """Return K times the classes of one's own places."""
    found, mine = low & 0, classes_of(low, place_class, t)
    for _ in range(t.n_classes):
        found = found + mine
    return found


@rule
def lay_out(low: Ints, high: Ints, offered: int, t: Terms, s: F32) -> None:
    """Write what users bring to all their ties over the messengers `offered`."""
    for p in range(MAX):
        if offered >> p & 1:
            block = block_of(p)
            store(s, block + _HABIT, habit_factor(high, p, t.habit))
            store(s, block + _FEAR, fear_factor(low, p, t.fear))
            store(s, block + _USE + MESSAGE * WIDTH, zeros())
            store(s, block + _USE + CALL * WIDTH, zeros())


@rule
def weights(r: int, s: F32, ties: Ties) -> Floats:
    """Return the weights of the ties at rank `r`, 0 where a row is over."""
    is_tie = load(s, DEGREE * WIDTH) > r
    return where(is_tie, load(s, SCALE * WIDTH) * ties.rank_weight[r], 0.0)


@rule
def abroad(low: Ints, mine: Ints, t: Terms, s: F32) -> Contacts:
    """Return somebody close who lives abroad, of weight 0 where nobody does."""
    nothing = low & 0
    return Contacts(
        nothing | t.abroad_low, nothing | t.abroad_high, mine + t.abroad_class,
        load(s, ABROAD_WEIGHT * WIDTH), t.abroad_message, t.abroad_call,
    )  # fmt: skip


@rule
def same(table: Int, c: Int, p: Int, pairs: F32, t: Terms) -> np.float32:
    """Return attraction or quality of channel `c` on a messenger that works alike everywhere."""
    return np.float32(pairs[((table * 2 + c) * MAX + p) * t.n_pairs])


@rule
def by_pair(table: Int, c: Int, p: Int, pair: Ints, pairs: F32, t: Terms) -> Floats:
    """Return attraction or quality of channel `c` on messenger `p` for pairs of classes."""
    at = ((table * 2 + c) * MAX + p) * t.n_pairs
    if t.n_pairs <= SPAN:
        return pick(pairs, at, pair & (SPAN - 1))
    return look_up(pairs, at, pair)


@rule
def pulls(
    p: Int, has: Mask, contacts: Contacts, pairs: F32, t: Terms, s: F32
) -> tuple[Floats, Floats, Floats]:
    """Return exp(v_p) of messages, of sensitive ones and of calls; 0 unless both ends have `p`."""
    block, theirs = block_of(p), where(has, habit_factor(contacts.high, p, t.habit), 0.0)
    pull = load(s, block + _HABIT) * theirs  # first: it is the same from either end
    if t.varied >> p & 1:
        message = pull * by_pair(_ATTRACTION, MESSAGE, p, contacts.pair, pairs, t)
        call = pull * by_pair(_ATTRACTION, CALL, p, contacts.pair, pairs, t)
    else:
        message = pull * same(_ATTRACTION, MESSAGE, p, pairs, t)
        call = pull * same(_ATTRACTION, CALL, p, pairs, t)
    fears = load(s, block + _FEAR) * fear_factor(contacts.low, p, t.fear)
    return message, message * fears, call


@rule
def quality(c: Int, p: Int, has: Mask, pair: Ints, pairs: F32, t: Terms) -> Floats:
    """Return q_i q_j of channel `c` on messenger `p`; 0 unless both ends have it."""
    if t.varied >> p & 1:
        return where(has, by_pair(_QUALITY, c, p, pair, pairs, t), 0.0)
    return where(has, splat(same(_QUALITY, c, p, pairs, t)), 0.0)


@rule
def logsum(z_message: Floats, z_sensitive: Floats, z_call: Floats, t: Terms) -> Floats:
    """Return sum_c d_c ln Z_c, what can be said on a tie of weight 1 [utils]."""
    said = fma(ln(z_sensitive), t.d_message * t.sensitive, ln(z_call) * t.d_call)
    return fma(ln(z_message), t.d_message * t.ordinary, said)


class Sayings(NamedTuple):
    """What sixteen users can say on one tie each: sums of exp(v), best qualities."""

    message: Floats
    sensitive: Floats
    call: Floats
    best_message: Floats
    best_call: Floats
    safe_message: Floats  # by messengers that the state cannot read
    safe_call: Floats


@rule
def say_by(
    p: int, said: Sayings, low: Ints, offered: int, contacts: Contacts, pairs: F32, t: Terms,
    s: F32,
) -> Sayings:  # fmt: skip
    """Add messenger `p` to what can be said."""
    if not offered >> p & 1:
        return said
    has = (low & contacts.low & (1 << p)) != 0
    x, y, v = pulls(p, has, contacts, pairs, t, s)
    store(s, block_of(p) + _MESSAGE, x)
    store(s, block_of(p) + _SENSITIVE, y)
    store(s, block_of(p) + _CALL, v)
    q = quality(MESSAGE, p, has, contacts.pair, pairs, t)
    q_call = quality(CALL, p, has, contacts.pair, pairs, t)
    safe_message, safe_call = said.safe_message, said.safe_call
    if t.unreadable >> p & 1:
        safe_message, safe_call = maximum(safe_message, q), maximum(safe_call, q_call)
    return Sayings(
        said.message + x, said.sensitive + y, said.call + v,
        maximum(said.best_message, q), maximum(said.best_call, q_call), safe_message, safe_call,
    )  # fmt: skip


@rule
def talk_on_tie(
    low: Ints, offered: int, contacts: Contacts, pairs: F32, sums: Sums, t: Terms, s: F32
) -> Sums:
    """Add one tie of each lane to `sums` and to the use of messengers."""
    out_message, none = splat(contacts.out_message), zeros()
    z = Sayings(out_message, out_message, splat(contacts.out_call), none, none, none, none)
    z = say_by(0, z, low, offered, contacts, pairs, t, s)  # one by one, not in a loop: what
    z = say_by(1, z, low, offered, contacts, pairs, t, s)  # depends on the number is known when
    z = say_by(2, z, low, offered, contacts, pairs, t, s)  # the code is compiled
    z = say_by(3, z, low, offered, contacts, pairs, t, s)
    z = say_by(4, z, low, offered, contacts, pairs, t, s)
    z = say_by(5, z, low, offered, contacts, pairs, t, s)
    weight = contacts.weight
    one = weight / (z.message * z.call)  # one division for two
    per_message, per_call = z.call * one * t.ordinary, z.message * one
    per_sensitive = weight * t.sensitive / z.sensitive
    use(offered, per_message, per_sensitive, per_call, s)
    return Sums(
        fma(weight, logsum(z.message, z.sensitive, z.call, t), sums.welfare),
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
def use(
    offered: int, per_message: Floats, per_sensitive: Floats, per_call: Floats, s: F32
) -> None:
    """Add w pi_p of the present tie to the use of the messengers `offered`."""
    for p in range(MAX):
        if offered >> p & 1:
            block, row = block_of(p), block_of(p) + _USE + MESSAGE * WIDTH
            message = fma(load(s, block + _SENSITIVE), per_sensitive, load(s, row))
            store(s, row, fma(load(s, block + _MESSAGE), per_message, message))
            row = block + _USE + CALL * WIDTH
            store(s, row, fma(load(s, block + _CALL), per_call, load(s, row)))


@rule
def communicate(
    first: Int, begin: int, end: int, talks: Records, base: Int, words: U64, ties: Ties,
    now: Now, rules: Record, key: np.uint64, s: F32,
) -> None:  # fmt: skip
    """Choose on every tie of a slice of users: use, welfare, whom they reach; draw a partner.

    Parameters
    ----------
    first : int
        The slice is ties.order[first : first + 16].
    begin, end : int
        The lanes whose talks are written.
    talks : TALK
        talks[i - base] is that of user i.
    key : int
        Of the luck that draws partners.
    """
    t, pairs, who = terms(now, rules), now.pairs, load(ties.order, first)
    low, high = gather(words, who)
    longest = seat(ties.order, first, high, ties, t, s)
    any_abroad = any_bits(high & ABROAD_BIT) != 0
    offered = any_bits(low & USABLE)
    lay_out(low, high, offered, t, s)
    mine, tie = own_pairs(low, now.place_class, t), ties.slice_start[first // WIDTH]
    none, partner, drawn = zeros(), who, quantile(key, who, s)
    helpers, sums = none, Sums(none, none, none, none, none, none, none, none, none, none)
    for r in range(longest + any_abroad):
        if r < longest:
            ids = load(ties.indices, tie + r * WIDTH)
            partner = where(drawn >= ties.rank_total[r], ids, partner)
            fetch(words, ties.indices, tie + (r + 2) * WIDTH)
            their_low, their_high = gather(words, ids)
            pair, weight = mine + classes_of(their_low, now.place_class, t), weights(r, s, ties)
            contacts = Contacts(their_low, their_high, pair, weight, t.out_message, t.out_call)
            helpers = helpers + where((their_low & VPN_BIT) != 0, weight, 0.0)
        else:
            contacts = abroad(low, mine, t, s)
        sums = talk_on_tie(low, offered, contacts, pairs, sums, t, s)
    store_sums(helpers, sums, s)
    for lane in range(begin, end):
        i = np.int64(ties.order[first + lane])
        if i < ties.degree.shape[0]:
            write_talk(lane, talks[i - base], offered, any_abroad, s)
            talks[i - base].partner = number_at(partner, lane)


@rule
def quantile(key: np.uint64, who: Ints, s: F32) -> Floats:
    """Draw where among their weighted ties users find the contact they really talk with.

    Negative for who has none.
    """
    total = load(s, TOTAL * WIDTH)
    return where(total > 0.0, luck(key, who) * total, -1.0)


@rule
def store_sums(helpers: Floats, sums: Sums, s: F32) -> None:
    """Write the sums to the rows that `write_talk` reads lane by lane."""
    store(s, _HELPERS * WIDTH, helpers)
    store(s, _WELFARE * WIDTH, sums.welfare)
    store(s, (_ALONE + MESSAGE) * WIDTH, sums.alone_message)
    store(s, (_ALONE + CALL) * WIDTH, sums.alone_call)
    store(s, (_REACH + MESSAGE) * WIDTH, sums.reach_message)
    store(s, (_REACH + CALL) * WIDTH, sums.reach_call)
    store(s, (_SECURE + MESSAGE) * WIDTH, sums.secure_message)
    store(s, (_SECURE + CALL) * WIDTH, sums.secure_call)
    store(s, (_BEST + MESSAGE) * WIDTH, sums.best_message)
    store(s, (_BEST + CALL) * WIDTH, sums.best_call)


@rule
def write_talk(lane: Int, talk: Record, offered: int, any_abroad: bool, s: F32) -> None:
    """Write the sums of one lane to the talk of its user."""
    talk.welfare, talk.helpers = s[_WELFARE * WIDTH + lane], s[_HELPERS * WIDTH + lane]
    lives_abroad = any_abroad and s[ABROAD_WEIGHT * WIDTH + lane] > 0.0
    for c in range(2):
        talk.use[c, CELLULAR] = s[(_ALONE + c) * WIDTH + lane]
        talk.reachable[c] = s[(_REACH + c) * WIDTH + lane]
        talk.secure[c] = s[(_SECURE + c) * WIDTH + lane]
        talk.abroad[c] = s[(_BEST + c) * WIDTH + lane] if lives_abroad else np.float32(0.0)
    for p in range(MAX):
        talk.value[p] = talk.use[MESSAGE, p] = talk.use[CALL, p] = 0.0
        if offered >> p & 1:
            for c in range(2):
                talk.use[c, p] = s[block_of(p) + _USE + c * WIDTH + lane]
