"""A mesa agent for each user: a face on one row of the state.

Subclass `User`, override a rule in plain Python and run it with ``engine=mesa``::

    class Stubborn(User):
        def install_utility(self, platform):
            return super().install_utility(platform) - (1.0 if platform == "max" else 0.0)

    MigrationModel(load_config("+scenario=call_ban", "engine=mesa"), user_class=Stubborn)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import mesa

from sim.config.settings import BANDS, TYPES
from sim.engine.state import State
from sim.engine.tally import Tally, block_sums, carry, observe
from sim.engine.threads import BLOCK, chunks
from sim.kernel.lanes import WIDTH
from sim.rules import (
    abuse,
    activity,
    adoption,
    beliefs,
    choice,
    circumvention,
    fixed,
    groups,
    habit,
    pairing,
    push,
    whatif,
)
from sim.rules.chance import sigmoid
from sim.rules.contact import tie_at
from sim.rules.pace import Pace, pace
from sim.rules.pairing import keep_agreements
from sim.rules.records import CONVERSE, U64, Now, Record
from sim.rules.word import pack, pack_mind, usable

if TYPE_CHECKING:
    from sim.model.model import MigrationModel


class User(mesa.Agent):
    """A person with messengers and contacts."""

    model: MigrationModel

    def __init__(self, model: MigrationModel, row: int) -> None:
        super().__init__(model)
        self.row = row  # in the arrays of the state

    def __repr__(self) -> str:
        """Tell who it is."""
        who = f"{self.age_band}, {self.region}, {self.attitude}"
        return f"<{type(self).__name__} {self.row}: {who}>"

    # -- the user's step, rule by rule --------------------------------------------------

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
        self.obey_and_try()
        self.learn()
        self.switch_vpn()
        self.suffer()

    def show(self) -> None:
        """Let contacts see from the next step on what has changed."""
        shown, record = self._state.shown, self.record
        shown.next_words[self.row] = pack(record, self._state.rules)
        shown.next_minds[self.row] = pack_mind(record)

    def reconsider(self) -> None:
        """Draw which messengers to reconsider in this step, those that chats moved to as well."""
        s = self._state
        invited = groups.read_chats(self.row, self.talk, s.chats)
        adoption.begin(self.row, self.record, invited, self._now, s.rules, self._keys)
        adoption.weigh(self.row, self.record, self.talk, self._now, s.rules, self._keys)

    def communicate(self) -> None:
        """Choose on every tie and channel."""
        s, at = self._state, self.model.seats[self.row]
        lane = at % WIDTH
        choice.communicate(
            at - lane, lane, lane + 1, self.model.talks, 0, s.shown.words, s.ties, self._now,
            s.rules, self._keys[CONVERSE], self.model.memory,
        )  # fmt: skip
        revising = int(self.record.revising)
        whatif.ask_values(self.row, s.shown.words[self.row], revising, self.model.asked)
        self._answer()

    def converse(self) -> None:
        """Talk with one contact about what it knows and believes."""
        beliefs.converse(self.talk, self._state.shown.minds)

    def open_apps(self) -> None:
        """Open the messengers."""
        activity.open_apps(self.record, self.talk, self._now, self._state.rules)

    def weigh_vpn(self) -> None:
        """Perhaps reconsider a VPN, by what it would open up."""
        s, word = self._state, self._state.shown.words[self.row]
        circumvention.consider(
            self.row, self.record, self.talk, word, self._now, s.rules, self._keys,
            self.model.asked,
        )  # fmt: skip
        self._answer()

    def ask_contact(self) -> None:
        """Perhaps ask a contact to move calls that fail."""
        s = self._state
        if pairing.is_fed_up(self.row, self.record, self._now, s.rules, self._keys):
            pairing.ask(
                self.row, s.users, s.ties, self._now, s.rules, self._keys, self.model.agreed
            )

    def revise(self) -> None:
        """Settle every messenger reconsidered."""
        for p, name in enumerate(self.model.config.messengers):
            if self.record.revising >> p & 1:
                wanted = self.install_utility(name) > self.talk.noise[p]
                adoption.settle(
                    self.row, self.record, 1 << p, int(wanted) << p, self._now, self._keys
                )

    def install_utility(self, platform: str) -> float:
        """Return the utility of having `platform` [utils]; override it to change adoption.

        It is known of a messenger that the user reconsiders in this step.
        """
        p = self.model.config.messengers.index(platform)
        return float(adoption.install_utility(self.talk, p, self._state.rules))

    def remember(self) -> None:
        """Let habits follow use."""
        habit.remember(self.record, self.talk, self._state.rules, self._pace.memory)

    def obey_and_try(self) -> None:
        """Let mandates, campaigns and pre-installation act."""
        rules = self._state.rules
        push.receive(self.row, self.record, self.talk, self._now, rules, self._keys)

    def learn(self) -> None:
        """Take in what media and the contact tell."""
        rules = self._state.rules
        beliefs.learn(self.row, self.record, self.talk, self._now, self._pace, rules, self._keys)

    def switch_vpn(self) -> None:
        """Take, keep or drop a VPN, if reconsidered."""
        force, rules = self._now.force, self._state.rules
        circumvention.switch(self.row, self.record, self.talk, force, rules, self._keys)

    def suffer(self) -> None:
        """Perhaps fall for fraud or recruitment."""
        abuse.suffer(self.row, self.record, self._state.abuse, self._now, self._keys)

    # -- what one can ask a user ----------------------------------------------------------

    @property
    def record(self) -> Record:
        """The user's row of the state (sim.rules.records.USER), in steps (sim.rules.fixed)."""
        return self._state.users[self.row]

    @property
    def talk(self) -> Record:
        """What the user did in this step (fields: sim.rules.records.TALK); with engine=mesa.

        Raises
        ------
        ValueError
            With the compiled engine, which keeps the talks of a block of users only.
        """
        if self.model.config.engine.name != "mesa":
            raise ValueError(f"user.talk needs engine=mesa, not {self.model.config.engine.name}")
        return self.model.talks[self.row]

    @property
    def messengers(self) -> tuple[str, ...]:
        """Messengers in use, as contacts see it: while users advance, those of before."""
        return self._named(int(usable(self._state.shown.words[self.row])))

    @property
    def mandated(self) -> tuple[str, ...]:
        """Messengers an institution demands."""
        return self._named(int(self.record.mandated))

    @property
    def habits(self) -> dict[str, float]:
        """Habit in [0, 1] by messenger."""
        names = self.model.config.messengers
        return {name: fixed.habit(self.record, p) for p, name in enumerate(names)}

    @property
    def beliefs(self) -> dict[str, float]:
        """Belief in [0, 1] that the state reads it, by messenger."""
        names = self.model.config.messengers
        return {name: float(sigmoid(fixed.belief(self.record, p))) for p, name in enumerate(names)}

    @property
    def vpn(self) -> bool:
        """Whether the user gets around blocks."""
        return bool(self.record.place & 1)

    @property
    def age_band(self) -> str:
        """Age band."""
        return str(BANDS[self.record.band])

    @property
    def region(self) -> str:
        """Region."""
        return str(self.model.config.regions[self.record.place // 2])

    @property
    def attitude(self) -> str:
        """Type: state_averse, indifferent or foreign_averse."""
        return str(TYPES[self.record.type + 1])

    @property
    def contacts(self) -> list[User]:
        """Users at the other end of this user's ties, closest first."""
        ties = self._state.ties
        first, degree = int(tie_at(ties, self.row, 0)), int(ties.degree[self.row])
        rows = ties.indices[first : first + WIDTH * degree : WIDTH]
        return [self.model.users[int(row)] for row in rows]

    @property
    def _pace(self) -> Pace:
        return pace(self._state.rules, self._now.force.days)

    def _answer(self) -> None:
        s = self._state
        whatif.answer(
            self.model.talks, 0, s.shown.words, s.ties, self._now, s.rules, self.model.asked,
            self.model.memory,
        )  # fmt: skip

    def _named(self, bits: int) -> tuple[str, ...]:
        names = self.model.config.messengers
        return tuple(name for p, name in enumerate(names) if bits >> p & 1)

    @property
    def _state(self) -> State:
        return self.model.simulation.state

    @property
    def _now(self) -> Now:
        return self.model.simulation.now

    @property
    def _keys(self) -> U64:
        return self.model.simulation.keys


class MesaEngine:
    """One agent after another."""

    def __init__(self, users: Iterable[User]) -> None:
        self._users = list(users)
        ranges = chunks(len(self._users))
        self._chunks = [k for k, (first, last) in enumerate(ranges) for _ in range(first, last)]

    def move(self, state: State, now: Now, keys: U64) -> None:
        """Let one chat after another perhaps move."""
        for g in range(len(state.chats.platform)):
            groups.move(g, state.users, state.chats, now, state.rules, keys)

    def step(self, state: State, now: Now, keys: U64, tally: Tally) -> None:
        """Let every user look at its contacts, be observed, and change."""
        for user in self._users:
            user.step()
        self._observe(state, now, tally)
        for user in self._users:
            user.advance()
            user.show()
        agreed = self._users[0].model.agreed
        keep_agreements(state.users, state.shown, agreed, now, state.rules, keys)

    def _observe(self, state: State, now: Now, tally: Tally) -> None:
        """Add up the users block by block, as the compiled engine does."""
        sums = block_sums(tally)
        for first in range(0, len(self._users), BLOCK):
            chunk = self._chunks[first]
            for user in self._users[first : first + BLOCK]:
                observe(user.row, chunk, user.record, user.talk, now, state.rules, tally, sums)
            carry(sums, chunk, tally)
