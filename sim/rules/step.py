"""A user's step, in two halves that every engine runs for all users one after the other.

`look` reads contacts and writes the user's own talk; `act` changes the user itself.
No user reads what another writes in the same half, so the order of users cannot matter.
"""

from __future__ import annotations

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
)
from sim.rules.records import U64, Chats, Now, Record, Records, Ties
from sim.rules.word import pack


@jit
def look(
    i: int, users: Records, talks: Records, words: U64, ties: Ties, chats: Chats, now: Now,
    rules: Record, keys: U64, s: Record,
) -> None:  # fmt: skip
    """First half: what to reconsider, talk on every tie, openings, asking, weighing a VPN."""
    user, talk = users[i], talks[i]
    invited = groups.read_chats(i, talk, chats)
    adoption.begin(i, user, invited, now, rules, keys)
    choice.communicate(i, user, talk, words, ties, now, rules, s)
    beliefs.converse(i, users, talk, ties, keys)
    activity.open_apps(user, talk, now, rules)
    circumvention.weigh(i, user, talk, words, ties, now, rules, keys, s)
    if pairing.is_fed_up(i, user, now, rules, keys):
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
    words[i] = pack(user)
