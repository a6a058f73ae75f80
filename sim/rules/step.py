"""The step of the users of a block, rule by rule (docs/model.md, 2.14).

Every engine runs the rules in this order.

`wonder`, then the choice on every tie (choice.py, for sixteen users together) and the answers
(whatif.py), then `follow_up`; users are observed; then `act` and `show`. A user reads of others
what they showed before the step and writes to itself alone, so the order of users cannot matter.

Each rule has a loop of its own. Much of a rule waits for its own last result, so a processor
works on the next users meanwhile, as far as it sees them: as far as the loop is short. A rule
that touches few users is asked for those on a list (sieve.py).
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.rules import abuse as abuse_rules
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
    PAIR,
    U64,
    VPN,
    Agreements,
    Chats,
    Int,
    Now,
    Record,
    Records,
    Shown,
    Ties,
)
from sim.rules.sieve import Sieve, lucky
from sim.rules.whatif import Questions
from sim.rules.word import fear_anew, fearing_anew, pack_again, pack_mind


@rule
def wonder(
    base: Int, end: Int, users: Records, talks: Records, words: U64, chats: Chats, now: Now,
    rules: Record, keys: U64, asked: Questions, room: Sieve,
) -> None:  # fmt: skip
    """Begin a step: what to reconsider; ask what it would bring (`whatif.answer` answers)."""
    invited = room.touched
    for i in range(base, end):
        invited[i - base] = groups.read_chats(i, talks[i - base], chats)
        circumvention.forget(talks[i - base])
    n = np.int64(0)
    for i in range(base, end):
        adoption.begin(i, users[i], np.int64(invited[i - base]), now, rules, keys)
        asked.revising[n] = i
        n += users[i].revising != 0
    asked.n_revising[0] = n
    for k in range(n):
        who = np.int64(asked.revising[k])
        undecided = adoption.weigh(who, users[who], talks[who - base], now, rules, keys)
        whatif.ask_values(who, words[who], undecided, asked)
    n = lucky(keys[VPN], base, end, circumvention.hazard(now, rules), room, asked.considering)
    asked.n_considering[0] = n
    for k in range(n):
        who = np.int64(asked.considering[k])
        circumvention.consider(
            who, users[who], talks[who - base], words[who], now, rules, keys, asked
        )


@rule
def follow_up(
    base: Int, end: Int, users: Records, talks: Records, minds: U64, ties: Ties, now: Now,
    rules: Record, keys: U64, agreed: Agreements, room: Sieve,
) -> None:  # fmt: skip
    """After talking on every tie: listen to one contact, open apps, perhaps ask to move calls."""
    for i in range(base, end):
        beliefs.converse(talks[i - base], minds)
    for i in range(base, end):
        activity.open_apps(users[i], talks[i - base], now, rules)
    n = lucky(keys[PAIR], base, end, pairing.most_fed_up(now, rules), room, room.few)
    for k in range(n):
        who = np.int64(room.few[k])
        if pairing.is_fed_up(who, users[who], now, rules, keys):
            pairing.ask(who, users, ties, now, rules, keys, agreed)


@rule
def act(
    base: Int, end: Int, users: Records, talks: Records, abuse: Records, now: Now, rules: Record,
    keys: U64, asked: Questions, room: Sieve,
) -> None:  # fmt: skip
    """Decide, form habits, obey and try, learn, switch a VPN, suffer."""
    steps = pace(rules, now.force.days)
    for k in range(asked.n_revising[0]):
        who = np.int64(asked.revising[k])
        adoption.revise(who, users[who], talks[who - base], now, rules, keys)
    for i in range(base, end):
        habit.remember(users[i], talks[i - base], rules, steps.memory)
    for k in range(push.addressed(base, end, users, talks, now, rules, keys, room)):
        who = np.int64(room.few[k])
        push.receive(who, users[who], talks[who - base], now, rules, keys)
    for k in range(beliefs.hearers(base, end, users, talks, now, rules, keys, room)):
        who = np.int64(room.few[k])
        beliefs.hear_of(who, users[who], talks[who - base], now, rules, keys)
    for i in range(base, end):
        beliefs.form_beliefs(
            users[i], talks[i - base], now.news, steps.follow, steps.forget, rules
        )
    for k in range(beliefs.readers(base, end, users, talks, now.news, keys, room)):
        who = np.int64(room.few[k])
        beliefs.read_news(who, users[who], talks[who - base], now.news, rules, keys)
    for k in range(asked.n_considering[0]):
        who = np.int64(asked.considering[k])
        circumvention.switch(who, users[who], talks[who - base], now.force, rules, keys)
    for k in range(abuse_rules.endangered(base, end, abuse, now, keys, room)):
        who = np.int64(room.few[k])
        abuse_rules.suffer(who, users[who], abuse, now, keys)


@rule
def show(base: Int, end: Int, users: Records, shown: Shown, rules: Record, room: Sieve) -> None:
    """Let contacts see from the next step on what has changed."""
    for i in range(base, end):
        shown.next_minds[i] = pack_mind(users[i])
    for i in range(base, end):
        shown.next_words[i] = pack_again(i, users[i], shown, rules)
    for k in range(fearing_anew(base, end, users, shown, room)):
        who = np.int64(room.few[k])
        shown.next_words[who] = fear_anew(who, users[who], shown, rules)
