"""What is observed of each user, added up by cell while it takes its step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim import aligned
from sim.compiled import rule
from sim.octets import (
    WIDTH,
    Octet,
    add_to,
    beside,
    bits_of,
    bytes_of,
    flags,
    largest,
    lowest,
    octet_of,
    read,
    splat,
    total,
    where,
)
from sim.rules.activity import p_seen
from sim.rules.fixed import (
    OPENED_STEPS,
    SHARE_STEPS,
    intensity,
    read_steps,
    share_steps,
    write_steps,
)
from sim.rules.habit import communication_shares
from sim.rules.records import CELLULAR, F32, F64, U8, U16, Int, Now, Record, Records
from sim.rules.word import in_use
from sim.world.arrays import Flags

ISOLATION = 0.30  # a user is isolated who lost more than this share of reachable weighted ties
EXPOSED = 0.10  # a user is exposed of whose talk by messenger the state can read more than this

# Columns of the sums, eight together (`add_to`); messengers, and cellular beside them, take eight.
DAU, INSTALLED, ACCOUNT, MANDATED, SECOND, CHATS, PRIMARY = (k * WIDTH for k in range(7))
USE = 7 * WIDTH  # message, then call
HAS = USE + 2 * WIDTH  # in use by those without a VPN, then by those with one
_AFTER = HAS + 2 * WIDTH
# pairs: by channel, and by kind of abuse
REACHABLE, SECURE, ISOLATED, CUT_OFF, ABROAD, VICTIMS = (_AFTER + 2 * k for k in range(6))
HAS_ABROAD, WELFARE, VPN, EXPOSED_USERS, N_COLUMNS = (VICTIMS + 2 + k for k in range(5))


@rule
def primary(talk: Record, rules: Record) -> int:
    """Return the messenger with most communication, ``CELLULAR`` for who uses none."""
    return most_used(communication_shares(talk, rules))


@rule
def most_used(shares: Octet) -> int:
    """Return the messenger with the largest share of communication; see `primary`."""
    most = largest(shares)
    return lowest(bits_of(shares == most)) if most > 0.0 else CELLULAR


@rule
def is_exposed(talk: Record, now: Now, rules: Record) -> int:
    """Say whether the state can read more than ``EXPOSED`` of a user's talk by messenger."""
    return can_be_read(communication_shares(talk, rules), now)


@rule
def can_be_read(shares: Octet, now: Now) -> int:
    """Say whether the state can read more than ``EXPOSED`` of what is said by messenger."""
    return int(total(shares * read(now.force.access)) > EXPOSED * total(shares))


@rule
def add_bits(row: F32, at: Int, bits: Int) -> None:
    """Count a user at the messengers `bits`."""
    add_to(row, at, where(flags(bits), 1.0, 0.0))


@rule
def add_messengers(user: Record, talk: Record, row: F32) -> None:
    """Add what a user has and opens."""
    add_to(row, DAU, p_seen(read(talk.openings)))
    add_bits(row, HAS + WIDTH * (user.place & 1), in_use(user))
    add_bits(row, INSTALLED, user.installed)
    add_bits(row, ACCOUNT, user.account)
    add_bits(row, MANDATED, user.mandated)
    add_bits(row, SECOND, user.second)
    add_to(row, CHATS, bytes_of(talk.chats))


@rule
def add_use(user: Record, talk: Record, rules: Record, row: F32) -> None:
    """Add what a user says where."""
    for c in range(2):
        use = beside(read(talk.use[c]), talk.use[c, CELLULAR])
        add_to(row, USE + WIDTH * c, (intensity(user) * rules.channel_share[c]) * use)


@rule
def is_lost(share: float, before: Int) -> bool:
    """Say whether a share is less by more than ``ISOLATION`` than `before`, both in whole steps.

    Parameters
    ----------
    share : float
        As ``TALK`` has it.
    before : int
        At the start, as ``AT_START`` has it.
    """
    return bool(share_steps(share) < (1.0 - ISOLATION) * np.float32(before))


def are_lost(shares: F32, before: U16) -> Flags:
    """Return `is_lost` of many users."""
    steps = np.rint(np.minimum(shares.astype(np.float64), 1.0) * SHARE_STEPS)
    return np.asarray(steps < (1.0 - ISOLATION) * before.astype(np.float64))


@rule
def add_ties(talk: Record, at_start: Record, row: F32) -> None:
    """Add whom a user can reach, and whether it has lost many since the start."""
    reach, secure = talk.reachable, talk.secure
    before, secure_before = at_start.reachable, at_start.secure
    add_to(row, REACHABLE, octet_of(
        reach[0], reach[1], secure[0], secure[1],
        is_lost(reach[0], before[0]), is_lost(reach[1], before[1]),
        is_lost(secure[0], secure_before[0]), is_lost(secure[1], secure_before[1]),
    ))  # fmt: skip


@rule
def add_rest(user: Record, talk: Record, exposed: int, row: F32) -> None:
    """Add what remains: relatives abroad, abuse, VPN, welfare, exposure."""
    add_to(row, ABROAD, octet_of(
        talk.abroad[0], talk.abroad[1], user.victim & 1, user.victim >> 1 & 1,
        user.abroad, talk.welfare, user.place & 1, exposed,
    ))  # fmt: skip


class Tally(NamedTuple):
    """What is added up while all users take a step; `parts` are months that the step touches."""

    n_regions: int
    at_start: Records  # AT_START (n,)
    primary: U8  # (n,) messenger with most communication, written
    exposed: U8  # (n,) 1: the state can read much of one's talk, written
    opened: U16  # (n, MAX) openings in the month so far [1/4096], written
    days: F64  # (parts,) days of the step in each month
    scale: F64  # (parts,) length of the month by days covered; 0: it does not end in the step
    sums: F64  # (chunks, cells, N_COLUMNS)
    months: F64  # (chunks, parts, cells, WIDTH) who was seen in the months that end


@rule
def observe(
    i: Int, chunk: Int, user: Record, talk: Record, now: Now, rules: Record, tally: Tally,
    sums: F32,
) -> None:  # fmt: skip
    """Add a user's columns to ``sums[cell]``, those of its block; note primary and exposure."""
    cell = cell_of(user, tally.n_regions)
    row = sums[cell]
    shares = communication_shares(talk, rules)
    tally.primary[i], tally.exposed[i] = most_used(shares), can_be_read(shares, now)
    add_messengers(user, talk, row)
    add_use(user, talk, rules, row)
    add_ties(talk, tally.at_start[i], row)
    add_rest(user, talk, tally.exposed[i], row)
    row[PRIMARY + tally.primary[i]] += 1.0
    add_months(i, chunk, cell, talk, tally)


@rule
def carry(sums: F32, chunk: Int, tally: Tally) -> None:
    """Add the sums of a block, few enough users for single precision, to those of its chunk.

    A block lies in one region or two: most cells are empty.
    """
    for cell in range(sums.shape[0]):
        if has_users(sums[cell]):
            for column in range(N_COLUMNS):
                tally.sums[chunk, cell, column] += sums[cell, column]
                sums[cell, column] = 0.0


@rule
def has_users(row: F32) -> bool:
    """Say whether anybody was counted: each user has one primary messenger, or none."""
    n = np.float32(0.0)
    for k in range(WIDTH):
        n += row[PRIMARY + k]
    return bool(n > 0.0)


def block_sums(tally: Tally) -> F32:
    """Return where the users of a block are added up by cell, (cells, N_COLUMNS)."""
    return aligned.zeros(tally.sums.shape[1:], np.float32)


@rule
def cell_of(user: Record, n_regions: int) -> np.int64:
    """Return the cell (age band x region x type) of a user; see `Cells`."""
    region = np.int64(user.place) // 2
    return (np.int64(user.band) * n_regions + region) * 3 + np.int64(user.type) + 1


@rule
def add_months(i: Int, chunk: Int, cell: Int, talk: Record, tally: Tally) -> None:
    """Add a step's openings to its months; count who was seen in those that end."""
    openings, opened = read(talk.openings), read_steps(tally.opened[i], OPENED_STEPS)
    for k in range(tally.days.shape[0]):
        opened = opened + openings * np.float32(tally.days[k])
        if tally.scale[k] > 0.0:
            add_to(tally.months[chunk, k, cell], 0, p_seen(opened * np.float32(tally.scale[k])))
            opened = splat(0.0)
    write_steps(tally.opened[i], opened, OPENED_STEPS)
