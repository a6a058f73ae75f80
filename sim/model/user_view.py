"""What one can ask a user: its records, and in words what is in them."""

from __future__ import annotations

from typing import Any, NoReturn, Self

import mesa
import numpy as np
from numpy.typing import NDArray

from sim.config.settings import BANDS, TYPES
from sim.config.sim_config import SimConfig
from sim.engine.state import State
from sim.kernel.arrays import F32, U64
from sim.kernel.vec16 import WIDTH
from sim.model.simulation import Simulation
from sim.rules import (
    fixed_point,
    value_queries,
)
from sim.rules.chance import sigmoid
from sim.rules.contact import tie_at
from sim.rules.packed_state import usable
from sim.rules.records import MAX, Agreements, Environment, Record, Records
from sim.rules.relaxation import Relaxation, relaxation

RENAMED = {  # former names of members of a user
    "attitude": "type", "obey_and_try": "follow_promotion", "suffer": "draw_victimisation",
}  # fmt: skip


class UserModel(mesa.Model):
    """A model as its users see it; `sim.model.model.MigrationModel` makes it."""

    config: SimConfig
    simulation: Simulation
    users: list[Any]  # all of one class, by row
    seats: NDArray[np.uint32]  # positions among the ties, by row
    memory: F32  # working memory of the choice
    queries: value_queries.ValueQueries  # of one user
    agreed: Agreements  # of all users in this step
    step_records: Records  # of all users


class UserView(mesa.Agent):
    """A face on one row of the state."""

    model: UserModel

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
    def contacts(self) -> list[Self]:
        """Users at the other end of this user's ties, closest first."""
        ties = self._state.ties
        first, degree = int(tie_at(ties, self.row, 0)), int(ties.degree[self.row])
        rows = ties.indices[first : first + WIDTH * degree : WIDTH]
        return [self.model.users[int(row)] for row in rows]

    @property
    def _relaxation(self) -> Relaxation:
        return relaxation(self._state.params, self._env.effects.days)

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
