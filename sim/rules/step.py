"""A user's step, in two halves that every engine runs for all users one after the other.

`look` reads contacts and writes the user's own talk; `act` changes the user itself.
No user reads what another writes in the same half, so the order of users cannot matter.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import jit
from sim.rules import (
    abuse as abuse_rules,
)  # fmt: skip
from sim.rules import (
    activity,
    adoption,
    beliefs,
    choice,
    circumvention,
    groups,
    habit,
    pairing,
    push,
    whatif,
)
from sim.rules.records import F32, U64, Chats, Now, Record, Records, Ties
from sim.rules.whatif import Questions
from sim.rules.word import pack


@jit
def look(
    first: int, begin: int, end: int, users: Records, talks: Records, words: U64, ties: Ties,
    chats: Chats, now: Now, rules: Record, keys: U64, asked: Questions, s: F32,
) -> None:  # fmt: skip
    """First half: what to reconsider, talk on every tie, openings, asking a contact.

    For the users in lanes `begin` to `end` of the slice ties.order[first : first + 16]. What a
    messenger or a VPN would add is asked here; `whatif.answer` answers many users together.
    """
    for lane in range(begin, end):
        i = np.int64(ties.order[first + lane])
        if i < users.shape[0]:
            user, talk = users[i], talks[i]
            adoption.begin(i, user, groups.read_chats(i, talk, chats), now, rules, keys)
            whatif.ask_values(i, words[i], np.int64(user.revising), asked)
            circumvention.consider(i, user, talk, words[i], now, rules, keys, asked)
    choice.communicate(first, begin, end, users, talks, words, ties, now, rules, s)
    for lane in range(begin, end):
        i = np.int64(ties.order[first + lane])
        if i < users.shape[0]:
            beliefs.converse(i, users, talks[i], ties, keys)
            activity.open_apps(users[i], talks[i], now, rules)
            if pairing.is_fed_up(i, users[i], now, rules, keys):
                pairing.ask(i, users, ties, now, rules, keys)


@jit
def act(
    i: int, users: Records, talks: Records, words: U64, abuse: Records, now: Now, rules: Record,
    keys: U64,
) -> None:  # fmt: skip
    """Second half: decide, form habits, obey and try, learn, switch a VPN, suffer; show it all."""
    user, talk = users[i], talks[i]
    adoption.revise(i, user, talk, now, rules, keys)
    habit.remember(user, talk, rules, now.force.days)
    push.receive(i, user, talk, now, rules, keys)
    pairing.answer(i, user, now.force, rules, keys)
    beliefs.learn(i, user, talk, now, rules, keys)
    circumvention.switch(i, user, talk, now.force, rules, keys)
    abuse_rules.suffer(i, user, abuse, now, keys)
    words[i] = pack(user, rules)
