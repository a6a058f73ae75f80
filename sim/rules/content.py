"""Content: what people open an app for by themselves, as channels, feeds and groups.

A user shares openings for content between the apps in use and other pastimes by their appeal:

    o_ip = D_i C k_p q_ip / (1 + S_i),     S_i = sum over apps in use of k_p q_ip      [1/day]
    V_i  = omega D_i C ln(1 + S_i)                                                     [utils]

where k_p is the appeal of the content of p relative to other pastimes and q_ip the availability
of messages. What an app adds to V_i is part of its utility, so a block takes it away, and openings
move to what still works.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, flags, ln, read, splat, total, where
from sim.rules.declare import JOINT, Parameter
from sim.rules.fixed_point import intensity
from sim.rules.packed_state import in_use
from sim.rules.records import MESSAGE, Environment, Int, Record

PARAMETERS = (
    Parameter(
        "content_openings", 4.0, 0.1, 100, "1/day", "C",
        "openings a day for content if nothing else took the time", "assumption", JOINT,
        storage="f4",
    ),
    Parameter(
        "content_value", 2.0, 0, 20, "utils day", "omega", "value of one opening a day for content",
        "assumption", JOINT, storage="f4",
    ),
)  # fmt: skip


@rule
def appeals(place: Int, env: Environment, params: Record) -> Vec8:
    """Return k_p q_ip of each messenger at a place."""
    works = read(env.availability[place, MESSAGE])
    return read(params.base_openings) * read(env.effects.trend_openings) * works


@rule
def in_use_appeal(user: Record, k: Vec8) -> float:
    """Return S_i, the sum of appeals `k` of the apps in use."""
    return total(where(flags(in_use(user)), k, splat(0.0)))


@rule
def content_openings(user: Record, env: Environment, params: Record) -> Vec8:
    """Return the openings for content of each messenger if in use, at average intensity [1/day]."""
    k = appeals(user.place, env, params)
    others = in_use_appeal(user, k) - where(flags(in_use(user)), k, splat(0.0))
    return params.content_openings * k / (1.0 + (others + k))


@rule
def content_benefits(user: Record, env: Environment, params: Record) -> Vec8:
    """Return what each messenger adds to V_i, whether or not it is in use [utils]."""
    k = appeals(user.place, env, params)
    others = in_use_appeal(user, k) - where(flags(in_use(user)), k, splat(0.0))
    others = 1.0 + where(others > 0.0, others, 0.0)
    return (params.content_value * params.content_openings * intensity(user)) * (
        ln(others + k) - ln(others)
    )


@rule
def content_welfare(user: Record, place: Int, env: Environment, params: Record) -> float:
    """Return V_i at a place [utils]."""
    s = in_use_appeal(user, appeals(place, env, params))
    return float(params.content_value * params.content_openings * intensity(user) * np.log(1.0 + s))
