"""What a chat is worth, as numbers."""

import numpy as np

from sim.compiled import jit_loop
from sim.octets import write
from sim.rules.groups import chat_values
from sim.rules.records import MAX


@jit_loop
def _write_values(g, users, chats, now, rules, found):
    write(found, chat_values(g, users, chats, now, rules))


def values_of(g, users, chats, now, rules):
    """Return the value of chat `g` by messenger, shape (MAX,)."""
    found = np.empty(MAX, np.float32)
    _write_values(g, users, chats, now, rules, found)
    return found
