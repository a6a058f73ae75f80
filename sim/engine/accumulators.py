"""Observation of users: sums over users by stratum, taken while they are in the caches.

A stratum is age band x region x type (sim/measures/strata.py).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim.engine.slots import KINDS, N_KINDS, in_order
from sim.kernel import aligned
from sim.kernel.arrays import F32, F64, I16, U8, U16, Int
from sim.kernel.bits import only
from sim.kernel.compiled import rule, rule_loop
from sim.kernel.vec8 import (
    WIDTH,
    Vec8,
    add_to,
    bits_of,
    bytes_of,
    count,
    insert_lane,
    largest,
    lowest,
    read,
    read_tile,
    splat,
    total,
    vec8_of,
)
from sim.rules.activity import p_seen
from sim.rules.channels import channel_shares
from sim.rules.fixed_point import (
    OPENED_STEPS,
    intensity,
    read_fixed_point,
    write_fixed_point,
)
from sim.rules.habit import communication_shares
from sim.rules.packed_state import in_use
from sim.rules.place import has_vpn, region_of
from sim.rules.records import MAX, Environment, Record
from sim.rules.search import benefit
from sim.rules.tiles import part, tiles, whole

EXPOSED = 0.10  # a user is exposed if the state can read more than this share of its communication
BENEFIT_STEPS = 512  # of a util, in which benefits are kept; cut off at -64 and 64


# Slots of the sums, for each tile of messengers (sim/rules/tiles.py). The first are sums of
# numbers (`add_to`), the others count users (`count`).
# An addition takes WIDTH columns: platforms (messengers, then cellular), or the slots of a line.
# slots.py makes one set of columns of those of all tiles.
_NUMBERS: dict[str, tuple[int, ...]] = {
    "dau": (WIDTH,),
    "chats": (WIDTH,),
    "reachable": (2,), "secure": (2,), "abroad": (2,), "welfare": (), "home_ties": (),
    "use": (2, WIDTH),
}  # fmt: skip
_COUNTS: dict[str, tuple[int, ...]] = {
    "has": (2, WIDTH),  # messengers in use, of users without a VPN, then with
    "installed": (WIDTH,),
    "second_phone": (WIDTH,),
    "account": (WIDTH,),
    "mandated": (WIDTH,),
    "victims": (2,), "has_abroad": (), "vpn": (),
    "primary": (WIDTH - 1,), "exposed": (),
}  # fmt: skip
SLOTS = in_order({**_NUMBERS, **_COUNTS})
_FIRST = {name: slot.first for name, slot in SLOTS.items()}
DAU, CHATS, _CONTACTS, USE = (_FIRST[name] for name in ("dau", "chats", "reachable", "use"))
HAS, INSTALLED, SECOND = (_FIRST[name] for name in ("has", "installed", "second_phone"))
ACCOUNT, MANDATED, PRIMARY = (_FIRST[name] for name in ("account", "mandated", "primary"))
VICTIMS, HAS_ABROAD = (_FIRST[name] for name in ("victims", "has_abroad"))
VPN, EXPOSED_USERS = (_FIRST[name] for name in ("vpn", "exposed"))
N_NUMBERS = HAS
N_COUNTS = sum(math.prod(shape) for shape in _COUNTS.values())
N_COLUMNS = N_NUMBERS + N_COUNTS


@rule
def primary(user: Record, step_record: Record, params: Record) -> int:
    """Return the messenger with most communication; the one after all for users of none."""
    return most_used(communication_shares(user, step_record), user, step_record, params)


@rule
def most_used(shares: Vec8, user: Record, step_record: Record, params: Record) -> int:
    """Return `primary`, from shares of communication by messenger of the first tile."""
    most = largest(shares)
    members = np.int64(bits_of((shares == most) & (shares > 0.0)))
    for o in range(1, tiles(params)):
        more = communication_shares(user, step_record, o)
        if largest(more) > most:
            most = largest(more)
            members = whole(bits_of((more == most) & (more > 0.0)), o)
    return lowest(members | only(len(params.base_openings)))


@rule
def is_exposed(user: Record, step_record: Record, env: Environment, params: Record) -> int:
    """Return 1 if the state can read more than ``EXPOSED`` of communication by messenger."""
    shares = communication_shares(user, step_record)
    return can_be_read(shares, user, step_record, env, params)


@rule
def can_be_read(
    shares: Vec8, user: Record, step_record: Record, env: Environment, params: Record
) -> int:
    """Return `is_exposed`, from shares of communication by messenger of the first tile."""
    readable, in_all = float(total(shares * read(env.effects.access))), float(total(shares))
    for o in range(1, tiles(params)):
        more = communication_shares(user, step_record, o)
        readable += total(more * read_tile(env.effects.access, o))
        in_all += total(more)
    return int(readable > EXPOSED * in_all)


@rule
def add_use(user: Record, step_record: Record, row: F32, first: Int, o: Int) -> None:
    """Add the communication of a user by channel and platform, relative to the average user."""
    amount, shares = intensity(user), channel_shares(user)
    for c in range(2):
        use = insert_lane(read_tile(step_record.use[c], o), step_record.use[c, -1])
        add_to(row, first + USE + WIDTH * c, (amount * shares[c]) * use)


@rule
def contacts(i: Int, user: Record, step_record: Record, params: Record) -> Vec8:
    """Return reachable, secure and abroad by channel, welfare, home ties: as the columns."""
    reach, secure, abroad = step_record.reachable, step_record.secure, step_record.abroad
    return vec8_of(
        reach[0], reach[1], secure[0], secure[1], abroad[0], abroad[1], step_record.welfare,
        home_ties(i, user, step_record, params),
    )  # fmt: skip


@rule
def home_ties(i: Int, user: Record, step_record: Record, params: Record) -> float:
    """Return the weight of ties in the country; without any, a user is its own partner."""
    return 1.0 - params.abroad_weight * user.abroad if step_record.partner != i else 0.0


@rule
def counted(user: Record, most: Int, exposed: Int, o: Int) -> np.int64:
    """Return the set of columns of tile `o`, from ``HAS`` on, that count a user."""
    vpn, victim = has_vpn(user.place), np.int64(user.victim) >> N_KINDS * o & KINDS
    bits = part(in_use(user), o) << WIDTH * vpn | part(user.installed, o) << INSTALLED - HAS
    bits |= part(user.second, o) << SECOND - HAS | part(user.account, o) << ACCOUNT - HAS
    bits |= part(user.mandated, o) << MANDATED - HAS
    bits |= victim << VICTIMS - HAS | np.int64(user.abroad) << HAS_ABROAD - HAS
    bits |= vpn << VPN - HAS | np.int64(exposed) << EXPOSED_USERS - HAS
    return bits | primary_lane(most, o) << PRIMARY - HAS


@rule
def primary_lane(most: Int, o: Int) -> np.int64:
    """Return the lane of tile `o` that counts a primary platform, as a set.

    The lane after its messengers is for all platforms beyond: of the last tile, cellular.
    """
    lane = np.int64(most) - MAX * o
    return only(min(lane, MAX)) if lane >= 0 else np.int64(0)


class Accumulators(NamedTuple):
    """What is observed in one step; `parts` is the number of months that the step touches."""

    n_regions: int
    primary: U8  # (n,) messenger with most communication, written
    exposed: U8  # (n,) 1: see `is_exposed`, written
    benefit: I16  # (n,) beta W_i + Y_i [1/512], written where a month ends; else (0,)
    opened: U16  # (n, P) openings in the month so far [1/4096], written; P = 6 B messengers
    days: F64  # (parts,) days of the step in each month
    scale: F64  # (parts,) days of the month by days covered; 0: it does not end in the step
    sums: F64  # (chunks, strata, B N_COLUMNS) tile by tile
    months: F64  # (chunks, parts, strata, B WIDTH) expected users seen in the months that end


class Sums(NamedTuple):
    """Sums of one block by stratum: few enough users for single precision and two bytes."""

    numbers: F32  # (strata, B N_NUMBERS)
    counts: U16  # (strata, B N_COUNTS, and room up to 64 in the last tile)


@rule
def observe(
    i: Int, chunk: Int, user: Record, step_record: Record, env: Environment, params: Record,
    accumulators: Accumulators, sums: Sums,
) -> None:  # fmt: skip
    """Add a user to the sums of its stratum; write its primary messenger, exposure, benefit."""
    stratum = stratum_of(user, accumulators.n_regions)
    row, reached = sums.numbers[stratum], contacts(i, user, step_record, params)
    shares = communication_shares(user, step_record)
    most = most_used(shares, user, step_record, params)
    exposed = can_be_read(shares, user, step_record, env, params)
    accumulators.primary[i], accumulators.exposed[i] = most, exposed
    if len(accumulators.benefit) > 0:
        steps = np.rint(BENEFIT_STEPS * benefit(user, step_record, env, params))
        accumulators.benefit[i] = np.int16(min(32767.0, max(-32767.0, steps)))
    for o in range(tiles(params)):
        first = N_NUMBERS * o
        add_to(row, first + DAU, p_seen(read_tile(step_record.openings, o)))
        add_to(row, first + CHATS, bytes_of(step_record.chats[o]))
        add_to(row, first + _CONTACTS, reached)
        add_use(user, step_record, row, first, o)
        seen = counted(user, most, exposed, o)
        count(sums.counts[stratum], N_COUNTS * o, seen)
        add_months(i, chunk, stratum, step_record, accumulators, o)


@rule
def flush(sums: Sums, chunk: Int, accumulators: Accumulators) -> None:
    """Add the sums of a block to those of its chunk, and set them to 0.

    The users of a block live in one region or two, so most strata are empty.
    """
    for stratum in range(sums.counts.shape[0]):
        if has_users(sums.counts[stratum]):
            row = accumulators.sums[chunk, stratum]
            for o in range(sums.counts.shape[1] // N_COUNTS):
                first, numbers, counts = N_COLUMNS * o, N_NUMBERS * o, N_COUNTS * o
                for column in range(N_NUMBERS):
                    row[first + column] += sums.numbers[stratum, numbers + column]
                    sums.numbers[stratum, numbers + column] = 0.0
                for column in range(N_COUNTS):
                    row[first + N_NUMBERS + column] += sums.counts[stratum, counts + column]
                    sums.counts[stratum, counts + column] = 0


@rule_loop
def reduce(by_chunk: F64, sums: F64) -> None:
    """Add up the sums of chunks, in their order, to those of all users; set them to 0.

    Empty strata are skipped: to add and clear all of them took a twentieth of a step of 100,000
    users.
    """
    for chunk in range(by_chunk.shape[0]):
        for stratum in range(by_chunk.shape[1]):
            row = by_chunk[chunk, stratum]
            if has_users(row[HAS:]):
                for column in range(row.shape[0]):
                    sums[stratum, column] += row[column]
                    row[column] = 0.0


@rule
def has_users(counts: U16 | F64) -> bool:
    """Say whether any user was counted: each is in one column of the first tile's `primary`."""
    n = np.int64(0)
    for k in range(MAX + 1):
        n += np.int64(counts[PRIMARY - HAS + k])
    return bool(n > 0)


def block_sums(accumulators: Accumulators) -> Sums:
    """Return the sums of an empty block."""
    n_strata, n_tiles = accumulators.sums.shape[1], accumulators.sums.shape[2] // N_COLUMNS
    return Sums(
        aligned.zeros((n_strata, n_tiles * N_NUMBERS), np.float32),
        # `count` adds to 64 columns, though a tile has fewer
        aligned.zeros((n_strata, n_tiles * N_COUNTS + 64 - N_COUNTS), np.uint16),
    )


@rule
def stratum_of(user: Record, n_regions: int) -> np.int64:
    """Return the number of a user's stratum (age band x region x type); see `Strata`."""
    band_and_region = np.int64(user.band) * n_regions + region_of(user.place)
    return band_and_region * 3 + np.int64(user.type) + 1


@rule
def add_months(
    i: Int, chunk: Int, stratum: Int, step_record: Record, accumulators: Accumulators, o: Int = 0
) -> None:
    """Add the openings of a step to its months; count users seen in the months that end."""
    openings, opened = (
        read_tile(step_record.openings, o),
        read_fixed_point(accumulators.opened[i], OPENED_STEPS, o),
    )
    for k in range(accumulators.days.shape[0]):
        opened = opened + openings * np.float32(accumulators.days[k])
        if accumulators.scale[k] > 0.0:
            add_to(
                accumulators.months[chunk, k, stratum], WIDTH * o,
                p_seen(opened * np.float32(accumulators.scale[k])),
            )  # fmt: skip
            opened = splat(0.0)
    write_fixed_point(accumulators.opened[i], opened, OPENED_STEPS, o)
