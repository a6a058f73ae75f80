"""Activity: how often a user opens a messenger, and whether a panel sees it (docs/model.md, 2.13).

Openings are not proportional to traffic: groups, channels and notifications bring some as well.
"""

from __future__ import annotations

from sim.kernel.arrays import Int
from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, exp, flags, read_tile, where, write_tile
from sim.rules.channels import channel_shares
from sim.rules.content import content_openings
from sim.rules.declare import MESSENGERS, REACH, Field, Parameter
from sim.rules.fixed_point import habits, intensity
from sim.rules.packed_state import in_use
from sim.rules.records import CALL, MESSAGE, Environment, Record
from sim.rules.tiles import part, tiles

PARAMETERS = (
    Parameter(
        "traffic_openings", 5.4, 0, 100, "1/day", "c_use",
        "openings a day for one unit of communication", "fit S3", REACH, storage="f4",
    ),
    Parameter(
        "call_openings", 0.7082, 0, 5, "1", "s_v", "openings by calls relative to messages",
        "fit S3", storage="f4",
    ),
)  # fmt: skip
STEP = (Field("openings", "f4", "[1/day]", MESSENGERS),)


@rule
def openings(
    user: Record, step_record: Record, env: Environment, params: Record, o: Int = 0
) -> Vec8:
    """Return the openings of tile `o` at average intensity, if in use [1/day]."""
    messages, calls = channel_shares(user)
    traffic = messages * read_tile(step_record.use[MESSAGE], o)
    traffic = traffic + params.call_openings * calls * read_tile(step_record.use[CALL], o)
    n = params.traffic_openings * traffic
    n = n + content_openings(user, env, params, o)
    n = n + where(flags(part(user.mandated, o)), read_tile(params.mandate_openings, o), 0.0)
    return n + read_tile(params.habit_openings, o) * habits(user, o)


@rule
def p_seen(n_openings: Vec8) -> Vec8:
    """Return the chances of at least one opening: 1 - exp(-n) for expected numbers n (Poisson)."""
    return 1.0 - exp(0.0 - n_openings)


@rule
def open_apps(user: Record, step_record: Record, env: Environment, params: Record) -> None:
    """Record the openings of `user` [1/day]; on a second phone only those by mandate."""
    for o in range(tiles(params)):
        n = where(flags(part(user.second, o)), read_tile(params.mandate_openings, o), 0.0)
        is_here = flags(part(in_use(user), o))
        n = where(is_here, openings(user, step_record, env, params, o), n)
        write_tile(step_record.openings, o, intensity(user) * n)
