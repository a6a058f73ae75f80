"""Fraud and recruitment: attempts go where they pay, victims are users (docs/model.md, 2.12).

    profit_k = r_k conv_k (1 - det_k)            r_k: share who can be reached on k
    x_k moves to softmax_k(eps ln profit_k) with rate rho_F          (logit best reply)
    A = (sum_k x_k profit_k, relative to the start)^xi               attempts in all

Incidents follow attempts that arrive, are not stopped and convert; so attempts, incidents and
losses are three observables, and a measure may lower one and not another.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import jit, rule
from sim.kernel.rng import first_bits, luck_of
from sim.rules.chance import befalls
from sim.rules.records import CELLULAR, F64, MAX, N_BANDS, SUFFER, U64, Int, Now, Record, Records
from sim.rules.sieve import Sieve, draw, sift
from sim.rules.word import in_use


@rule
def can_be_reached(user: Record, k: Int, channel: Int, now: Now) -> float:
    """Return the share of a stranger's attempts on platform `k` that arrive at `user`."""
    if k == CELLULAR:
        return 1.0
    abroad = now.place_class[now.availability.shape[0] - 1]  # where nothing is restricted
    if now.quality[abroad, abroad, channel, k] == 0.0:
        return 0.0  # the messenger lacks the channel
    has = in_use(user) >> k & 1
    return float(has * now.availability[user.place, channel, k])


@rule
def profit(kind: Record, k: Int, reach: float, detection: float) -> float:
    """Return what an attempt on platform `k` earns, relative to an attempt at the start."""
    return float(reach * kind.conversion[k] * (1.0 - detection))


@jit
def adapt(kind: Record, reach: F64, force: Record) -> None:
    """Move the attempts of a `kind` of abuse towards where they pay.

    Parameters
    ----------
    reach : array of shape (MAX + 1,)
        r_k, mean over users of `can_be_reached`.
    """
    weights, total, mean = np.zeros(MAX + 1), 0.0, 0.0
    for k in range(MAX + 1):
        earned = profit(kind, k, reach[k], force.detection[k])
        weights[k] = earned**kind.response if earned > 0.0 else 0.0
        total += weights[k]
        mean += kind.share[k] * earned
    step = -np.expm1(-kind.rate * force.days)
    for k in range(MAX + 1):
        target = weights[k] / total if total > 0.0 else kind.share[k]
        kind.share[k] += step * (target - kind.share[k])
    kind.total = mean**kind.elasticity
    kind.most = most_incidents(kind, force)


@rule
def most_incidents(kind: Record, force: Record) -> float:
    """Return a bound on the hazard of anybody, who can be reached everywhere [1/day]."""
    expected, most = 0.0, 0.0
    for k in range(MAX + 1):
        expected += kind.share[k] * profit(kind, k, 1.0, force.detection[k])
    for band in range(N_BANDS):
        most = max(most, kind.vulnerability[band])
    return float(kind.total * expected * kind.incident_rate * most)


@rule
def incidents(kind: Record, user: Record, now: Now) -> float:
    """Return the incidents `user` is to expect; they average 1 at the start."""
    expected = 0.0
    for k in range(MAX + 1):
        reach = can_be_reached(user, k, kind.channel, now)
        expected += kind.share[k] * profit(kind, k, reach, now.force.detection[k])
    return float(kind.total * expected * kind.vulnerability[user.band])


@rule
def endangered(base: Int, end: Int, abuse: Records, now: Now, keys: U64, room: Sieve) -> np.int64:
    """List the users who may fall for a kind of abuse by the first eight bits of their luck."""
    draw(keys[SUFFER], base, end, room.luck)
    for i in range(base, end):
        room.touched[i - base] = 0
    for a in range(abuse.shape[0]):
        most = abuse[a].most * now.force.days
        for i in range(base, end):
            room.touched[i - base] |= first_bits(room.luck[i - base], a) < most
    return sift(base, end, room.touched, room.few)


@rule
def suffer(i: Int, user: Record, abuse: Records, now: Now, keys: U64) -> None:
    """Let user `i` perhaps fall for each kind of abuse."""
    luck = luck_of(keys[SUFFER], i)
    for a in range(abuse.shape[0]):
        if first_bits(luck, a) < abuse[a].most * now.force.days:
            hazard = abuse[a].incident_rate * incidents(abuse[a], user, now) * now.force.days
            if befalls(luck, keys[SUFFER], i, a, hazard):
                user.victim = np.uint8(np.int64(user.victim) | 1 << a)
