"""What is observed of each user, added up by cell while it takes its step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel import aligned
from sim.kernel.arrays import Flags
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.vec8 import (
    WIDTH,
    Vec8,
    add_to,
    bits_of,
    bytes_of,
    count,
    fma,
    insert_lane,
    largest,
    lowest,
    read,
    splat,
    total,
    vec8_of,
)
from sim.rules.activity import p_seen
from sim.rules.fixed_point import (
    OPENED_STEPS,
    SHARE_STEPS,
    intensity,
    read_fixed_point,
    write_fixed_point,
)
from sim.rules.habit import communication_shares
from sim.rules.packed_state import in_use
from sim.rules.records import CELLULAR, F32, F64, U8, U16, Environment, Int, Record, Records

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
def primary(step_record: Record, params: Record) -> int:
    """Return the messenger with most communication, ``CELLULAR`` for who uses none."""
    return most_used(communication_shares(step_record, params))


@rule
def most_used(shares: Vec8) -> int:
    """Return the messenger with the largest share of communication; see `primary`."""
    return lowest(bits_of((shares == largest(shares)) & (shares > 0.0)) | 1 << CELLULAR)


@rule
def is_exposed(step_record: Record, env: Environment, params: Record) -> int:
    """Say whether the state can read more than ``EXPOSED`` of a user's talk by messenger."""
    return can_be_read(communication_shares(step_record, params), env)


@rule
def can_be_read(shares: Vec8, env: Environment) -> int:
    """Say whether the state can read more than ``EXPOSED`` of what is said by messenger."""
    return int(total(shares * read(env.effects.access)) > EXPOSED * total(shares))


@rule
def add_use(user: Record, step_record: Record, params: Record, row: F32) -> None:
    """Add what a user says where."""
    said = intensity(user)
    for c in range(2):
        use = insert_lane(read(step_record.use[c]), step_record.use[c, CELLULAR])
        add_to(row, USE + WIDTH * c, (said * params.channel_share[c]) * use)


@rule
def contacts(step_record: Record) -> Vec8:
    """Return how well a user reaches its contacts, in the order of the columns."""
    reach, secure, abroad = step_record.reachable, step_record.secure, step_record.abroad
    return vec8_of(
        reach[0], reach[1], secure[0], secure[1], abroad[0], abroad[1], step_record.welfare, 0.0
    )


@rule
def lost(shares: Vec8, at_start: Record) -> int:
    """Return the bits of shares that are less than the start's by more than ``ISOLATION``.

    Both are taken in whole steps; what is added puts the steps into the last digits of a number.

    Parameters
    ----------
    shares : octet
        `contacts`.
    """
    reach, secure = at_start.reachable, at_start.secure
    before = vec8_of(reach[0], reach[1], secure[0], secure[1], 0.0, 0.0, 0.0, 0.0)
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


class Accumulators(NamedTuple):
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
    i: Int, chunk: Int, user: Record, step_record: Record, env: Environment, params: Record,
    accumulators: Accumulators, sums: Sums,
) -> None:  # fmt: skip
    """Add a user's columns to those of its cell and block; note primary and exposure."""
    stratum = stratum_of(user, accumulators.n_regions)
    row, reached = sums.numbers[stratum], contacts(step_record)
    shares = communication_shares(step_record, params)
    most, exposed = most_used(shares), can_be_read(shares, env)
    accumulators.primary[i], accumulators.exposed[i] = most, exposed
    add_to(row, DAU, p_seen(read(step_record.openings)))
    add_to(row, CHATS, bytes_of(step_record.chats))
    add_to(row, _CONTACTS, reached)
    add_use(user, step_record, params, row)
    count(
        sums.counts[stratum], 0,
        counted(user, lost(reached, accumulators.at_start[i]), most, exposed),
    )  # fmt: skip
    add_months(i, chunk, stratum, step_record, accumulators)


@rule
def flush(sums: Sums, chunk: Int, accumulators: Accumulators) -> None:
    """Add the sums of a block to those of its chunk.

    A block lies in one region or two: most cells are empty.
    """
    for stratum in range(sums.counts.shape[0]):
        if has_users(sums.counts[stratum]):
            row = accumulators.sums[chunk, stratum]
            for column in range(N_NUMBERS):
                row[column] += sums.numbers[stratum, column]
                sums.numbers[stratum, column] = 0.0
            for column in range(N_COLUMNS - N_NUMBERS):
                row[N_NUMBERS + column] += sums.counts[stratum, column]
                sums.counts[stratum, column] = 0


@rule_loop
def reduce(by_chunk: F64, sums: F64) -> None:
    """Add the sums of chunks up, in their order, to those of all users; leave zeros.

    A chunk lies in few regions: most of its cells are empty, and to add and to clear them all
    took a twentieth of a step of 100,000 users.
    """
    for chunk in range(by_chunk.shape[0]):
        for stratum in range(by_chunk.shape[1]):
            row = by_chunk[chunk, stratum]
            if has_users(row[HAS:]):
                for column in range(N_COLUMNS):
                    sums[stratum, column] += row[column]
                    row[column] = 0.0


@rule
def has_users(counts: U16 | F64) -> bool:
    """Say whether anybody was counted: each user has one primary messenger, or none."""
    n = np.int64(0)
    for k in range(CELLULAR + 1):
        n += np.int64(counts[PRIMARY - HAS + k])
    return bool(n > 0)


def block_sums(accumulators: Accumulators) -> Sums:
    """Return where the users of a block are added up by cell."""
    n_strata = accumulators.sums.shape[1]
    return Sums(
        aligned.zeros((n_strata, N_NUMBERS), np.float32),
        aligned.zeros((n_strata, N_COLUMNS - N_NUMBERS), np.uint16),
    )


@rule
def stratum_of(user: Record, n_regions: int) -> np.int64:
    """Return the cell (age band x region x type) of a user; see `Strata`."""
    region = np.int64(user.place) // 2
    return (np.int64(user.band) * n_regions + region) * 3 + np.int64(user.type) + 1


@rule
def add_months(
    i: Int, chunk: Int, stratum: Int, step_record: Record, accumulators: Accumulators
) -> None:
    """Add a step's openings to its months; count who was seen in those that end."""
    openings, opened = (
        read(step_record.openings),
        read_fixed_point(accumulators.opened[i], OPENED_STEPS),
    )
    for k in range(accumulators.days.shape[0]):
        opened = opened + openings * np.float32(accumulators.days[k])
        if accumulators.scale[k] > 0.0:
            add_to(
                accumulators.months[chunk, k, stratum], 0,
                p_seen(opened * np.float32(accumulators.scale[k])),
            )  # fmt: skip
            opened = splat(0.0)
    write_fixed_point(accumulators.opened[i], opened, OPENED_STEPS)
