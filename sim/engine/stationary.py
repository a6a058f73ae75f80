"""Stationary adoption of a user, and the monthly reach that it makes (equations: start.py)."""

from __future__ import annotations

from typing import NamedTuple

from sim.engine.sample import Sample
from sim.engine.threads import BLOCK
from sim.kernel.arrays import F32, F64, Int
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.vec8 import WIDTH as VEC8
from sim.kernel.vec8 import Vec8, add_to, exp, flags, power, read_tile, where
from sim.rules import fixed_point
from sim.rules.activity import p_seen
from sim.rules.adoption import network_benefit, own_utilities, taking_up
from sim.rules.content import content_openings
from sim.rules.packed_state import in_use
from sim.rules.records import Environment, Record, Records
from sim.rules.tiles import part, tiles
from sim.rules.transition import clocks, noise_scale, transitions

MONTH = 30.0  # days


class Stationary(NamedTuple):
    """Adoption of one user at the present state of all others, by messenger."""

    enter: Vec8  # chance per step of installing it, for a user without it
    leave: Vec8  # chance per step of dropping it, for a user with it
    held: Vec8  # share of the time that the user has it
    d_enter: Vec8  # slope of `enter` in B
    d_held: Vec8  # slope of `held` in B
    habit: Vec8  # habit of a user with it


@rule
def stationary(
    user: Record, step_record: Record, env: Environment, params: Record, habit_scale: F32,
    o: Int = 0,
) -> Stationary:  # fmt: skip
    """Return the stationary adoption of `user`, of messengers of tile `o`.

    See `start._habit_scale` for `habit_scale`.
    """
    has, habit = flags(part(in_use(user), o)), fixed_point.habits(user, o)
    values = read_tile(step_record.value, o)
    expected = read_tile(habit_scale, o) * (1.0 - exp(0.0 - values))
    expected = where(expected < 1.0, expected, 1.0)
    habit = where(has, habit, expected)
    u = network_benefit(values, params) + own_utilities(user, step_record, env, params, o)
    without, having = u + taking_up(user, env, params, o), u + params.keep_value * habit
    rho_in, rho_out = clocks(user, env, params, o)
    moves = transitions(without, having, rho_in, rho_out, params)
    a, b = rho_in * moves.wants, rho_out * moves.leaves
    enter, leave, held = a * moves.lasting, b * moves.lasting, a / (a + b)
    # slopes of ln a and -ln b, of a + b, and of `enter`
    scale = noise_scale(params)
    d_a, d_b = (1.0 - moves.wants) / scale, (1.0 - moves.leaves) / scale
    later = (1.0 - enter - leave - moves.lasting) * (a * d_a - b * d_b)
    return Stationary(
        enter, leave, held, enter * d_a + held * later, held * (1.0 - held) * (d_a + d_b), habit
    )


@rule_loop
def reach_rows(
    first: Int, last: Int, users: Records, sample: Sample, env: Environment, params: Record,
    habit_scale: F32, sums: F64,
) -> None:  # fmt: skip
    """Add monthly reach and its slope in B by band and messenger to ``sums[block]``."""
    for at in range(first, last):
        user = users[sample.rows[at]]
        if user.online:
            for o in range(tiles(params)):
                reach, slope = month(user, sample.step_records[at], env, params, habit_scale, o)
                known = flags(part(user.aware, o))
                reach, slope = where(known, reach, 0.0), where(known, slope, 0.0)
                row = sums[at // BLOCK, user.band]
                add_to(row, 2 * VEC8 * o, reach)
                add_to(row, 2 * VEC8 * o + VEC8, slope)


@rule
def month(
    user: Record, step_record: Record, env: Environment, params: Record, habit_scale: F32,
    o: Int = 0,
) -> tuple[Vec8, Vec8]:  # fmt: skip
    """Return the chances that a panel sees `user` in a month, and their slopes in B.

    Both are by messenger of tile `o`. A month of m steps has m states and m - 1 changes between
    them.
    """
    steps = max(0.0, MONTH / env.effects.days - 1.0)
    s = stationary(user, step_record, env, params, habit_scale, o)
    missed, stayed = power(1.0 - s.enter, steps), power(1.0 - s.leave, steps)
    expected = params.traffic_openings * s.habit + content_openings(user, env, params, o)
    own, has = fixed_point.intensity(user) * expected, flags(part(in_use(user), o))
    n = where(has, read_tile(step_record.openings, o), own)
    all_month, half = p_seen(MONTH * n), p_seen(MONTH / 2 * n)
    d_missed = steps * missed / (1.0 - s.enter) * s.d_enter
    holder = stayed * all_month + (1.0 - stayed) * half
    newcomer = (1.0 - missed) * half
    # the slope of `stayed` is left out: Newton steps are bracketed, see sim/engine/start.py
    slope = s.d_held * (holder - newcomer) + (1.0 - s.held) * d_missed * half
    return s.held * holder + (1.0 - s.held) * newcomer, slope
