"""Abuse at the start and as it is counted: stationary, as observed (docs/verification.md, T13)."""

import numpy as np
import pytest

from sim import load_config
from sim.config.settings import BANDS
from sim.engine.offenders import follow, reach, start_abuse
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.slots import Slot
from sim.engine.threads import Threads
from sim.measures.abuse import MEASURES
from sim.measures.strata import Strata, groups
from sim.measures.sums import Sums
from sim.policies.abuse import Moderation
from sim.policies.circumvention import VpnBlocking
from sim.policies.restrictions import Restriction
from sim.rules import abuse
from sim.rules.records import CELLULAR, MAX
from tests.helpers.worlds import world

N_PLATFORMS = MAX + 1


def lands(kind, user, k, env):
    """Return the attempts on one user over platform `k` that arrive, 1 on average at the start."""
    return (
        kind.total
        * kind.share[k]
        * abuse.can_be_reached(user, k, kind.channel, env)
        / (kind.arriving)
    )


SMALL_WORLD = "population.n_users=2000"


def columns(config):
    return [*range(len(config.messengers)), CELLULAR]


def started(**changes):
    """Return the configuration, the state and what is in force at the start of a small world."""
    config, state = world(SMALL_WORLD)
    kinds = {name: kind.model_copy(update=changes) for name, kind in config.abuse.items()}
    config = config.model_copy(update={"abuse": kinds})
    state, env = state.copy(), PolicySchedule(config).at(0)
    start_abuse(config, state, env, Threads(1))
    return config, state, env


@pytest.mark.parametrize("response", [0.5, 2.0, 8.0])
def test_t13_the_start_is_stationary(response):
    _, state, env = started(response=response)
    before = state.abuse.share.copy()
    for _ in range(3):
        follow(state, env, Threads(1))
        assert state.abuse.share == pytest.approx(before, abs=1e-12)
        assert state.abuse.total == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("response", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("conversion", [{}, {"max": 0.3, "vk": 2.0}])
def test_attempts_arrive_at_the_start_as_observed(response, conversion):
    """Where nothing was observed, an attempt converts as configured relative to the average."""
    config, state, env = started(response=response, conversion=conversion)
    where = columns(config)
    for kind, observed, r in zip(
        state.abuse, config.abuse.values(), reach(state, env, Threads(1)), strict=True
    ):
        shares = np.array([observed.shares.get(n, 0) for n in (*config.messengers, "cellular")])
        arriving = (kind.share * r)[where]
        assert kind.arriving == pytest.approx(arriving.sum())
        known = shares > 0
        assert arriving[known] / arriving[known].sum() == pytest.approx(shares[known])
        conversion = kind.conversion[where]
        names = np.array([*config.messengers, "cellular"])
        relative = [observed.conversion.get(name, 1.0) for name in names[~known]]
        assert conversion[~known] / conversion[known].mean() == pytest.approx(relative)


def by_group(config, state, env):
    """Return attempts that arrive and incidents a person by group, of every kind."""
    strata, users = Strata(config, state.users), state.users
    has = np.zeros((strata.n, 2, MAX))
    for p in range(MAX):
        mine = (users.installed & users.account) >> p & 1
        np.add.at(has[:, :, p], (strata.of_users(0, len(users)), users.place & 1), mine)
    slots = {"has": Slot(0, (2, MAX))}
    sums = Sums(config, strata, has.reshape(1, strata.n, -1), slots, [env], state.abuse[None])
    value = {measure.name: measure.value for measure in MEASURES}
    kinds = range(len(state.abuse))
    return strata, [[value[name](sums, a)[0] for name in ("attempts", "incidents")] for a in kinds]


def test_attempts_and_incidents_average_one_at_the_start():
    config, state, env = started()
    _, found = by_group(config, state, env)
    everybody = groups(config).index("all")
    for attempts, incidents in found:
        assert attempts[everybody, columns(config)].sum() == pytest.approx(1, rel=1e-9)
        assert incidents[everybody] == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("restricted", [False, True])
def test_counts_by_stratum_give_what_users_one_by_one_do(restricted):
    config, state, env = started()
    if restricted:
        start = {"start": config.start}
        policies = {
            "calls": Restriction(
                platforms=("whatsapp",), channel="call", grade=0.8, regions=("volga",), **start
            ),
            "outage": Restriction(platforms=("telegram",), channel="message", grade=0.6, **start),
            "hunt": VpnBlocking(rate=0.05, **start),
            "effort": Moderation(platform="telegram", effort=0.5, **start),
        }
        env = PolicySchedule(config.model_copy(update={"policies": policies})).at(3)
        follow(state, env, Threads(1))
        assert (env.availability != 1).any()
        assert (state.abuse.total < 1).all()
    for kind, r in zip(state.abuse, reach(state, env, Threads(1)), strict=True):
        reached = [
            [abuse.can_be_reached(user, k, kind.channel, env) for k in range(N_PLATFORMS)]
            for user in state.users
        ]
        assert r == pytest.approx(np.mean(reached, axis=0), rel=1e-9)
    strata, found = by_group(config, state, env)
    for kind, (attempts, incidents) in zip(state.abuse, found, strict=True):
        landed, suffered = np.zeros((strata.n, N_PLATFORMS)), np.zeros(strata.n)
        for at, user in zip(strata.of_users(0, state.n_users), state.users, strict=True):
            landed[at] += [lands(kind, user, k, env) for k in range(N_PLATFORMS)]
            suffered[at] += abuse.incidents(kind, user, env)
        people = strata.counts
        expected = strata.by_group(landed) / people[:, None]
        assert attempts == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert incidents == pytest.approx(strata.by_group(suffered) / people, rel=1e-9, abs=1e-12)


def test_ages_are_as_vulnerable_relative_to_each_other_as_configured():
    config, state, _ = started()
    for kind, observed in zip(state.abuse, config.abuse.values(), strict=True):
        relative = np.array([observed.vulnerability[band] for band in BANDS])
        assert kind.vulnerability / kind.vulnerability[0] == pytest.approx(relative / relative[0])


def test_reach_is_the_share_of_users_with_the_messenger_where_nothing_fails():
    config, state, env = started()
    has = state.users.installed & state.users.account
    for r in reach(state, env, Threads(1)):
        expected = [(has >> p & 1).mean() for p in range(len(config.messengers))]
        assert r[: len(expected)] == pytest.approx(expected)
        assert r[CELLULAR] == 1


def test_without_kinds_nothing_is_followed():
    config = load_config("abuse=none", "population.n_users=60")
    assert config.abuse == {}
    _, state = world("abuse=none", "population.n_users=60")
    assert len(state.abuse) == 0
    assert reach(state, PolicySchedule(config).at(0), Threads(1)).shape == (0, N_PLATFORMS)


@pytest.mark.parametrize("response", [0.0, 2.0])
def test_nobody_tries_where_there_is_no_platform(response):
    config, state, env = started(response=response)
    for _ in range(5):
        follow(state, env, Threads(1))
    nowhere = [k for k in range(N_PLATFORMS) if k not in columns(config)]
    assert (state.abuse.share[:, nowhere] == 0).all()


def test_a_platform_that_stops_all_abuse_leaves_finite_numbers():
    config, state, env = started()
    platforms = dict(config.platforms)
    platforms["whatsapp"] = platforms["whatsapp"].model_copy(update={"moderation": 1.0})
    config = config.model_copy(update={"platforms": platforms})
    env = PolicySchedule(config).at(0)
    start_abuse(config, state, env, Threads(1))
    for name in ("share", "conversion", "vulnerability"):
        assert np.isfinite(state.abuse[name]).all(), name
