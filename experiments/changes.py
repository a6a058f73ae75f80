"""How many words change from step to step, month by month: a table of docs/scale.md.

python -m experiments.changes [OVERRIDE ...]
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments import command
from experiments.base_study import numbers
from sim import load_config
from sim.config.sim_config import SimConfig
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.kernel.vec16 import WIDTH
from sim.model.simulation import Simulation
from sim.rules.networks import Ties

N_USERS = 100_000
SHOWN = "+scenario=as_happened"


class Step(NamedTuple):
    """Shares of what another step would find as it is after this one [1]."""

    month: str
    changed: float  # users who show another state than before
    still: float  # ties neither end of which shows another state
    still_together: float  # sixteens of ties, computed at once, of which that holds for all


def steps(config: SimConfig) -> list[Step]:
    """Take a run; return what changed in each of its steps."""
    threads = Threads(config.engine.threads)
    start = prepare(config, threads)
    run = Simulation(PolicySchedule(config), start, 0, CompiledEngine(threads), threads)
    found = []
    for k in range(config.n_steps):
        before = run.state.public.choice_state.copy()
        run.step()
        month = f"{config.step_begins(k):%B %Y}"
        found.append(Step(month, *shares(run.state.public.choice_state != before, run.state.ties)))
    return found


def shares(changed: NDArray[np.bool_], ties: Ties) -> tuple[float, float, float]:
    """Return the shares of a step.

    Parameters
    ----------
    changed : ndarray of bool, (n + 1,)
        Whether a user shows another state; the last one is nobody.
    ties : Ties
        Of the n users.
    """
    rows = np.repeat(np.arange(len(ties.slice_start) - 1), np.diff(ties.slice_start) // WIDTH)
    contacts = ties.indices.reshape(-1, WIDTH)
    is_tie = contacts < len(changed) - 1
    moved = (changed[ties.order.reshape(-1, WIDTH)][rows] | changed[contacts]) & is_tie
    still, still_together = 1 - moved.sum() / is_tie.sum(), 1 - moved.any(axis=1).mean()
    return float(changed[:-1].mean()), float(still), float(still_together)


def table(found: list[Step]) -> str:
    """Return the months as a Markdown table, means over the steps that begin in them."""
    headers = ["month", "users who changed, %", "ties that stay, %", "sixteens that stay, %"]
    return numbers(
        headers,
        (
            [month, *(f"{100 * share:.1f}" for share in np.mean([s[1:] for s in each], axis=0))]
            for month, each in ((m, list(e)) for m, e in groupby(found, lambda s: s.month))
        ),
    )


if __name__ == "__main__":
    given = command.overrides("changes", __doc__)
    print(table(steps(load_config(SHOWN, f"population.n_users={N_USERS}", *given))))
