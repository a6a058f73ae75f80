"""Group chats: who sits together, by segment; laid out once, moved during a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.world.districts import districts
from sim.world.population import Population
from sim.world.settings import PopulationConfig


@dataclass(frozen=True)
class Seats:
    """Chats 0 to G-1 with their members, kind by kind; a user sits in at most one of a kind."""

    kind: NDArray[np.uint8]  # (G,) index in the order of config.chats
    indptr: NDArray[np.int64]  # (G + 1,)
    members: NDArray[np.uint32]  # (n_seats,) users, chat by chat
    of_user: NDArray[np.int32]  # (n, K) chat of each user by kind, -1: none


def seat(population: Population, config: PopulationConfig) -> Seats:
    """Cut the members of each segment who are online into chats.

    Members sit with those next to them: neighbours, or people of about their age in the same
    district of 2000. The last chat of a kind may be smaller.
    """
    segments = list(config.segments)
    district = districts(population.region)
    of_user = np.full((population.n_users, len(config.chats)), -1, np.int32)
    kinds, ends, members = [np.zeros(0, np.uint8)], [np.zeros(1, np.int64)], []
    n_chats = n_seats = 0
    for k, (name, chats) in enumerate(config.chats.items()):
        bit = np.uint8(1 << segments.index(name))
        users = np.flatnonzero((population.segments & bit > 0) & population.online)
        if chats.order == "age":
            users = users[np.lexsort((users, population.age[users], district[users]))]
        chat = np.arange(users.size) // chats.size
        of_user[users, k] = n_chats + chat
        n_of_kind = -(-users.size // chats.size)
        kinds.append(np.full(n_of_kind, k, np.uint8))
        ends.append(n_seats + np.minimum(chats.size * np.arange(1, n_of_kind + 1), users.size))
        members.append(users.astype(np.uint32))
        n_chats, n_seats = n_chats + n_of_kind, n_seats + users.size
    return Seats(
        np.concatenate(kinds),
        np.concatenate(ends),
        np.concatenate([*members, np.zeros(0, np.uint32)]),
        of_user,
    )
