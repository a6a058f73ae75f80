"""The compiled loops that add up what is observed of each user, block by block and by cell."""

from __future__ import annotations

import numpy as np

from sim.compiled import jit, jit_loop
from sim.engines import BLOCK
from sim.rules.abuse import attempts, incidents
from sim.rules.activity import p_seen
from sim.rules.habit import communication_share
from sim.rules.records import CELLULAR, F32, F64, I64, MAX, U8, Now, Record, Records
from sim.rules.word import in_use

ISOLATION = 0.30  # a user is isolated who lost more than this share of reachable weighted ties
EXPOSED = 0.10  # a user is exposed of whose talk by messenger the state can read more than this
MOST_KINDS = 2  # of abuse

# What of the start is compared with later.
AT_START = np.dtype([("reachable", "f4", (2,)), ("secure", "f4", (2,))], align=True)

# Columns of the sums.
DAU, INSTALLED, ACCOUNT, MANDATED, SECOND, CHATS = (k * MAX for k in range(6))
PRIMARY = 6 * MAX
USE = PRIMARY + MAX + 1  # message, then call
ATTEMPTS = USE + 2 * (MAX + 1)  # kind by kind
_AFTER = ATTEMPTS + MOST_KINDS * (MAX + 1)
# pairs: by channel, and by kind of abuse
VISIBLE, TOTAL, REACHABLE, SECURE, ISOLATED, CUT_OFF, ABROAD, INCIDENTS, VICTIMS = (
    _AFTER + 2 * k for k in range(9)
)
HAS_ABROAD, WELFARE, HOMES, VPN, EXPOSED_USERS, N_COLUMNS = (VICTIMS + 2 + k for k in range(6))


@jit
def primary(talk: Record, rules: Record) -> int:
    """Return the messenger with most communication, ``CELLULAR`` for who uses none."""
    best, most = CELLULAR, 0.0
    for p in range(rules.n_messengers):
        amount = communication_share(talk, p, rules)
        if amount > most:
            best, most = p, amount
    return best


@jit
def is_exposed(talk: Record, now: Now, rules: Record) -> int:
    """Say whether the state can read more than ``EXPOSED`` of a user's talk by messenger."""
    visible, total = 0.0, 0.0
    for p in range(rules.n_messengers):
        amount = communication_share(talk, p, rules)
        visible += amount * now.force.access[p]
        total += amount
    return int(visible > EXPOSED * total)


@jit
def add_messengers(user: Record, talk: Record, rules: Record, row: F64) -> None:
    """Add what a user has and opens."""
    has = in_use(user)
    for p in range(rules.n_messengers):
        if talk.openings[p] > 0.0:
            row[DAU + p] += p_seen(np.float64(talk.openings[p]))
        row[INSTALLED + p] += user.installed >> p & 1
        row[ACCOUNT + p] += user.account >> p & 1
        row[MANDATED + p] += user.mandated >> p & 1
        row[SECOND + p] += user.second >> p & 1
        row[CHATS + p] += talk.chats[p]
        row[HOMES] += has >> p & 1
    row[VPN] += user.place & 1


@jit
def add_use(user: Record, talk: Record, now: Now, rules: Record, row: F64) -> None:
    """Add what a user says where, and what of it the state can read."""
    for c in range(2):
        weight = user.intensity * rules.channel_share[c]
        for p in range(MAX + 1):
            amount = weight * talk.use[c, p]
            row[USE + c * (MAX + 1) + p] += amount
            row[VISIBLE + c] += amount * now.force.access[p]
            row[TOTAL + c] += amount


@jit
def add_ties(user: Record, talk: Record, at_start: Record, row: F64) -> None:
    """Add whom a user can reach, and whether it has lost many since the start."""
    for c in range(2):
        row[REACHABLE + c] += talk.reachable[c]
        row[SECURE + c] += talk.secure[c]
        row[ABROAD + c] += talk.abroad[c]
        row[ISOLATED + c] += talk.reachable[c] < (1.0 - ISOLATION) * at_start.reachable[c]
        row[CUT_OFF + c] += talk.secure[c] < (1.0 - ISOLATION) * at_start.secure[c]
    row[HAS_ABROAD] += user.abroad
    row[WELFARE] += talk.welfare


@jit
def add_abuse(user: Record, abuse: Records, now: Now, row: F64) -> None:
    """Add attempts that arrive at a user, incidents to expect, whether it ever fell for one."""
    for a in range(abuse.shape[0]):
        for k in range(MAX + 1):
            row[ATTEMPTS + a * (MAX + 1) + k] += attempts(abuse[a], user, k, now)
        row[INCIDENTS + a] += incidents(abuse[a], user, now)
        row[VICTIMS + a] += user.victim >> a & 1


@jit_loop
def observe_rows(
    first: int, last: int, users: Records, talks: Records, abuse: Records, now: Now,
    rules: Record, cell: I64, at_start: Records, primaries: U8, exposed: U8, sums: F64,
) -> None:  # fmt: skip
    """Add each user's columns to ``sums[block, cell]``; write its primary and its exposure."""
    for i in range(first, last):
        user, talk, row = users[i], talks[i], sums[i // BLOCK, cell[i]]
        add_messengers(user, talk, rules, row)
        add_use(user, talk, now, rules, row)
        add_ties(user, talk, at_start[i], row)
        add_abuse(user, abuse, now, row)
        primaries[i] = primary(talk, rules)
        exposed[i] = is_exposed(talk, now, rules)
        row[PRIMARY + primaries[i]] += 1.0
        row[EXPOSED_USERS] += exposed[i]


@jit_loop
def month_rows(first: int, last: int, opened: F32, scale: float, cell: I64, sums: F64) -> None:
    """Add who was seen in a month, given the openings in the part of it that was simulated."""
    for i in range(first, last):
        for p in range(MAX):
            if opened[i, p] > 0.0:
                sums[i // BLOCK, cell[i], p] += p_seen(opened[i, p] * scale)
