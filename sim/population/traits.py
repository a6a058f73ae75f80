"""Compiled draws of the users' traits; each random number is addressed by trait and user."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammainccinv, gammaincinv, ndtr

from sim.config.settings import BAND_STARTS, BANDS, TYPES, ByBand, PopulationConfig
from sim.kernel import inverse_cdfs, rng
from sim.kernel.arrays import F32, F64, I8, I64, U8, U64, Flags
from sim.kernel.compiled import jit_loop
from sim.population.ages import FIRST_AGE, LAST_AGE

FAMILY = 6  # users next to each other, about a kin cluster
_SPAN = 8.3  # half width of the table over standard normal numbers; no draw is beyond it
_STEPS = 32_768  # of the table; between them the logarithm of a quantile errs by less than 1e-7
_LEAST = -800.0  # used as the logarithm of 0


class Keys(NamedTuple):
    """Random keys by trait."""

    age: np.uint64
    internet: np.uint64
    smartphone: np.uint64
    vpn: np.uint64
    abroad: np.uint64
    type: np.uint64
    concern: np.uint64
    intensity: np.uint64
    segment: U64  # (n_segments,)
    taste: U64  # (n_platforms,)
    family: U64  # (n_platforms,)


class TraitDistributions(NamedTuple):
    """The distributions of all traits."""

    keys: Keys
    age: F64  # (89,) cumulative shares of ages 12 to 100
    band: U8  # (LAST_AGE + 1,) of an age
    no_internet: F64  # (n_bands,) shares
    no_smartphone: F64
    vpn: F64
    abroad: float
    type: F64  # (3,) cumulative
    first_age: I64  # (n_segments,) [years]
    last_age: I64
    member: F64  # (n_segments,) share of these ages
    concern_median: float
    concern_sd: float
    intensity: F64  # (_STEPS + 1,) logarithm at standard normal numbers
    taste_own: float  # weights of a user's own and its family's taste [TASTE_UNIT]
    taste_family: float


def make_distributions(
    config: PopulationConfig, ages: F64, n_platforms: int, taste_unit: float, seed: int
) -> TraitDistributions:
    """Return the distributions of `config`; `ages`: shares of ages 12 to 100, shape (89,)."""
    segments = list(config.segments.values())
    return TraitDistributions(
        keys=_keys(config, n_platforms, seed),
        age=np.cumsum(ages),
        band=(
            np.searchsorted(BAND_STARTS, np.arange(LAST_AGE + 1), side="right").clip(1) - 1
        ).astype(np.uint8),
        no_internet=_by_band(config.no_internet),
        no_smartphone=_by_band(config.no_smartphone),
        vpn=_by_band(config.vpn),
        abroad=config.abroad.share,
        type=np.cumsum([config.types[name] for name in TYPES]),
        first_age=np.array([s.age_from for s in segments], np.int64),
        last_age=np.array([s.age_to for s in segments], np.int64),
        member=np.array([s.share for s in segments], np.float64),
        concern_median=config.concern_median,
        concern_sd=config.concern_sd,
        intensity=gamma_table(config.intensity_shape),
        taste_own=math.sqrt(1.0 - config.taste_shared) / taste_unit,
        taste_family=math.sqrt(config.taste_shared) / taste_unit,
    )


def _keys(config: PopulationConfig, n_platforms: int, seed: int) -> Keys:
    def key(trait: str) -> np.uint64:
        return rng.purpose_key(seed, 0, f"population.{trait}")

    def many(*traits: str) -> U64:
        return np.array([key(trait) for trait in traits], np.uint64)

    platforms = range(n_platforms)
    return Keys(
        age=key("age"),
        internet=key("internet"),
        smartphone=key("smartphone"),
        vpn=key("vpn"),
        abroad=key("abroad"),
        type=key("type"),
        concern=key("concern"),
        intensity=key("intensity"),
        segment=many(*(f"segment.{name}" for name in config.segments)),
        taste=many(*(f"taste.{platform}" for platform in platforms)),
        family=many(*(f"family_taste.{platform}" for platform in platforms)),
    )


def _by_band(shares: ByBand) -> F64:
    return np.array([shares[band] for band in BANDS], np.float64)


@lru_cache(maxsize=4)
def gamma_table(shape: float) -> F64:
    """Return logarithms of quantiles of Gamma(shape, scale 1/shape), shape (_STEPS + 1,).

    The mean is 1; the table is over standard normal numbers, where it is smooth.
    """
    z = np.linspace(-_SPAN, _SPAN, _STEPS + 1)
    quantiles = np.where(z < 0, gammaincinv(shape, ndtr(z)), gammainccinv(shape, ndtr(-z)))
    with np.errstate(divide="ignore"):
        table: F64 = np.maximum(np.log(quantiles / shape), _LEAST)
    table.flags.writeable = False
    return table


@jit_loop
def draw_people(
    first: int, last: int, law: TraitDistributions, age: U8, band: U8, segments: U8, kind: I8,
    online: Flags, vpn: Flags, abroad: Flags,
) -> None:  # fmt: skip
    """Draw the discrete traits of the users `first` to `last` - 1."""
    keys = law.keys
    for i in range(first, last):
        years = FIRST_AGE + inverse_cdfs.pick(law.age, rng.uniform(keys.age, i))
        b = law.band[years]
        age[i], band[i] = years, b
        kind[i] = inverse_cdfs.pick(law.type, rng.uniform(keys.type, i)) - 1
        online[i] = (
            rng.uniform(keys.internet, i) >= law.no_internet[b]
            and rng.uniform(keys.smartphone, i) >= law.no_smartphone[b]
        )
        vpn[i] = online[i] and rng.uniform(keys.vpn, i) < law.vpn[b]
        abroad[i] = online[i] and rng.uniform(keys.abroad, i) < law.abroad
        mask = 0
        for k in range(law.member.size):
            if law.first_age[k] <= years <= law.last_age[k]:
                mask |= int(rng.uniform(keys.segment[k], i) < law.member[k]) << k
        segments[i] = mask


@jit_loop
def draw_amounts(
    first: int, last: int, law: TraitDistributions, concern: F32, intensity: F32
) -> None:
    """Draw log-normal concern and gamma intensity of the users `first` to `last` - 1."""
    for i in range(first, last):
        z = inverse_cdfs.normal(rng.uniform(law.keys.concern, i))
        concern[i] = law.concern_median * math.exp(law.concern_sd * z)
        z = inverse_cdfs.normal(rng.uniform(law.keys.intensity, i))
        intensity[i] = math.exp(_between(law.intensity, z))


@jit_loop
def _between(table: F64, z: float) -> float:
    """Return the value of a table at the standard normal number `z`."""
    at = (z + _SPAN) * (_STEPS / (2.0 * _SPAN))
    left = min(max(int(at), 0), _STEPS - 1)
    return float(table[left] + (at - left) * (table[left + 1] - table[left]))


@jit_loop
def draw_taste(first: int, last: int, law: TraitDistributions, taste: I8) -> None:
    """Draw standard normal tastes; families of ``FAMILY`` users share a part of the variance.

    Each platform has its own key, so adding one does not change the others.
    """
    for platform in range(taste.shape[1]):
        shared, family = 0.0, -1
        for i in range(first, last):
            if i // FAMILY != family:
                family = i // FAMILY
                quantile = rng.uniform(law.keys.family[platform], family)
                shared = law.taste_family * inverse_cdfs.normal(quantile)
            own = law.taste_own * inverse_cdfs.normal(rng.uniform(law.keys.taste[platform], i))
            taste[i, platform] = min(max(math.floor(own + shared + 0.5), -127), 127)
