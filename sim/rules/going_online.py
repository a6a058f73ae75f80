"""Going online: who had no internet or no smartphone can install apps (docs/model.md, 2.10).

The hazard follows from the shares with access at two dates (sim/policies/going_online.py).
"""

from __future__ import annotations

from sim.kernel.arrays import U64, Int
from sim.kernel.compiled import rule
from sim.kernel.rng import uniform
from sim.rules.chance import happens
from sim.rules.records import N_BANDS, Environment, Record, purposes

DRAWS = ("go_online",)
(GO_ONLINE,) = purposes(DRAWS)


@rule
def may_go_online(effects: Record) -> bool:
    """Say whether anybody goes online in this step."""
    most = 0.0
    for band in range(N_BANDS):
        most = max(most, effects.going_online[band])
    return most > 0.0


@rule
def go_online(i: Int, user: Record, env: Environment, keys: U64) -> None:
    """Draw whether user `i` goes online."""
    hazard = env.effects.going_online[user.band]
    if not user.online and happens(uniform(keys[GO_ONLINE], i), hazard):
        user.online = 1
