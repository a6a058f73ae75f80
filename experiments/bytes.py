"""How many bytes a user the arrays of a run take, part by part: the table of docs/scale.md.

python -m experiments.bytes [OVERRIDE ...]
"""

from __future__ import annotations

import numpy as np

from experiments import command
from sim import load_config
from sim.config.sim_config import SimConfig
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.model.simulation import Simulation

N_USERS = 50_000
Part = tuple[str, float, str]


def parts(config: SimConfig) -> list[Part]:
    """Return name, bytes a user and whether it changes in a run."""
    threads = Threads(config.engine.threads)
    start = prepare(config, threads)
    run = Simulation(PolicySchedule(config), start, 0, CompiledEngine(threads), threads)
    ties, chats, recorder = start.ties, start.chats, vars(run.recorder)
    seen = [array for array in recorder.values() if isinstance(array, np.ndarray)]
    found = [
        ("ties: contacts, rows, order", [*ties], "no"),
        ("user: traits, messengers, habits, beliefs", [start.users], "yes"),
        ("what contacts see and hear, now and from the next step on", [*start.public], "yes"),
        ("group chats: where one sits, who sits together", [*chats], "where they are"),
        ("openings of the month, primary messenger, exposure", seen, "yes"),
    ]
    return [
        (name, sum(a.nbytes for a in arrays) / start.n_users, how) for name, arrays, how in found
    ]


def table(rows: list[Part]) -> str:
    """Return the parts as a Markdown table."""
    lines = ["| part | bytes a user | changes in a run |", "|---|---:|---|"]
    lines += [f"| {name} | {size:.0f} | {changes} |" for name, size, changes in rows]
    lines.append(f"| **all** | **{sum(size for _, size, _ in rows):.0f}** | |")
    return "\n".join(lines)


if __name__ == "__main__":
    given = command.overrides("bytes", __doc__)
    print(table(parts(load_config(f"population.n_users={N_USERS}", *given))))
