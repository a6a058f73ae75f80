"""The ties and group chats of a run, as rules read them."""

from __future__ import annotations

from typing import NamedTuple

from sim.kernel.arrays import F32, I64, U8, U16, U32

WINDOW = 2048  # users in a window: positions of lanes and chats are counted from its first user
NOWHERE = 255  # platform of a chat that is on no messenger
STAYED, INVITED, ORDERED = range(3)  # what happened to a chat in a step


class Ties(NamedTuple):
    """The ties, in slices of sixteen users of similar degree (sim/population/rows.py).

    The weight of the tie at rank r (from 1) is r**-0.9, normalised over the ties of the user.
    """

    order: U32  # (16 n_slices,) users slice by slice, n where a lane is empty
    slice_start: I64  # (n_slices + 1,) where a slice begins in `indices`
    indices: U32  # contacts rank by rank: the first contacts of 16 users, the second contacts, ...
    seat: U16  # (n,) lane of a user, counted from the first lane of its window (contact.tie_at)
    degree: U16  # (n,) number of ties
    rank_weight: F32  # (max degree,) r**-0.9 for r = 1, 2, ...
    rank_total: F32  # (max degree + 1,) sums of the first k weights, k = 0, 1, ...


class Chats(NamedTuple):
    """Group chats of one run: G chats of K kinds; a user is in at most one chat of each kind."""

    platform: U8  # (G,) messenger, NOWHERE if on none
    moved: U8  # (G,) STAYED, INVITED or ORDERED in this step
    bound: U8  # (G,) 1: moved by order, moves no more
    kind: U8  # (G,) number of its segment
    indptr: I64  # (G + 1,) where the members of a chat begin in `members`
    members: U32  # (n_seats,) users, chat by chat
    window: U32  # (n_windows,) where the chats of users 0, 2048, 4096, ... begin in `of_user`
    begin: U16  # (n + 1,) where a user's chats begin, counted from its window
    of_user: U32  # (n_seats,) chats, user by user
