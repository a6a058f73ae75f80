"""A mesa agent for each user: a face on one row of the state.

Subclass `User`, override a rule in plain Python and run it with ``engine=mesa``::

    class Stubborn(User):
        def install_utility(self, platform):
            return super().install_utility(platform) - (1.0 if platform == "max" else 0.0)

    MigrationModel(load_config("+scenario=call_ban", "engine=mesa"), user_class=Stubborn)
"""

from __future__ import annotations

from difflib import get_close_matches
from inspect import isfunction
from typing import Any

from sim.kernel.vec16 import WIDTH
from sim.model.user_view import RENAMED, UserView
from sim.rules import (
    abuse,
    activity,
    adoption,
    beliefs,
    choice,
    circumvention,
    going_online,
    groups,
    habit,
    marginal_value,
    pairing,
    promotion,
    search,
    value_queries,
)
from sim.rules.choice import CONVERSE
from sim.rules.packed_state import publish_user

NEAR = 0.85  # similarity from which the name of a method is taken for that of a rule


class User(UserView):
    """A person with messengers and contacts, whose rules can be overridden."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a method with the old name of a rule, or nearly that of one: it is never called.

        Raises
        ------
        TypeError
            With the name of the method and of the rule.
        """
        super().__init_subclass__(**kwargs)
        for old in sorted(RENAMED.keys() & vars(cls).keys()):
            raise TypeError(f"{cls.__name__}.{old}: called {RENAMED[old]} now")
        rules = [n for n, rule in vars(User).items() if n[0] != "_" and isfunction(rule)]
        for name in sorted(set(dir(cls)) - set(dir(User))):
            close = get_close_matches(name.lower(), rules, n=1, cutoff=NEAR)
            if close and callable(getattr(cls, name)):
                raise TypeError(
                    f"{cls.__name__}.{name}: no rule has this name; did you mean {close[0]}? "
                    f"allowed: {', '.join(rules)}, or names less like them"
                )

    def step(self) -> None:
        """First half of a step: look at the contacts and communicate."""
        self.reconsider()
        self.communicate()
        self.converse()
        self.open_apps()
        self.weigh_vpn()
        self.ask_contact()

    def advance(self) -> None:
        """Second half of a step: change."""
        self.revise()
        self.remember()
        self.hear()
        self.follow_promotion()
        self.learn()
        self.go_online()
        self.switch_vpn()
        self.draw_victimisation()

    def publish(self) -> None:
        """Let contacts see from the next step on what has changed."""
        publish_user(self.row, self.record, self._state.public, self._state.params)

    def reconsider(self) -> None:
        """Draw which messengers to reconsider in this step, those that chats moved to as well."""
        s = self._state
        invited = groups.read_chats(self.row, self.step_record, s.chats)
        adoption.begin(self.row, self.record, invited, self._env, s.params, self._keys)
        adoption.weigh(self.row, self.record, self.step_record, self._env, s.params, self._keys)

    def communicate(self) -> None:
        """Choose on every tie and channel."""
        s, at = self._state, self.model.seats[self.row]
        lane = at % WIDTH
        choice.communicate(
            at - lane, lane, lane + 1, s.users, self.model.step_records, 0, s.public.choice_state,
            s.ties, self._env, s.params, self._keys[CONVERSE], self.model.memory,
        )  # fmt: skip
        value_queries.enqueue_values(
            self.row, s.public.choice_state, int(self.record.revising), s.params,
            self.model.queries,
        )  # fmt: skip
        self._evaluate()

    def converse(self) -> None:
        """Talk with one contact about what it knows and believes."""
        beliefs.converse(self.step_record, self._state.public.belief_state)

    def open_apps(self) -> None:
        """Open the messengers."""
        activity.open_apps(self.record, self.step_record, self._env, self._state.params)

    def weigh_vpn(self) -> None:
        """Perhaps reconsider a VPN, by what it would open up."""
        s = self._state
        circumvention.consider(
            self.row, self.record, self.step_record, s.public.choice_state, self._env, s.params,
            self._keys, self.model.queries,
        )  # fmt: skip
        self._evaluate()

    def ask_contact(self) -> None:
        """Perhaps ask a contact to move calls that fail."""
        s = self._state
        if pairing.asks_to_move_calls(self.row, self.record, self._env, s.params, self._keys):
            pairing.request_move(
                self.row, s.users, s.ties, self._env, s.params, self._keys, self.model.agreed
            )

    def revise(self) -> None:
        """Settle every messenger reconsidered."""
        for p, name in enumerate(self.model.config.messengers):
            if self.record.revising >> p & 1:
                wanted = adoption.wants(
                    self.record, self.step_record, p, self.install_utility(name), self._env,
                    self._state.params,
                )  # fmt: skip
                adoption.settle(
                    self.row, self.record, 1 << p, int(wanted) << p, self._env, self._keys
                )

    def install_utility(self, platform: str) -> float:
        """Return the utility of having `platform` [utils]; override it to change adoption.

        It is known of a messenger that the user reconsiders in this step.
        """
        p = self.model.config.messengers.index(platform)
        return float(adoption.install_utility(self.step_record, p, self._state.params))

    def remember(self) -> None:
        """Let habits follow use, and usual welfare that of the step."""
        params, shares = self._state.params, self._relaxation
        habit.remember(self.record, self.step_record, params, shares.memory)
        search.feel(self.record, self.step_record, self._env, params, shares.usual)

    def hear(self) -> None:
        """Perhaps hear of messengers, from media, from the contact or by looking around."""
        beliefs.become_aware(
            self.row, self.record, self.step_record, self._env, self._state.params, self._keys
        )

    def follow_promotion(self) -> None:
        """Let mandates, campaigns and pre-installation act."""
        params = self._state.params
        promotion.apply_promotion(
            self.row, self.record, self.step_record, self._env, params, self._keys
        )

    def learn(self) -> None:
        """Take in what media and the contact tell."""
        params = self._state.params
        beliefs.learn(
            self.row, self.record, self.step_record, self._env, self._relaxation, params,
            self._keys,
        )  # fmt: skip

    def go_online(self) -> None:
        """Perhaps get internet or a smartphone."""
        going_online.go_online(self.row, self.record, self._env, self._keys)

    def switch_vpn(self) -> None:
        """Take, keep or drop a VPN, if reconsidered."""
        effects, params = self._env.effects, self._state.params
        circumvention.switch(self.row, self.record, self.step_record, effects, params, self._keys)

    def draw_victimisation(self) -> None:
        """Perhaps fall for fraud or recruitment."""
        abuse.draw_victimisation(self.row, self.record, self._state.abuse, self._env, self._keys)

    def _evaluate(self) -> None:
        s = self._state
        marginal_value.evaluate(
            s.users, self.model.step_records, 0, s.public.choice_state, s.ties, self._env,
            s.params, self.model.queries, self.model.memory,
        )  # fmt: skip
