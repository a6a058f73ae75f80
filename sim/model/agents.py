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
from typing import Any, NoReturn

import mesa
import numpy as np
from numpy.typing import NDArray

from sim.config.settings import BANDS, TYPES
from sim.config.sim_config import SimConfig
from sim.engine.state import State
from sim.kernel.vec16 import WIDTH
from sim.model.simulation import Simulation
from sim.rules import (
    abuse,
    activity,
    adoption,
    beliefs,
    choice,
    circumvention,
    fixed_point,
    going_online,
    groups,
    habit,
    marginal_value,
    pairing,
    promotion,
    search,
)
from sim.rules.chance import sigmoid
from sim.rules.choice import CONVERSE
from sim.rules.contact import tie_at
from sim.rules.packed_state import publish_user, usable
from sim.rules.records import (
    F32,
    MAX,
    U64,
    Agreements,
    Environment,
    Record,
    Records,
)
from sim.rules.relaxation import Relaxation, relaxation

NEAR = 0.85  # similarity from which the name of a method is taken for that of a rule
RENAMED = {  # former names of members of a user
    "attitude": "type", "obey_and_try": "follow_promotion", "suffer": "draw_victimisation",
}  # fmt: skip


class UserModel(mesa.Model):
    """A model as its users see it; `sim.model.model.MigrationModel` makes it."""

    config: SimConfig
    simulation: Simulation
    users: list[User]  # by row
    seats: NDArray[np.uint32]  # positions among the ties, by row
    memory: F32  # working memory of the choice
    queries: marginal_value.ValueQueries  # of one user
    agreed: Agreements  # of all users in this step
    step_records: Records  # of all users


class User(mesa.Agent):
    """A person with messengers and contacts."""

    model: UserModel

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

    def __init__(self, model: UserModel, row: int) -> None:
        super().__init__(model)
        self.row = row  # in the arrays of the state

    def __getattr__(self, name: str) -> NoReturn:
        """Name what the user has not, and its new name if it was renamed."""
        now = f"; it is called {RENAMED[name]} now" if name in RENAMED else ""
        raise AttributeError(f"{type(self).__name__} has no {name}{now}")

    def __repr__(self) -> str:
        """Tell who it is."""
        who = f"{self.age_band}, {self.region}, {self.type}"
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
        marginal_value.enqueue_values(
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

    # -- what one can ask a user ----------------------------------------------------------

    @property
    def record(self) -> Record:
        """The user's row of the state (sim.rules.records.USER); units: sim.rules.fixed_point."""
        return self._state.users[self.row]

    @property
    def step_record(self) -> Record:
        """What the user did in this step (sim.rules.records.STEP_RECORD); with engine=mesa.

        Raises
        ------
        ValueError
            With the compiled engine, which keeps the step records of one block of users only.
        """
        if self.model.config.engine.name != "mesa":
            raise ValueError(
                f"user.step_record needs engine=mesa, not {self.model.config.engine.name}"
            )
        return self.model.step_records[self.row]

    @property
    def messengers(self) -> tuple[str, ...]:
        """Messengers in use, as contacts see it: while users advance, those of before."""
        parts = np.split(self._state.public.choice_state, self._state.layout.tiles)
        return self._named(
            sum(int(usable(part[self.row])) << MAX * o for o, part in enumerate(parts))
        )

    @property
    def mandated(self) -> tuple[str, ...]:
        """Messengers an institution demands."""
        return self._named(int(self.record.mandated))

    @property
    def habits(self) -> dict[str, float]:
        """Habit in [0, 1] by messenger."""
        names = self.model.config.messengers
        return {name: fixed_point.habit(self.record, p) for p, name in enumerate(names)}

    @property
    def beliefs(self) -> dict[str, float]:
        """Belief in [0, 1] that the state reads it, by messenger."""
        names = self.model.config.messengers
        return {
            name: float(sigmoid(fixed_point.belief(self.record, p)))
            for p, name in enumerate(names)
        }

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
    def type(self) -> str:
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
    def _relaxation(self) -> Relaxation:
        return relaxation(self._state.params, self._env.effects.days)

    def _evaluate(self) -> None:
        s = self._state
        marginal_value.evaluate(
            s.users, self.model.step_records, 0, s.public.choice_state, s.ties, self._env,
            s.params, self.model.queries, self.model.memory,
        )  # fmt: skip

    def _named(self, bits: int) -> tuple[str, ...]:
        names = self.model.config.messengers
        return tuple(name for p, name in enumerate(names) if bits >> p & 1)

    @property
    def _state(self) -> State:
        return self.model.simulation.state

    @property
    def _env(self) -> Environment:
        return self.model.simulation.env

    @property
    def _keys(self) -> U64:
        return self.model.simulation.keys
