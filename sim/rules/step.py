"""A user's step, part by part; every engine runs them in this order.

`wonder`, then the choice on every tie (choice.py, for sixteen users together) and the answers
(whatif.py), then `follow_up`, then `act`. A user reads of others what they showed before the
step and writes to itself alone, so the order of users cannot matter.
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
    circumvention,
    groups,
    habit,
    pairing,
    push,
    whatif,
)
from sim.rules.pace import Pace
from sim.rules.records import (
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
def wonder(
    i: Int, user: Record, talk: Record, word: np.uint64, chats: Chats, now: Now, rules: Record,
    keys: U64, asked: Questions,
) -> None:  # fmt: skip
    """Begin a step: what to reconsider; ask what it would bring (`whatif.answer` answers)."""
    adoption.begin(i, user, groups.read_chats(i, talk, chats), now, rules, keys)
    whatif.ask_values(i, word, np.int64(user.revising), asked)
    circumvention.consider(i, user, talk, word, now, rules, keys, asked)


@rule
def follow_up(
    i: Int, users: Records, talk: Record, ties: Ties, now: Now, rules: Record, keys: U64,
    agreed: Agreements,
) -> None:  # fmt: skip
    """After talking on every tie: open apps, perhaps ask a contact to move calls."""
    activity.open_apps(users[i], talk, now, rules)
    if pairing.is_fed_up(i, users[i], now, rules, keys):
        pairing.ask(i, users, ties, now, rules, keys, agreed)


@rule
def act(
    i: Int, user: Record, talk: Record, shown: Shown, abuse: Records, now: Now, steps: Pace,
    rules: Record, keys: U64,
) -> None:  # fmt: skip
    """Decide, form habits, obey and try, learn, switch a VPN, suffer; show it all."""
    adoption.revise(i, user, talk, now, rules, keys)
    habit.remember(user, talk, rules, steps.memory)
    push.receive(i, user, talk, now, rules, keys)
    beliefs.learn(i, user, talk, now, steps, rules, keys)
    circumvention.switch(i, user, talk, now.force, rules, keys)
    abuse_rules.suffer(i, user, abuse, now, keys)
    shown.next_words[i], shown.next_minds[i] = pack(user, rules), pack_mind(user)
