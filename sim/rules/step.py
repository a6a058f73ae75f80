"""A user's step, in two halves that every engine runs for all users one after the other.

`look` reads contacts (their words) and writes the user's own talk; `act` changes the user itself.
No user reads what another writes in the same half, so the order of users cannot matter.
"""

from __future__ import annotations

from sim.compiled import jit
from sim.rules import activity, adoption, choice, habit, pairing, push
from sim.rules.records import U64, Now, Record, Records, Ties
from sim.rules.word import pack


@jit
def look(
    i: int, users: Records, talks: Records, words: U64, ties: Ties, now: Now, rules: Record,
    keys: U64, s: Record,
) -> None:  # fmt: skip
    """First half: what to reconsider, communication on every tie, openings, moving calls."""
    adoption.begin(i, users[i], now, rules, keys)
    choice.communicate(i, users[i], talks[i], words, ties, now, rules, s)
    activity.open_apps(users[i], talks[i], now, rules)
    if pairing.is_fed_up(i, users[i], now, rules, keys):
        pairing.ask(i, users, ties, now, rules, keys)


@jit
def act(
    i: int, users: Records, talks: Records, words: U64, now: Now, rules: Record, keys: U64
) -> None:
    """Second half: decide on messengers, form habits, receive the push, show the new word."""
    adoption.revise(i, users[i], talks[i], now, rules, keys)
    habit.remember(users[i], talks[i], rules, now.force.days)
    push.receive(i, users[i], now, rules, keys)
    pairing.answer(i, users[i], now.force, rules, keys)
    words[i] = pack(users[i])
