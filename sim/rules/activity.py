"""Activity: how often a user opens a messenger, and whether a panel sees it (docs/model.md, 2.13).

Openings are not proportional to traffic: groups, channels and notifications bring some as well.
"""

from __future__ import annotations

from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, exp, flags, read, where, write
from sim.rules.content import content_openings
from sim.rules.declare import MESSENGERS, REACH, Field, Parameter
from sim.rules.fixed_point import habits, intensity
from sim.rules.packed_state import in_use
from sim.rules.records import CALL, MESSAGE, Environment, Record

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
def openings(user: Record, step_record: Record, env: Environment, params: Record) -> Vec8:
    """Return the openings of each messenger at average intensity, if in use [1/day]."""
    traffic = params.channel_share[MESSAGE] * read(step_record.use[MESSAGE])
    traffic = traffic + params.call_openings * params.channel_share[CALL] * read(
        step_record.use[CALL]
    )
    n = params.traffic_openings * traffic
    n = n + content_openings(user, env, params)
    n = n + where(flags(user.mandated), read(params.mandate_openings), 0.0)
    return n + read(params.habit_openings) * habits(user)


@rule
def p_seen(n_openings: Vec8) -> Vec8:
    """Return the chances of at least one opening: 1 - exp(-n) for expected numbers n (Poisson)."""
    return 1.0 - exp(0.0 - n_openings)


@rule
def open_apps(user: Record, step_record: Record, env: Environment, params: Record) -> None:
    """Record the openings of `user` [1/day]; on a second phone only those by mandate."""
    n = where(flags(user.second), read(params.mandate_openings), 0.0)
    n = where(flags(in_use(user)), openings(user, step_record, env, params), n)
    write(step_record.openings, intensity(user) * n)
