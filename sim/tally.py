"""What is observed of each user, added up by cell while it takes its step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.compiled import rule
from sim.rules.activity import p_seen
from sim.rules.habit import communication_share
from sim.rules.records import CELLULAR, F32, F64, MAX, U8, Int, Now, Record, Records
from sim.rules.word import in_use

ISOLATION = 0.30  # a user is isolated who lost more than this share of reachable weighted ties
EXPOSED = 0.10  # a user is exposed of whose talk by messenger the state can read more than this
MOST_KINDS = 2  # of abuse

# Columns of the sums.
DAU, INSTALLED, ACCOUNT, MANDATED, SECOND, CHATS = (k * MAX for k in range(6))
PRIMARY = 6 * MAX
USE = PRIMARY + MAX + 1  # message, then call
HAS = USE + 2 * (MAX + 1)  # in use by those without a VPN, then by those with one
_AFTER = HAS + 2 * MAX
# pairs: by channel, and by kind of abuse
REACHABLE, SECURE, ISOLATED, CUT_OFF, ABROAD, VICTIMS = (_AFTER + 2 * k for k in range(6))
HAS_ABROAD, WELFARE, VPN, EXPOSED_USERS, N_COLUMNS = (VICTIMS + 2 + k for k in range(5))


@rule
def primary(talk: Record, rules: Record) -> int:
    """Return the messenger with most communication, ``CELLULAR`` for who uses none."""
    best, most = CELLULAR, 0.0
    for p in range(rules.n_messengers):
        amount = communication_share(talk, p, rules)
        if amount > most:
            best, most = p, amount
    return best


@rule
def is_exposed(talk: Record, now: Now, rules: Record) -> int:
    """Say whether the state can read more than ``EXPOSED`` of a user's talk by messenger."""
    visible, total = 0.0, 0.0
    for p in range(rules.n_messengers):
        amount = communication_share(talk, p, rules)
        visible += amount * now.force.access[p]
        total += amount
    return int(visible > EXPOSED * total)


@rule
def add_messengers(user: Record, talk: Record, rules: Record, row: F64) -> None:
    """Add what a user has and opens."""
    has, held = in_use(user), HAS + MAX * (user.place & 1)
    for p in range(rules.n_messengers):
        if talk.openings[p] > 0.0:
            row[DAU + p] += p_seen(np.float64(talk.openings[p]))
        row[held + p] += has >> p & 1
        row[INSTALLED + p] += user.installed >> p & 1
        row[ACCOUNT + p] += user.account >> p & 1
        row[MANDATED + p] += user.mandated >> p & 1
        row[SECOND + p] += user.second >> p & 1
        row[CHATS + p] += talk.chats[p]
    row[VPN] += user.place & 1
    for a in range(MOST_KINDS):
        row[VICTIMS + a] += user.victim >> a & 1


@rule
def add_use(user: Record, talk: Record, rules: Record, row: F64) -> None:
    """Add what a user says where."""
    for c in range(2):
        weight = user.intensity * rules.channel_share[c]
        for p in range(MAX + 1):
            amount = weight * talk.use[c, p]
            row[USE + c * (MAX + 1) + p] += amount


@rule
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


class Tally(NamedTuple):
    """What is added up while all users take a step; `parts` are months that the step touches."""

    n_regions: int
    at_start: Records  # AT_START (n,)
    primary: U8  # (n,) messenger with most communication, written
    exposed: U8  # (n,) 1: the state can read much of one's talk, written
    opened: F32  # (n, MAX) openings in the month so far, written
    days: F64  # (parts,) days of the step in each month
    scale: F64  # (parts,) length of the month by days covered; 0: it does not end in the step
    sums: F64  # (chunks, cells, N_COLUMNS)
    months: F64  # (chunks, parts, cells, MAX) who was seen in the months that end


@rule
def observe(
    i: Int, chunk: Int, user: Record, talk: Record, now: Now, rules: Record, tally: Tally,
) -> None:  # fmt: skip
    """Add a user's columns to ``tally.sums[chunk, cell]``; note its primary and its exposure."""
    cell = cell_of(user, tally.n_regions)
    row = tally.sums[chunk, cell]
    add_messengers(user, talk, rules, row)
    add_use(user, talk, rules, row)
    add_ties(user, talk, tally.at_start[i], row)
    tally.primary[i] = primary(talk, rules)
    tally.exposed[i] = is_exposed(talk, now, rules)
    row[PRIMARY + tally.primary[i]] += 1.0
    row[EXPOSED_USERS] += tally.exposed[i]
    add_months(i, chunk, cell, talk, rules, tally)


@rule
def cell_of(user: Record, n_regions: int) -> np.int64:
    """Return the cell (age band x region x type) of a user; see `Cells`."""
    region = np.int64(user.place) // 2
    return (np.int64(user.band) * n_regions + region) * 3 + np.int64(user.type) + 1


@rule
def add_months(i: Int, chunk: Int, cell: Int, talk: Record, rules: Record, tally: Tally) -> None:
    """Add a step's openings to its months; count who was seen in those that end."""
    for k in range(tally.days.shape[0]):
        for p in range(rules.n_messengers):
            tally.opened[i, p] += talk.openings[p] * np.float32(tally.days[k])
            if tally.scale[k] > 0.0:
                if tally.opened[i, p] > 0.0:
                    seen = p_seen(tally.opened[i, p] * tally.scale[k])
                    tally.months[chunk, k, cell, p] += seen
                tally.opened[i, p] = 0.0
