"""Abuse: attempts go where they pay, and users become victims (docs/model.md, 2.12).

    profit_k = r_k conv_k (1 - det_k)            r_k: share of users who can be reached on k
    x_k moves to softmax_k(eps ln profit_k) with rate rho_F          (logit best reply)
    A = (sum_k x_k profit_k, relative to the start)^xi               attempts in total

An incident is an attempt that arrives, is not detected and converts. So attempts, incidents and
losses are three different measures, and a policy may lower one without another.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import F64, U64, Int
from sim.kernel.bits import contains, only
from sim.kernel.compiled import jit, rule
from sim.kernel.rng import first_uniform, random_bits
from sim.rules.candidates import CandidateBuffer, draw_random_bits, list_flagged
from sim.rules.chance import event_occurs
from sim.rules.declare import SET, Field
from sim.rules.packed_state import in_use
from sim.rules.records import N_BANDS, Environment, Record, Records, purposes

STATE = (Field("victim", SET, "set of kinds of abuse that the user was a victim of"),)
DRAWS = ("abuse",)
(VICTIMISED,) = purposes(DRAWS)


@rule
def can_be_reached(user: Record, k: Int, channel: Int, env: Environment) -> float:
    """Return the share of strangers' attempts on platform `k` that arrive at `user`."""
    if k == len(user.habit):  # cellular
        return 1.0
    abroad = env.place_class[env.availability.shape[0] - 1]  # where nothing is restricted
    if env.quality[abroad, abroad, channel, k] == 0.0:
        return 0.0  # the messenger lacks the channel
    return float(contains(in_use(user), k) * env.availability[user.place, channel, k])


@rule
def profit(kind: Record, k: Int, reach: float, detection: float) -> float:
    """Return the profit of an attempt on platform `k`, relative to the mean at the start."""
    return float(reach * kind.conversion[k] * (1.0 - detection))


@jit
def adapt(kind: Record, reach: F64, effects: Record) -> None:
    """Move the attempts of a `kind` of abuse towards the platforms where they pay; one step.

    Parameters
    ----------
    reach : array of shape (P + 1,)
        r_k, mean over users of `can_be_reached`.
    """
    weights, total, mean = np.zeros(reach.size), 0.0, 0.0
    for k in range(reach.size):
        earned = profit(kind, k, reach[k], effects.detection[k])
        weights[k] = earned**kind.response if earned > 0.0 else 0.0
        total += weights[k]
        mean += kind.share[k] * earned
    step = -np.expm1(-kind.rate * effects.days)
    for k in range(reach.size):
        target = weights[k] / total if total > 0.0 else kind.share[k]
        kind.share[k] += step * (target - kind.share[k])
    kind.total = mean**kind.elasticity
    kind.max_rate = max_incidents(kind, effects)


@rule
def max_incidents(kind: Record, effects: Record) -> float:
    """Return a bound of the hazard of any user: one who can be reached everywhere [1/day]."""
    expected, max_vulnerability = 0.0, 0.0
    for k in range(len(kind.share)):
        expected += kind.share[k] * profit(kind, k, 1.0, effects.detection[k])
    for band in range(N_BANDS):
        max_vulnerability = max(max_vulnerability, kind.vulnerability[band])
    return float(kind.total * expected * kind.incident_rate * max_vulnerability)


@rule
def incidents(kind: Record, user: Record, env: Environment) -> float:
    """Return the expected incidents of `user`, relative to the mean of users at the start."""
    expected = 0.0
    for k in range(len(kind.share)):
        reach = can_be_reached(user, k, kind.channel, env)
        expected += kind.share[k] * profit(kind, k, reach, env.effects.detection[k])
    return float(kind.total * expected * kind.vulnerability[user.band])


@rule
def victim_candidates(
    base: Int, end: Int, abuse: Records, env: Environment, keys: U64, buffer: CandidateBuffer
) -> np.int64:
    """List the users whose first random bits do not rule out an incident; return how many."""
    draw_random_bits(keys[VICTIMISED], base, end, buffer.bits64)
    for i in range(base, end):
        buffer.flags[i - base] = 0
    for a in range(abuse.shape[0]):
        bound = abuse[a].max_rate * env.effects.days
        for i in range(base, end):
            buffer.flags[i - base] |= first_uniform(buffer.bits64[i - base], a) < bound
    return list_flagged(base, end, buffer.flags, buffer.ids)


@rule
def draw_victimisation(i: Int, user: Record, abuse: Records, env: Environment, keys: U64) -> None:
    """Draw whether user `i` becomes a victim of each kind of abuse."""
    bits64 = random_bits(keys[VICTIMISED], i)
    for a in range(abuse.shape[0]):
        if first_uniform(bits64, a) < abuse[a].max_rate * env.effects.days:
            hazard = abuse[a].incident_rate * incidents(abuse[a], user, env) * env.effects.days
            if event_occurs(bits64, keys[VICTIMISED], i, a, hazard):
                user.victim |= only(a)
