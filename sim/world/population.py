"""The users: age, region, segment, type, phone, intensity of talk and tastes, drawn once."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from sim import rng
from sim.errors import ConfigError
from sim.world.settings import BAND_STARTS, BANDS, TYPES, ByBand, PopulationConfig

FIRST_AGE, LAST_AGE = 12, 100  # youngest and oldest user [years]; the last stands for "100+"
_GROUP = re.compile(r"(\d{1,3})(?:-(\d{1,3})|\+)")
FAMILY = 6  # users next to each other, about a kin cluster
_HALF_STEP = 2.0**-54  # moves a uniform off 0, where an inverse CDF is infinite


@dataclass(frozen=True)
class Population:
    """Users 0 to n-1, numbered region by region: the position is the place.

    Neighbours in number are neighbours in space; the generators form households and classes of
    users with close numbers.
    """

    age: NDArray[np.uint8]  # (n,) [years]
    band: NDArray[np.uint8]  # (n,) index in settings.BANDS
    region: NDArray[np.uint8]  # (n,) index in the order of config.regions
    segments: NDArray[np.uint8]  # (n,) bit k: member of the k-th segment of config.segments
    type: NDArray[np.int8]  # (n,) -1 state_averse, 0 indifferent, +1 foreign_averse
    online: NDArray[np.bool_]  # (n,) has internet and a smartphone
    vpn: NDArray[np.bool_]  # (n,) gets around blocks at the start; implies online
    abroad: NDArray[np.bool_]  # (n,) somebody close lives abroad; implies online
    concern: NDArray[np.float32]  # (n,) kappa_i, how much being read matters
    intensity: NDArray[np.float32]  # (n,) how much a user talks, mean 1
    taste: NDArray[np.float32]  # (n, n_platforms) standard normal

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        return self.age.size


def draw_population(
    config: PopulationConfig, ages: Path, n_platforms: int, seed: int
) -> Population:
    """Draw the users; each trait has its own addressed numbers, so none can shift another.

    Parameters
    ----------
    config
        Sizes and shares.
    ages
        CSV with columns age,male,female in five-year groups [persons].
    n_platforms
        Columns of `taste`.
    seed
        Seed of the world.
    """
    n = config.n_users
    cumulative = np.cumsum(age_shares(ages))
    age = FIRST_AGE + _pick(cumulative, _uniforms(seed, "age", n))
    band = np.searchsorted(BAND_STARTS, age, side="right") - 1
    online = (_uniforms(seed, "internet", n) >= _by_band(config.no_internet)[band]) & (
        _uniforms(seed, "smartphone", n) >= _by_band(config.no_smartphone)[band]
    )
    types = np.cumsum([config.types[name] for name in TYPES])
    sizes = region_sizes(np.array(list(config.regions.values())), n)
    return Population(
        age=age.astype(np.uint8),
        band=band.astype(np.uint8),
        region=np.repeat(np.arange(sizes.size, dtype=np.uint8), sizes),
        segments=_segments(config, age, seed),
        type=(_pick(types, _uniforms(seed, "type", n)) - 1).astype(np.int8),
        online=online,
        vpn=online & (_uniforms(seed, "vpn", n) < _by_band(config.vpn)[band]),
        abroad=online & (_uniforms(seed, "abroad", n) < config.abroad.share),
        concern=_concern(config, _uniforms(seed, "concern", n)),
        intensity=_intensity(config.intensity_shape, _uniforms(seed, "intensity", n)),
        taste=_taste(n, n_platforms, config.taste_shared, seed),
    )


def age_shares(path: Path) -> NDArray[np.float64]:
    """Read the age pyramid, shape (89,): share of each age 12 to 100 among users, sum 1.

    People of a five-year group are spread evenly over its years; "100+" counts as 100.
    """
    persons = np.zeros(LAST_AGE + 1)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"age", "male", "female"} - set(rows.fieldnames or ())
            if missing:
                raise ConfigError(
                    f"{path}: no column {', '.join(sorted(missing))}; "
                    "the first line must name age, male and female"
                )
            for row in rows:
                first, last, count = _age_group(row, f"{path}, line {rows.line_num}")
                persons[first : last + 1] += count / (last - first + 1)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot read the age table: {error}") from error
    users = persons[FIRST_AGE:]
    if users.sum() <= 0:
        raise ConfigError(f"{path}: nobody is {FIRST_AGE} or older")
    return users / users.sum()


def _age_group(row: dict[str, str | None], where: str) -> tuple[int, int, float]:
    """Return first age, last age and number of persons of a line."""
    label = (row["age"] or "").strip()
    match = _GROUP.fullmatch(label)
    first = int(match[1]) if match else -1
    last = int(match[2] or match[1]) if match else -1
    if not 0 <= first <= last <= LAST_AGE:
        raise ConfigError(
            f"{where}: age is {label!r}, allowed are groups like 15-19 or 100+, up to {LAST_AGE}"
        )
    count = 0.0
    for sex in ("male", "female"):
        try:
            value = float(row[sex] or "")
        except ValueError:
            value = -1.0
        if not 0 <= value < np.inf:
            raise ConfigError(f"{where}: {sex} is {row[sex]!r}, it must be a number from 0")
        count += value
    return first, last, count


def region_sizes(shares: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Cut `n` users by `shares`, shape (n_regions,), by the method of the largest remainder."""
    exact = shares / shares.sum() * n
    sizes = np.floor(exact).astype(np.int64)
    largest = np.argsort(sizes - exact, kind="stable")[: n - sizes.sum()]
    sizes[largest] += 1
    return sizes


def normals(key: np.uint64, n: int) -> NDArray[np.float64]:
    """Return standard normal numbers 0 to `n` - 1 under `key`, shape (n,)."""
    normal: NDArray[np.float64] = ndtri(rng.uniforms(key, n) + _HALF_STEP)
    return normal


def _uniforms(seed: int, trait: str, n: int) -> NDArray[np.float64]:
    return rng.uniforms(rng.purpose_key(seed, 0, f"population.{trait}"), n)


def _pick(cumulative: NDArray[np.float64], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index at which a cumulative law passes `u`; rounding cannot leave the law."""
    return np.searchsorted(cumulative[:-1], u, side="right")


def _by_band(shares: ByBand) -> NDArray[np.float64]:
    return np.array([shares[band] for band in BANDS])


def _segments(config: PopulationConfig, age: NDArray[np.int64], seed: int) -> NDArray[np.uint8]:
    """Return the bit masks; membership of one segment says nothing about another."""
    mask = np.zeros(age.size, dtype=np.uint8)
    for bit, (name, segment) in enumerate(config.segments.items()):
        member = (age >= segment.age_from) & (age <= segment.age_to)
        member &= _uniforms(seed, f"segment.{name}", age.size) < segment.share
        mask |= member.astype(np.uint8) << np.uint8(bit)
    return mask


def _intensity(shape: float, u: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return numbers of the law Gamma(shape, scale 1/shape), mean 1."""
    quantiles: NDArray[np.float64] = gammaincinv(shape, u + _HALF_STEP) / shape
    return quantiles.astype(np.float32)


def _concern(config: PopulationConfig, u: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return log-normal numbers."""
    normal: NDArray[np.float64] = ndtri(u + _HALF_STEP)
    concern: NDArray[np.float64] = config.concern_median * np.exp(config.concern_sd * normal)
    return concern.astype(np.float32)


def _taste(n: int, n_platforms: int, shared: float, seed: int) -> NDArray[np.float32]:
    """Return standard normals, of which families of ``FAMILY`` users share the variance `shared`.

    A key a platform, so that one more platform moves no other.
    """
    taste = np.empty((n, n_platforms), dtype=np.float32)
    for platform in range(n_platforms):
        own, family = (
            ndtri(_uniforms(seed, f"{what}.{platform}", n) + _HALF_STEP)
            for what in ("taste", "family_taste")
        )
        family = family[np.arange(n) // FAMILY]
        taste[:, platform] = np.sqrt(1.0 - shared) * own + np.sqrt(shared) * family
    return taste
