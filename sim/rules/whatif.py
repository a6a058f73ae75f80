"""What a user could say if its word were another: with a messenger more or less, with a VPN.

The marginal value of messenger p to user i, whether or not i has it, is what p adds,

    dW_ip = W_i(with p) - W_i(without p)          (choice.py)

Questions of many users wait side by side and are answered sixteen at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.compiled import jit
from sim.lanes import (
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
from sim.rules.choice import (
    BLOCK_SIZE,
    FIRST_BLOCK,
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
    weights,
)
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
from sim.rules.word import USABLE, VPN_BIT, usable

VPN_TOO = MAX  # asked of a VPN where others ask of a messenger
MOST = MAX + 1  # questions of a user


class Questions(NamedTuple):
    """Users who ask, the words they wonder about, and the answers; all (n questions,)."""

    n: I64  # (1,) how many wait
    who: U32
    low: I32  # half of the word
    high: I32
    what: I32  # messenger, or VPN_TOO
    start: I64  # of the ties of the users in the lanes, (16,)
    welfare: F32  # answer


@jit
def questions(n_users: int) -> Questions:
    """Return room for the questions of `n_users`."""
    n = n_users * MOST + WIDTH
    return Questions(
        np.zeros(1, np.int64), np.zeros(n, np.uint32), np.zeros(n, np.int32),
        np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(WIDTH, np.int64),
        np.zeros(n, np.float32),
    )  # fmt: skip


@jit
def ask(i: Int, word: np.uint64, flipped: Int, what: Int, asked: Questions) -> None:
    """Let user `i` ask what it could say with the bits `flipped` in its word."""
    k = asked.n[0]
    asked.who[k], asked.what[k] = i, what
    asked.low[k] = np.int32(np.uint32(np.int64(word) ^ flipped))
    asked.high[k] = np.int32(np.uint32(np.int64(word) >> 32))
    asked.n[0] = k + 1


@jit
def ask_values(i: Int, word: np.uint64, messengers: Int, asked: Questions) -> None:
    """Let user `i` ask what each of the bits `messengers` adds."""
    for p in range(MAX):
        if messengers >> p & 1:
            ask(i, word, 1 << p, p, asked)


@jit
def answer(
    users: Records, talks: Records, words: U64, ties: Ties, now: Now, rules: Record,
    asked: Questions, s: F32,
) -> None:  # fmt: skip
    """Answer all questions: write marginal values, and what a VPN adds, to the talks."""
    n = asked.n[0]
    asked.who[n : n + WIDTH] = users.shape[0]
    for first in range(0, n, WIDTH):
        store(asked.welfare, first, welfare_as(first, users, words, ties, now, rules, asked, s))
    for k in range(n):
        i, what = np.int64(asked.who[k]), asked.what[k]
        word, talk = words[i], talks[i]
        gain = asked.welfare[k] - talk.welfare
        if what == VPN_TOO:
            talk.vpn_gain = -gain if np.int64(word) & VPN_BIT else gain
        else:
            talk.value[what] = -gain if usable(word) >> what & 1 else gain
    asked.n[0] = 0


@jit
def welfare_as(
    first: int, users: Records, words: U64, ties: Ties, now: Now, rules: Record,
    asked: Questions, s: F32,
) -> Floats:  # fmt: skip
    """Return the welfare of sixteen users if their words were those asked of [utils]."""
    t, pairs = terms(now, rules), now.pairs.ravel()
    longest, any_abroad = seat(asked.who, first, users, ties, rules, s)
    for lane in range(WIDTH):
        i = np.int64(asked.who[first + lane])
        asked.start[lane] = np.int64(ties.start[i]) if i < users.shape[0] else 0
    low, high = load(asked.low, first), load(asked.high, first)
    offered = any_bits(low & USABLE)
    lay_out(low, high, offered, t, s)
    mine, welfare = own_pairs(low, now.place_class, t), zeros()
    for r in range(longest + any_abroad):
        if r < longest:
            their_low, their_high = gather_rows(words, ties.indices, asked.start, r * WIDTH)
            pair, weight = mine + classes_of(their_low, now.place_class, t), weights(r, s, ties)
            contacts = Contacts(their_low, their_high, pair, weight, t.out_message, t.out_call)
        else:
            contacts = abroad(low, mine, t, s)
        said = say_to(low, offered, contacts, pairs, t, s)
        welfare = fma(contacts.weight, said, welfare)
    return welfare


@jit
def say_to(low: Ints, offered: int, contacts: Contacts, pairs: F32, t: Terms, s: F32) -> Floats:
    """Return what can be said to one contact of each lane [utils]."""
    z_message, z_call = splat(contacts.out_message), splat(contacts.out_call)
    z_sensitive, block = z_message, FIRST_BLOCK
    for p in range(MAX):
        if offered >> p & 1:
            has = (low & contacts.low & (1 << p)) != 0
            x, y, v = pulls(p, block, has, contacts, pairs, t, s)
            z_message, z_sensitive, z_call = z_message + x, z_sensitive + y, z_call + v
            block += BLOCK_SIZE
    return logsum(z_message, z_sensitive, z_call, t)
