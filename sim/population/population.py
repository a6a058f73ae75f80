"""The users: age, region, segment, type, phone, intensity of talk and tastes, drawn once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from sim.config.settings import PopulationConfig
from sim.kernel import rng
from sim.kernel.arrays import F32, F64, I8, I64, U8, Flags
from sim.kernel.inverse_cdfs import HALF_STEP
from sim.kernel.parallel_map import each, ranges
from sim.population.ages import age_shares
from sim.population.traits import draw_amounts, draw_people, draw_taste, make_distributions

TASTE_UNIT = 1 / 32  # of `taste` [standard deviations]
_CHUNK = 65_536  # users drawn together


@dataclass(frozen=True)
class Population:
    """Users 0 to n-1, numbered region by region.

    Neighbours in number are neighbours in space; the generators form households and classes of
    users with close numbers.
    """

    age: U8  # (n,) [years]
    band: U8  # (n,) index in settings.BANDS
    region: U8  # (n,) index in the order of config.regions
    segments: U8  # (n,) or U32: bit k: member of the k-th segment of config.segments
    type: I8  # (n,) -1 state_averse, 0 indifferent, +1 foreign_averse
    online: Flags  # (n,) has internet and a smartphone
    vpn: Flags  # (n,) uses a VPN at the start; implies online
    abroad: Flags  # (n,) has a close contact abroad; implies online
    concern: F32  # (n,) kappa_i, weight of being read
    intensity: F32  # (n,) amount of communication, mean 1
    taste: I8  # (n, n_platforms) standard normal, in units of TASTE_UNIT, cut off at 127

    @property
    def n_users(self) -> int:
        """Return the number of users."""
        return self.age.size


def draw_population(
    config: PopulationConfig,
    ages: Path,
    n_platforms: int,
    seed: int,
    n_threads: int | None = None,
) -> Population:
    """Draw the users; each trait has its own random numbers, so traits do not affect each other.

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
    n_threads
        Threads that draw, all cores if None; no number depends on it.
    """
    n = config.n_users
    sizes = region_sizes(np.array(list(config.regions.values())), n)
    users = Population(
        age=np.empty(n, np.uint8),
        band=np.empty(n, np.uint8),
        region=np.repeat(np.arange(sizes.size, dtype=np.uint8), sizes),
        segments=np.empty(n, np.uint8 if len(config.segments) <= 8 else np.uint32),
        type=np.empty(n, np.int8),
        online=np.empty(n, np.bool_),
        vpn=np.empty(n, np.bool_),
        abroad=np.empty(n, np.bool_),
        concern=np.empty(n, np.float32),
        intensity=np.empty(n, np.float32),
        taste=np.empty((n, n_platforms), np.int8),
    )
    laws = make_distributions(config, age_shares(ages), n_platforms, TASTE_UNIT, seed)

    def draw(chunk: tuple[int, int]) -> None:
        draw_people(
            *chunk, laws, users.age, users.band, users.segments, users.type, users.online,
            users.vpn, users.abroad,
        )  # fmt: skip
        draw_amounts(*chunk, laws, users.concern, users.intensity)
        draw_taste(*chunk, laws, users.taste)

    each(draw, ranges(n, _CHUNK), n_threads)
    return users


def region_sizes(shares: F64, n: int) -> I64:
    """Cut `n` users by `shares`, shape (n_regions,), by the method of the largest remainder."""
    exact = shares / shares.sum() * n
    sizes = np.floor(exact).astype(np.int64)
    largest = np.argsort(sizes - exact, kind="stable")[: n - sizes.sum()]
    sizes[largest] += 1
    return sizes


def normals(key: np.uint64, n: int, first: int = 0) -> F64:
    """Return `n` standard normal numbers under `key`, from number `first` on, shape (n,)."""
    normal: F64 = ndtri(rng.uniforms(key, n, first) + HALF_STEP)
    return normal
