"""Content: channels, feeds and groups that people open an app for (docs/model.md, 2.4a).

A user shares openings for content between the apps in use and other pastimes by their appeal:

    o_ip = D_i C k_p w_ip / (1 + S_i),     S_i = sum over apps in use of k_p w_ip      [1/day]
    Y_i  = omega D_i C ln(1 + S_i)                                                     [utils]

where k_p is the appeal of the content of p relative to other pastimes and w_ip an availability of
messages: in Y_i the availability q there is, in o_ip the one that people expect, q + F. What an
app adds to Y_i is part of its utility, so a block takes it away at once; openings go on for a
while, although they fail, and then move to what still works.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import F32, Int
from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, flags, ln, read_tile, splat, total, where
from sim.rules.declare import JOINT, Parameter
from sim.rules.fixed_point import intensity
from sim.rules.packed_state import in_use
from sim.rules.records import MESSAGE, Environment, Record
from sim.rules.tiles import part, tiles

PARAMETERS = (
    Parameter(
        "content_openings", 2.5, 0.1, 100, "1/day", "C",
        "openings a day for content if nothing else took the time", "assumption", JOINT,
        storage="f4",
    ),
    Parameter(
        "content_value", 2.0, 0, 20, "utils day", "omega",
        "value of one opening a day for content", "assumption", JOINT, storage="f4",
    ),
)  # fmt: skip


@rule
def appeals(works: F32, env: Environment, params: Record, o: Int = 0) -> Vec8:
    """Return k_p w_p of each messenger of tile `o`, where `works` is its availability w."""
    k = read_tile(params.base_openings, o) * read_tile(env.effects.trend_openings, o)
    return k * read_tile(works, o)


@rule
def in_use_appeal(user: Record, works: F32, env: Environment, params: Record) -> float:
    """Return S_i, the sum of the appeals of the apps in use."""
    s = 0.0
    for o in range(tiles(params)):
        has = flags(part(in_use(user), o))
        s += total(where(has, appeals(works, env, params, o), splat(0.0)))
    return s


@rule
def beside(user: Record, works: F32, env: Environment, params: Record, o: Int) -> Vec8:
    """Return 1 + the appeal of the other apps in use, beside each of tile `o` [1]."""
    s, k = in_use_appeal(user, works, env, params), appeals(works, env, params, o)
    others = s - where(flags(part(in_use(user), o)), k, splat(0.0))
    return 1.0 + where(others > 0.0, others, 0.0)


@rule
def content_openings(user: Record, env: Environment, params: Record, o: Int = 0) -> Vec8:
    """Return the openings for content of tile `o` if in use, at average intensity [1/day]."""
    expected = env.expected[user.place, MESSAGE]
    k = appeals(expected, env, params, o)
    return params.content_openings * k / (beside(user, expected, env, params, o) + k)


@rule
def content_benefits(user: Record, env: Environment, params: Record, o: Int = 0) -> Vec8:
    """Return what each messenger of tile `o` adds to Y_i, whether or not it is in use [utils]."""
    works = env.availability[user.place, MESSAGE]
    others = beside(user, works, env, params, o)
    return (params.content_value * params.content_openings * intensity(user)) * (
        ln(others + appeals(works, env, params, o)) - ln(others)
    )


@rule
def content_welfare(user: Record, place: Int, env: Environment, params: Record) -> float:
    """Return Y_i at a place [utils]."""
    s = in_use_appeal(user, env.availability[place, MESSAGE], env, params)
    return float(
        params.content_value * params.content_openings * intensity(user) * np.log(1.0 + s)
    )
