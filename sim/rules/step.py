"""A user's step, in two halves that every engine runs for all users one after the other.

`look` reads contacts and writes the user's own talk; `act` changes the user itself.
No user reads what another writes in the same half, so the order of users cannot matter.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import rule
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
from sim.rules.pace import Pace
from sim.rules.records import (
    F32,
    U64,
    Agreements,
    Chats,
    Int,
    Now,
    Record,
    Records,
    Shown,
    Ties,
)
from sim.rules.whatif import Questions
from sim.rules.word import pack, pack_mind


@rule
def look(
    first: Int, begin: int, end: int, users: Records, talks: Records, base: Int, shown: Shown,
    ties: Ties, chats: Chats, now: Now, rules: Record, keys: U64, asked: Questions,
    agreed: Agreements, s: F32,
) -> None:  # fmt: skip
    """First half: what to reconsider, talk on every tie, openings, asking a contact.

    For the users in lanes `begin` to `end` of the slice ties.order[first : first + 16];
    talks[i - base] is that of user i. What a messenger or a VPN would add is asked here;
    `whatif.answer` answers many users together.
    """
    for lane in range(begin, end):
        i = np.int64(ties.order[first + lane])
        if i < users.shape[0]:
            user, talk, word = users[i], talks[i - base], shown.words[i]
            adoption.begin(i, user, groups.read_chats(i, talk, chats), now, rules, keys)
            whatif.ask_values(i, word, np.int64(user.revising), asked)
            circumvention.consider(i, user, talk, word, now, rules, keys, asked)
    choice.communicate(first, begin, end, users, talks, base, shown.words, ties, now, rules, s)
    for lane in range(begin, end):
        i = np.int64(ties.order[first + lane])
        if i < users.shape[0]:
            beliefs.converse(i, shown.minds, talks[i - base], ties, keys)
            activity.open_apps(users[i], talks[i - base], now, rules)
            if pairing.is_fed_up(i, users[i], now, rules, keys):
                pairing.ask(i, users, ties, now, rules, keys, agreed)


@rule
def act(
    i: Int, user: Record, talk: Record, shown: Shown, abuse: Records, now: Now, steps: Pace,
    rules: Record, keys: U64,
) -> None:  # fmt: skip
    """Second half: decide, form habits, obey and try, learn, switch a VPN, suffer; show it all."""
    adoption.revise(i, user, talk, now, rules, keys)
    habit.remember(user, talk, rules, steps.memory)
    push.receive(i, user, talk, now, rules, keys)
    beliefs.learn(i, user, talk, now, steps, rules, keys)
    circumvention.switch(i, user, talk, now.force, rules, keys)
    abuse_rules.suffer(i, user, abuse, now, keys)
    shown.next_words[i], shown.next_minds[i] = pack(user, rules), pack_mind(user)
