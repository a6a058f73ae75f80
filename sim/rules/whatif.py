"""What a user could say with a messenger more or less, or a VPN (docs/model.md, 2.4 and 2.9).

The marginal value of messenger p to user i, whether or not i has it, is what p adds,

    dW_ip = W_i(with p) - W_i(without p)          (choice.py)

Questions of many users wait side by side and are answered sixteen at a time: those of users with
about as many ties together, since all sixteen wait for the longest row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.lanes import (
    WIDTH,
    Floats,
    Ints,
    any_bits,
    fma,
    gather_rows,
    load,
    splat,
    store,
    zeros,
)
from sim.kernel.octets import lowest
from sim.rules.contact import tie_at
from sim.rules.records import (
    F32,
    I32,
    I64,
    MAX,
    U32,
    U64,
    Int,
    Now,
    Record,
    Records,
    Ties,
)
from sim.rules.tie import (
    Contacts,
    Terms,
    abroad,
    classes_of,
    lay_out,
    logsum,
    own_pairs,
    pulls,
    seat,
    terms,
    ways,
    weights,
)
from sim.rules.word import ABROAD_BIT, USABLE, VPN_BIT, usable

VPN_TOO = MAX  # asked of a VPN where others ask of a messenger
MOST = MAX + 1  # questions of a user
LOW_HALF = (1 << 32) - 1
NOBODY = 1 << 8
N_DEGREES = 64  # told apart when questions line up; the last are all larger ones


class Questions(NamedTuple):
    """Users who ask, the words they wonder about, and the answers; all (n questions,)."""

    n_revising: I64  # (1,) how many users of the block reconsider something
    revising: U32  # (n users,) these
    n_considering: I64  # (1,) how many may reconsider a VPN
    considering: U32  # (n users,) these
    n: I64  # (1,) how many questions wait
    who: U32
    low: U32  # half of the word
    high: U32
    what: I32  # messenger, or VPN_TOO
    line: I32  # the questions in the order of answers
    begin: I64  # where in line those of users of a degree begin, (N_DEGREES,)
    lanes: U32  # users, low and high halves of those answered together, (3 x 16,)
    start: I64  # of their ties, (16,)
    welfare: F32  # answer, in line


def questions(n_users: int) -> Questions:
    """Return room for the questions of `n_users`."""
    n = n_users * MOST + WIDTH
    return Questions(
        np.zeros(1, np.int64), np.zeros(n_users + 1, np.uint32),
        np.zeros(1, np.int64), np.zeros(n_users + 1, np.uint32),
        np.zeros(1, np.int64), np.zeros(n, np.uint32), np.zeros(n, np.uint32),
        np.zeros(n, np.uint32), np.zeros(n, np.int32), np.zeros(n, np.int32),
        np.zeros(N_DEGREES, np.int64), np.zeros(3 * WIDTH, np.uint32), np.zeros(WIDTH, np.int64),
        np.zeros(n, np.float32),
    )  # fmt: skip


@rule
def ask(i: Int, word: np.uint64, flipped: Int, what: Int, asked: Questions) -> None:
    """Let user `i` ask what it could say with the bits `flipped` in its word."""
    k = asked.n[0]
    asked.who[k], asked.what[k] = i, what
    asked.low[k] = np.uint32((np.int64(word) ^ flipped) & LOW_HALF)
    asked.high[k] = np.uint32(np.uint64(word) >> np.uint64(32))
    asked.n[0] = k + 1


@rule
def ask_values(i: Int, word: np.uint64, messengers: Int, asked: Questions) -> None:
    """Let user `i` ask what each of the bits `messengers` adds."""
    p, left = lowest(messengers | NOBODY), messengers & (messengers - 1)
    ask(i, word, 1 << p, p, asked)
    asked.n[0] -= messengers == 0
    while left:  # hardly anybody asks twice
        p = lowest(left)
        left &= left - 1
        ask(i, word, 1 << p, p, asked)


@rule
def answer(
    talks: Records, base: Int, words: U64, ties: Ties, now: Now, rules: Record,
    asked: Questions, s: F32,
) -> None:  # fmt: skip
    """Answer all questions: write marginal values, and what a VPN adds, to the talks."""
    n = asked.n[0]
    line_up(ties, asked)
    for first in range(0, n, WIDTH):
        store(asked.welfare, first, welfare_as(first, words, ties, now, rules, asked, s))
    for at in range(n):
        k = asked.line[at]
        i, what = np.int64(asked.who[k]), asked.what[k]
        word, talk = words[i], talks[i - base]
        gain = asked.welfare[at] - talk.welfare
        if what == VPN_TOO:
            talk.vpn_gain = -gain if np.int64(word) & VPN_BIT else gain
        else:
            talk.value[what] = -gain if usable(word) >> what & 1 else gain
    asked.n[0] = 0


@rule
def line_up(ties: Ties, asked: Questions) -> None:
    """Line up the questions by the degree of who asks, up to a multiple of sixteen by nobody's."""
    n, nobody = asked.n[0], ties.degree.shape[0]
    asked.begin[:] = 0
    for k in range(n):
        asked.begin[degree_class(np.int64(asked.who[k]), ties)] += 1
    waiting = 0
    for d in range(N_DEGREES):
        waiting += asked.begin[d]
        asked.begin[d] = waiting - asked.begin[d]
    for k in range(n):
        kind = degree_class(np.int64(asked.who[k]), ties)
        asked.line[asked.begin[kind]] = k
        asked.begin[kind] += 1
    for k in range(n, n + WIDTH):
        asked.line[k], asked.who[k] = k, nobody


@rule
def degree_class(i: Int, ties: Ties) -> np.int64:
    """Return the degree of user `i`, the largest ones taken together."""
    return np.int64(min(int(ties.degree[i]), N_DEGREES - 1))


@rule
def welfare_as(
    first: Int, words: U64, ties: Ties, now: Now, rules: Record,
    asked: Questions, s: F32,
) -> Floats:  # fmt: skip
    """Return the welfare of sixteen users if their words were those asked of [utils]."""
    t, pairs = terms(now, rules), now.pairs
    for lane in range(WIDTH):
        k = asked.line[first + lane]
        i = np.int64(asked.who[k])
        asked.start[lane] = tie_at(ties, i, 0) if i < ties.seat.shape[0] else 0
        asked.lanes[lane], asked.lanes[WIDTH + lane] = i, asked.low[k]
        asked.lanes[2 * WIDTH + lane] = asked.high[k]
    low, high = load(asked.lanes, WIDTH), load(asked.lanes, 2 * WIDTH)
    longest = seat(asked.lanes, np.int64(0), high, ties, t, s)
    any_abroad = any_bits(high & ABROAD_BIT) != 0
    offered = any_bits(low & USABLE)
    lay_out(low, high, offered, t, s)
    mine, welfare = own_pairs(low, now.place_class, t), zeros()
    out_message, out_call = splat(t.out_message), splat(t.out_call)
    for r in range(longest + any_abroad):
        if r < longest:
            their_low, their_high = gather_rows(words, ties.indices, asked.start, r * WIDTH)
            pair, weight = mine + classes_of(their_low, now.place_class, t), weights(r, s, ties)
            contacts = Contacts(their_low, their_high, pair, weight, out_message, out_call)
        else:
            contacts = abroad(low, mine, t, s)
        said = say_to(low, offered, contacts, pairs, t, s)
        welfare = fma(contacts.weight, said, welfare)
    return welfare


class Sums(NamedTuple):
    """Sums of exp(v) over what sixteen users share with one contact each."""

    message: Floats
    sensitive: Floats
    call: Floats


@rule
def say_by(
    p: Int, z: Sums, low: Ints, offered: int, contacts: Contacts, pairs: F32, t: Terms, s: F32
) -> Sums:
    """Add messenger `p` to the sums."""
    if not offered >> p & 1:
        return z
    has = (low & contacts.low & (1 << p)) != 0
    by = ways(p, has, contacts.pair, pairs, t)
    x, y, v = pulls(p, by, contacts, s)
    return Sums(z.message + x, z.sensitive + y, z.call + v)


@rule
def say_to(low: Ints, offered: int, contacts: Contacts, pairs: F32, t: Terms, s: F32) -> Floats:
    """Return what can be said to one contact of each lane [utils]."""
    offered &= any_bits(low & contacts.low)  # see choice.py
    z = Sums(contacts.out_message, contacts.out_message, contacts.out_call)
    # one by one: see choice.py
    z = say_by(np.int64(0), z, low, offered, contacts, pairs, t, s)
    z = say_by(np.int64(1), z, low, offered, contacts, pairs, t, s)
    z = say_by(np.int64(2), z, low, offered, contacts, pairs, t, s)
    z = say_by(np.int64(3), z, low, offered, contacts, pairs, t, s)
    z = say_by(np.int64(4), z, low, offered, contacts, pairs, t, s)
    z = say_by(np.int64(5), z, low, offered, contacts, pairs, t, s)
    return logsum(z.message, z.sensitive, z.call, t)
