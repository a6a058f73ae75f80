"""The step of the users of a block, rule by rule; every engine runs the rules in this order.

`wonder`, then the choice on every tie (choice.py, for sixteen users together) and the answers
(whatif.py), then `follow_up`; users are observed; then `act` and `show`. A user reads of others
what they showed before the step and writes to itself alone, so the order of users cannot matter.

Each rule has a loop of its own. Much of a rule waits for its own last result, so a processor
works on the next users meanwhile, as far as it sees them: as far as the loop is short.
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
from sim.rules.pace import pace
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
from sim.rules.word import pack_again, pack_mind


@rule
def wonder(
    base: Int, end: Int, users: Records, talks: Records, words: U64, chats: Chats, now: Now,
    rules: Record, keys: U64, asked: Questions,
) -> None:  # fmt: skip
    """Begin a step: what to reconsider; ask what it would bring (`whatif.answer` answers)."""
    n = 0
    for i in range(base, end):
        user, talk = users[i], talks[i - base]
        adoption.begin(i, user, groups.read_chats(i, talk, chats), now, rules, keys)
        asked.revising[n] = i
        n += user.revising != 0
    asked.n_revising[0] = n
    for k in range(n):
        who = np.int64(asked.revising[k])
        undecided = adoption.weigh(who, users[who], talks[who - base], now, rules, keys)
        whatif.ask_values(who, words[who], undecided, asked)
    for i in range(base, end):
        circumvention.consider(i, users[i], talks[i - base], words[i], now, rules, keys, asked)


@rule
def follow_up(
    base: Int, end: Int, users: Records, talks: Records, minds: U64, ties: Ties, now: Now,
    rules: Record, keys: U64, agreed: Agreements,
) -> None:  # fmt: skip
    """After talking on every tie: listen to one contact, open apps, perhaps ask to move calls."""
    for i in range(base, end):
        beliefs.converse(talks[i - base], minds)
    for i in range(base, end):
        activity.open_apps(users[i], talks[i - base], now, rules)
    for i in range(base, end):
        if pairing.is_fed_up(i, users[i], now, rules, keys):
            pairing.ask(i, users, ties, now, rules, keys, agreed)


@rule
def act(
    base: Int, end: Int, users: Records, talks: Records, abuse: Records, now: Now, rules: Record,
    keys: U64, asked: Questions,
) -> None:  # fmt: skip
    """Decide, form habits, obey and try, learn, switch a VPN, suffer."""
    steps = pace(rules, now.force.days)
    for k in range(asked.n_revising[0]):
        who = np.int64(asked.revising[k])
        adoption.revise(who, users[who], talks[who - base], now, rules, keys)
    for i in range(base, end):
        habit.remember(users[i], talks[i - base], rules, steps.memory)
    for i in range(base, end):
        push.receive(i, users[i], talks[i - base], now, rules, keys)
    for i in range(base, end):
        beliefs.learn(i, users[i], talks[i - base], now, steps, rules, keys)
    for i in range(base, end):
        circumvention.switch(i, users[i], talks[i - base], now.force, rules, keys)
    for i in range(base, end):
        abuse_rules.suffer(i, users[i], abuse, now, keys)


@rule
def show(base: Int, end: Int, users: Records, shown: Shown, rules: Record) -> None:
    """Let contacts see from the next step on what has changed."""
    for i in range(base, end):
        shown.next_minds[i] = pack_mind(users[i])
    for i in range(base, end):
        shown.next_words[i] = pack_again(i, users[i], shown, rules)
