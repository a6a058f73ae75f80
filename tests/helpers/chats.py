"""Chats for tests: who sits together, set by hand, and what a chat is worth, as numbers."""

from itertools import pairwise

import numpy as np

from sim.kernel.compiled import jit_loop
from sim.kernel.vec8 import write
from sim.rules.chat_lists import first_chat
from sim.rules.groups import chat_values
from sim.rules.networks import NOWHERE, WINDOW, Chats
from sim.rules.records import MAX


def toy_chats(n_users, *seats, platform=NOWHERE, kind=0):
    """Return chats whose members are `seats`, on `platform` and of `kind` (one or a chat each)."""
    n, members = len(seats), np.array([i for chat in seats for i in chat], np.uint32)
    kinds = np.broadcast_to(np.uint8(kind), n)
    of_users = [[] for _ in range(n_users)]
    for g, chat in enumerate(seats):
        for i in chat:
            of_users[i].append(g)
    platforms = np.full(n, platform, np.uint8)
    indptr = np.cumsum([0, *map(len, seats)])
    return Chats(
        platforms, np.zeros(n, np.uint8), np.zeros(n, np.uint8), kinds.copy(), indptr, members,
        *chat_rows(of_users),
    )  # fmt: skip


def chat_rows(of_users):
    """Return `window`, `begin` and `of_user` of chats from the list of each user's chats."""
    ends = np.cumsum([0, *map(len, of_users)])
    window = ends[::WINDOW]
    begin = ends - np.repeat(window, WINDOW)[: len(ends)]
    chats = [g for mine in of_users for g in mine]
    return window.astype(np.uint32), begin.astype(np.uint16), np.array(chats, np.uint32)


def chats_of(chats):
    """Return the list of each user's chats."""
    first = [int(first_chat(i, chats)) for i in range(len(chats.begin))]
    return [chats.of_user[a:b].tolist() for a, b in pairwise(first)]


@jit_loop
def _write_values(g, users, chats, env, params, found):
    write(found, chat_values(g, users, chats, env, params))


def values_of(g, users, chats, env, params):
    """Return the value of chat `g` by messenger, shape (MAX,)."""
    found = np.empty(MAX, np.float32)
    _write_values(g, users, chats, env, params, found)
    return found
