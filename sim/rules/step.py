"""A user's step, in two halves that every engine runs for all users one after the other.

`look` reads contacts (their words) and writes the user's own use; `act` changes the user itself.
No user reads what another writes in the same half, so the order of users cannot matter.
"""

from __future__ import annotations

from sim.compiled import jit
from sim.rules import activity, adoption, choice, habit, pairing, push, word
from sim.rules.records import U64, Now, Rules, Scratch, State, Ties, Traits


@jit
def look(
    i: int, traits: Traits, ties: Ties, state: State, now: Now, rules: Rules, keys: U64, s: Scratch
) -> None:
    """First half: what to reconsider, communication on every tie, openings, moving calls."""
    adoption.begin(i, traits, state, now, rules, keys)
    choice.communicate(i, ties, state, now, rules, s)
    activity.open_apps(i, traits, state, now, rules)
    pairing.ask(i, traits, ties, state, now, rules, keys)


@jit
def act(
    i: int, traits: Traits, state: State, now: Now, rules: Rules, keys: U64
) -> None:
    """Second half: decide on messengers, form habits, receive the push, show the new word."""
    adoption.revise(i, traits, state, now, rules, keys)
    habit.remember(i, state, rules, now.days)
    push.receive(i, traits, state, now, rules, keys)
    pairing.answer(i, state)
    show(i, traits, state)


@jit
def show(i: int, traits: Traits, state: State) -> None:
    """Write what contacts see of user `i`."""
    usable = state.installed[i] & state.account[i]
    word.write(i, usable, traits.place[i], state.habit, state.word)
