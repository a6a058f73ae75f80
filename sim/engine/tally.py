"""What is observed of each user, added up by cell while it takes its step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel import aligned
from sim.kernel.arrays import Flags
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.octets import (
    WIDTH,
    Octet,
    add_to,
    beside,
    bits_of,
    bytes_of,
    count,
    fma,
    largest,
    lowest,
    octet_of,
    read,
    splat,
    total,
)
from sim.rules.activity import p_seen
from sim.rules.fixed import (
    OPENED_STEPS,
    SHARE_STEPS,
    intensity,
    read_steps,
    write_steps,
)
from sim.rules.habit import communication_shares
from sim.rules.records import CELLULAR, F32, F64, U8, U16, Int, Now, Record, Records
from sim.rules.word import in_use

ISOLATION = 0.30  # a user is isolated who lost more than this share of reachable weighted ties
_WHOLE = 1.5 * 2.0**23  # numbers about it are whole
EXPOSED = 0.10  # a user is exposed of whose talk by messenger the state can read more than this

# Columns of the sums, eight together; messengers, and cellular beside them, take eight. The first
# are sums of numbers (`add_to`) ...
DAU, CHATS, _CONTACTS, USE = (k * WIDTH for k in range(4))  # USE: message, then call
REACHABLE, SECURE, ABROAD, WELFARE = (_CONTACTS + 2 * k for k in range(4))  # pairs: by channel
# ... the others count users (`count`). HAS: in use by those without a VPN, then by those with one
HAS, INSTALLED, SECOND, ACCOUNT, MANDATED, _FLAGS, PRIMARY = (
    USE + k * WIDTH for k in (2, 4, 5, 6, 7, 8, 9)
)
ISOLATED, CUT_OFF, VICTIMS = (_FLAGS + 2 * k for k in range(3))  # VICTIMS: by kind of abuse
HAS_ABROAD, VPN = VICTIMS + 2, VICTIMS + 3
EXPOSED_USERS, N_COLUMNS = PRIMARY + WIDTH - 1, PRIMARY + WIDTH
N_NUMBERS = HAS


@rule
def primary(talk: Record, rules: Record) -> int:
    """Return the messenger with most communication, ``CELLULAR`` for who uses none."""
    return most_used(communication_shares(talk, rules))


@rule
def most_used(shares: Octet) -> int:
    """Return the messenger with the largest share of communication; see `primary`."""
    return lowest(bits_of((shares == largest(shares)) & (shares > 0.0)) | 1 << CELLULAR)


@rule
def is_exposed(talk: Record, now: Now, rules: Record) -> int:
    """Say whether the state can read more than ``EXPOSED`` of a user's talk by messenger."""
    return can_be_read(communication_shares(talk, rules), now)


@rule
def can_be_read(shares: Octet, now: Now) -> int:
    """Say whether the state can read more than ``EXPOSED`` of what is said by messenger."""
    return int(total(shares * read(now.force.access)) > EXPOSED * total(shares))


@rule
def add_use(user: Record, talk: Record, rules: Record, row: F32) -> None:
    """Add what a user says where."""
    said = intensity(user)
    for c in range(2):
        use = beside(read(talk.use[c]), talk.use[c, CELLULAR])
        add_to(row, USE + WIDTH * c, (said * rules.channel_share[c]) * use)


@rule
def contacts(talk: Record) -> Octet:
    """Return how well a user reaches its contacts, in the order of the columns."""
    reach, secure, abroad = talk.reachable, talk.secure, talk.abroad
    return octet_of(
        reach[0], reach[1], secure[0], secure[1], abroad[0], abroad[1], talk.welfare, 0.0
    )


@rule
def lost(shares: Octet, at_start: Record) -> int:
    """Return the bits of shares that are less than the start's by more than ``ISOLATION``.

    Both are taken in whole steps; what is added puts the steps into the last digits of a number.

    Parameters
    ----------
    shares : octet
        `contacts`.
    """
    reach, secure = at_start.reachable, at_start.secure
    before = octet_of(reach[0], reach[1], secure[0], secure[1], 0.0, 0.0, 0.0, 0.0)
    steps = fma(shares, SHARE_STEPS, _WHOLE) - _WHOLE
    return bits_of(steps < (1.0 - ISOLATION) * before) & 0b1111


def are_lost(shares: F32, before: U16) -> Flags:
    """Return `lost` of many users."""
    steps = np.rint(np.minimum(shares.astype(np.float64), 1.0) * SHARE_STEPS)
    return np.asarray(steps < (1.0 - ISOLATION) * before.astype(np.float64))


@rule
def counted(user: Record, isolated: Int, most: Int, exposed: Int) -> np.int64:
    """Return the bits of the columns that count a user, from ``HAS`` on."""
    vpn = np.int64(user.place) & 1
    bits = in_use(user) << WIDTH * vpn | np.int64(user.installed) << INSTALLED - HAS
    bits |= np.int64(user.second) << SECOND - HAS | np.int64(user.account) << ACCOUNT - HAS
    bits |= np.int64(user.mandated) << MANDATED - HAS | np.int64(isolated) << ISOLATED - HAS
    bits |= np.int64(user.victim) << VICTIMS - HAS | np.int64(user.abroad) << HAS_ABROAD - HAS
    bits |= vpn << VPN - HAS | np.int64(exposed) << EXPOSED_USERS - HAS
    return bits | np.int64(1) << PRIMARY - HAS + most


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


class Sums(NamedTuple):
    """What a block adds up to by cell: few enough users for single precision, and two bytes."""

    numbers: F32  # (cells, N_NUMBERS)
    counts: U16  # (cells, N_COLUMNS - N_NUMBERS)


@rule
def observe(
    i: Int, chunk: Int, user: Record, talk: Record, now: Now, rules: Record, tally: Tally,
    sums: Sums,
) -> None:  # fmt: skip
    """Add a user's columns to those of its cell and block; note primary and exposure."""
    cell = cell_of(user, tally.n_regions)
    row, reached = sums.numbers[cell], contacts(talk)
    shares = communication_shares(talk, rules)
    most, exposed = most_used(shares), can_be_read(shares, now)
    tally.primary[i], tally.exposed[i] = most, exposed
    add_to(row, DAU, p_seen(read(talk.openings)))
    add_to(row, CHATS, bytes_of(talk.chats))
    add_to(row, _CONTACTS, reached)
    add_use(user, talk, rules, row)
    count(sums.counts[cell], 0, counted(user, lost(reached, tally.at_start[i]), most, exposed))
    add_months(i, chunk, cell, talk, tally)


@rule
def carry(sums: Sums, chunk: Int, tally: Tally) -> None:
    """Add the sums of a block to those of its chunk.

    A block lies in one region or two: most cells are empty.
    """
    for cell in range(sums.counts.shape[0]):
        if has_users(sums.counts[cell]):
            row = tally.sums[chunk, cell]
            for column in range(N_NUMBERS):
                row[column] += sums.numbers[cell, column]
                sums.numbers[cell, column] = 0.0
            for column in range(N_COLUMNS - N_NUMBERS):
                row[N_NUMBERS + column] += sums.counts[cell, column]
                sums.counts[cell, column] = 0


@rule_loop
def collect(by_chunk: F64, sums: F64) -> None:
    """Add the sums of chunks up, in their order, to those of all users; leave zeros.

    A chunk lies in few regions: most of its cells are empty, and to add and to clear them all
    took a twentieth of a step of 100,000 users.
    """
    for chunk in range(by_chunk.shape[0]):
        for cell in range(by_chunk.shape[1]):
            row = by_chunk[chunk, cell]
            if has_users(row[HAS:]):
                for column in range(N_COLUMNS):
                    sums[cell, column] += row[column]
                    row[column] = 0.0


@rule
def has_users(counts: U16 | F64) -> bool:
    """Say whether anybody was counted: each user has one primary messenger, or none."""
    n = np.int64(0)
    for k in range(CELLULAR + 1):
        n += np.int64(counts[PRIMARY - HAS + k])
    return bool(n > 0)


def block_sums(tally: Tally) -> Sums:
    """Return where the users of a block are added up by cell."""
    n_cells = tally.sums.shape[1]
    return Sums(
        aligned.zeros((n_cells, N_NUMBERS), np.float32),
        aligned.zeros((n_cells, N_COLUMNS - N_NUMBERS), np.uint16),
    )


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
