"""The start of beliefs and VPNs: at rest, and as observed."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit

from sim import load_config
from sim.config.settings import BANDS
from sim.engine.society import CLOSE, level_of, settle_beliefs, settle_skill
from sim.engine.start import prepare
from sim.engine.state import make_state
from sim.engine.threads import Threads
from sim.kernel.rng import purpose_key, uniforms
from sim.population.chats import seat
from sim.population.null_networks import build_rows
from sim.population.population import draw_population
from tests.helpers import theory
from tests.helpers.ties import csr
from tests.helpers.toys import BELIEF_UNIT, from_fixed_point, in_steps
from tests.helpers.worlds import advanced, simulation

ONE = Threads(1)


def unsettled(config):
    """Return the state of `config` before it is brought to its start."""
    population = draw_population(
        config.population, config.case.data / config.population.ages, len(config.messengers),
        config.seed,
    )  # fmt: skip
    rows = build_rows(population, config.network, config.seed)
    return make_state(config, population, rows, seat(population, config.population))


def opinionated(*overrides):
    """Return a world of 400 users whose types hold different beliefs."""
    beliefs = [
        f"platforms.{name}.belief={{state_averse: {a}, indifferent: {b}, foreign_averse: {c}}}"
        for name, a, b, c in (
            ("whatsapp", -3, 0, 1.5), ("max", 2, 1, -1), ("imo", 1, -1, 0), ("vk", 0.5, 0.5, 0.5),
        )
    ]  # fmt: skip
    return load_config("population.n_users=400", *beliefs, *overrides)


def weights(ties):
    """Return W: row i holds the shares of i's contacts; itself for who has none."""
    indptr, indices = csr(ties)
    n = len(indptr) - 1
    w = np.zeros((n, n))
    for i in range(n):
        row = indices[indptr[i] : indptr[i + 1]]
        if len(row):
            w[i, row] = ties.rank_weight[: len(row)] / ties.rank_total[len(row)]
        else:
            w[i, i] = 1.0
    return w


# Beliefs.


@pytest.mark.parametrize(
    ("peer", "forget"), [(0.01, 0.005), (0.05, 0.001), (0.002, 0.02), (0.2, 0.02)]
)
def test_beliefs_start_at_the_fixed_point_of_gossip_and_forgetting(peer, forget):
    """(f + g) L = f W L + g L0, solved here as a linear system."""
    config = opinionated(f"behaviour.peer_rate={peer}", f"behaviour.forget_rate={forget}")
    state = unsettled(config)
    settle_beliefs(config, state, ONE)
    prior = state.params.prior[state.users.type + 1]
    f, g = (1 - np.exp(-rate * config.step_days) for rate in (peer, forget))
    n = state.n_users
    rest = np.linalg.solve((f + g) * np.eye(n) - f * weights(state.ties), g * prior)
    contraction = f / (f + g)
    error = CLOSE * contraction / (1 - contraction)  # what is left when rounds stop
    believed = from_fixed_point(belief=state.users.belief)
    assert np.abs(believed - rest).max() < error + BELIEF_UNIT / 2 + 1e-5
    assert np.abs(rest - prior).max() > 0.1  # contacts do matter


def test_beliefs_at_rest_lie_between_the_priors():
    config = opinionated("behaviour.peer_rate=0.05")
    state = unsettled(config)
    settle_beliefs(config, state, ONE)
    for p in range(len(config.messengers)):
        prior = state.params.prior[:, p]
        believed = from_fixed_point(belief=state.users.belief[:, p])
        assert believed.min() >= prior.min() - BELIEF_UNIT / 2 - 1e-5
        assert believed.max() <= prior.max() + BELIEF_UNIT / 2 + 1e-5
    types = state.users.type[:, None] == (-1, 0, 1)
    mean = [state.users.belief[mask, 0].mean() for mask in types.T]
    assert mean[0] < mean[1] < mean[2]


@pytest.mark.parametrize("silent", ["peer_rate", "forget_rate"])
def test_where_one_of_the_two_forces_is_missing_users_hold_their_priors(silent):
    config = opinionated(f"behaviour.{silent}=0")
    state = unsettled(config)
    settle_beliefs(config, state, ONE)
    prior = state.params.prior[state.users.type + 1]
    assert (state.users.belief == in_steps(belief=prior)).all()


def test_where_all_believe_the_same_nobody_moves():
    config = load_config("population.n_users=400")
    state = unsettled(config)
    settle_beliefs(config, state, ONE)
    for p, name in enumerate(config.messengers):
        same = set(config.platforms[name].belief.values())
        assert len(same) == 1
        assert (state.users.belief[:, p] == in_steps(belief=same.pop())).all()


def test_beliefs_at_rest_do_not_drift_in_a_run():
    """Nothing happens: the mean change by type and messenger is 0.

    It is compared at 4 standard errors, those of independent replications. Where all believe the
    same there is no chance and a small drift: all hear it to the nearest sixteenth, and go there.
    """
    config = opinionated("population.n_users=1000", "behaviour.peer_rate=0.03", "dur_days=140")
    start = prepare(config, ONE)
    n, drift, prior = 6, [], start.params.prior
    shared = np.ptp(prior, axis=0) == 0
    assert shared[:3].tolist() == [False, True, False]
    f, g = (-np.expm1(-rate * config.step_days) for rate in (0.03, config.behaviour.forget_rate))
    gone = f / (f + g) * (1 - (1 - f - g) ** config.n_steps)
    quantised = np.rint(16 * prior[0]) / 16
    law = (prior[0] + gone * (quantised - prior[0]))[shared]
    for replication in range(n):
        run = advanced(simulation(config, start, replication), config.n_steps)
        belief = from_fixed_point(belief=run.state.users.belief)
        # each step rounds by half a unit at most and keeps 1 - f - g of what was rounded before
        assert np.abs(belief[:, shared] - law).max() < BELIEF_UNIT / 2 / (f + g)
        change = belief - from_fixed_point(belief=start.users.belief)
        drift.append(
            [change[start.users.type == kind].mean(axis=0)[[0, 2]] for kind in (-1, 0, 1)]
        )
    mean, error = np.mean(drift, axis=0), np.std(drift, axis=0, ddof=1) / np.sqrt(n)
    assert (np.std(drift, axis=0) > 0).all()
    assert (np.abs(mean) < 4 * error + CLOSE).all()


# VPNs.


@pytest.fixture(scope="module")
def users_of_vpns():
    config = load_config("population.n_users=30000", "network=watts_strogatz")
    state = unsettled(config)
    settle_beliefs(config, state, ONE)
    settle_skill(config, state, ONE)
    return config, state


@pytest.mark.parametrize("band", range(len(BANDS)), ids=BANDS)
def test_the_share_of_an_age_with_a_vpn_is_the_one_observed(users_of_vpns, band):
    config, state = users_of_vpns
    mine = (state.users.band == band) & (state.users.online == 1)
    share = config.population.vpn[BANDS[band]]
    has = state.users.place[mine] & 1
    assert abs(has.mean() - share) < 4 * np.sqrt(share * (1 - share) / mine.sum())


@pytest.mark.parametrize("spread", [0.0, 1.0, 12.0])
@pytest.mark.parametrize("share", [1e-4, 0.3, 0.9999])
def test_a_level_is_the_root_at_which_the_mean_chance_is_the_share(spread, share):
    """Where most are certain a Newton step leads far away."""
    utilities = spread * np.array([-2.0, -1.1, -1.0, 1.0, 1.3])
    root = brentq(lambda level: expit(utilities + level).mean() - share, -100, 100, xtol=1e-13)
    assert level_of(utilities, share) == pytest.approx(root, abs=1e-9)


def test_who_is_offline_has_no_vpn_and_everybody_stays_in_its_region(users_of_vpns):
    config, state = users_of_vpns
    assert not (state.users.place[state.users.online == 0] & 1).any()
    population = draw_population(
        config.population, config.case.data / config.population.ages, 5, config.seed
    )
    assert (state.users.place >> 1 == population.region).all()


def test_skill_is_a_level_by_age_and_a_normal_of_ones_own(users_of_vpns):
    config, state = users_of_vpns
    online = state.users.online == 1
    spread = config.behaviour.vpn_skill_sd
    for band in range(len(BANDS)):
        skill = from_fixed_point(skill=state.users.skill[online & (state.users.band == band)])
        error = spread / np.sqrt(2 * len(skill))
        assert abs(skill.std() - spread) < 4 * error


def test_who_has_a_vpn_is_skilled(users_of_vpns):
    """At its own utility the chance of having one is a sigmoid: users in bins of it."""
    config, state = users_of_vpns
    users, ties = state.users, state.ties
    online = users.online == 1
    vpn = (users.place & 1).astype(float)
    (indptr, indices), degree = csr(ties), ties.degree
    rank = np.arange(len(indices)) - np.repeat(indptr[:-1], degree)
    of_tie = ties.rank_weight[rank] * vpn[indices]
    sums = np.add.reduceat(np.append(of_tie, 0.0), indptr[:-1])
    helpers = np.where(degree > 0, sums, 0) / np.maximum(ties.rank_total[degree], 1e-9)
    u = (from_fixed_point(skill=users.skill) + config.behaviour.vpn_help * helpers)[online]
    chance, has = theory.sigmoid(u), vpn[online]
    for mine in np.array_split(np.argsort(u), 10):
        error = np.sqrt((chance[mine] * (1 - chance[mine])).sum()) / len(mine)
        # the helpers counted here are those of the last round, one later than the draws
        assert abs(has[mine].mean() - chance[mine].mean()) < 4 * error + 0.005


def test_vpns_do_not_drift_where_nothing_is_restricted():
    config = load_config(
        "population.n_users=4000", "network=watts_strogatz", "dur_days=140",
        "behaviour.vpn_rate=0.1",
    )  # fmt: skip
    start = prepare(config, ONE)
    run = simulation(config, start)
    online = start.users.online == 1
    before = (start.users.place[online] & 1).mean()
    shares = []
    for _ in range(config.n_steps):
        run.step()
        shares.append((run.state.users.place[online] & 1).mean())
    assert (run.state.users.place != start.users.place).mean() > 0.1
    error = np.sqrt(before * (1 - before) / online.sum())
    assert abs(np.mean(shares[5:]) - before) < 4 * error


def test_nor_do_they_among_those_whose_contact_abroad_is_no_help():
    """Somebody abroad takes a share of the ties and has no VPN to help with."""
    config = load_config(
        "population.n_users=4000", "network=watts_strogatz", "dur_days=140",
        "behaviour.vpn_rate=0.1", "behaviour.vpn_help=4", "population.abroad.weight=0.9",
    )  # fmt: skip
    start = prepare(config, ONE)
    run, mine = simulation(config, start), start.users.abroad == 1
    before, shares = (start.users.place[mine] & 1).mean(), []
    for _ in range(config.n_steps):
        run.step()
        shares.append((run.state.users.place[mine] & 1).mean())
    error = np.sqrt(before * (1 - before) / mine.sum())
    assert abs(np.mean(shares[5:]) - before) < 4 * error


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nobody_or_everybody_can_have_a_vpn(share):
    bands = ", ".join(f"{band}: {share}" for band in BANDS)
    config = load_config("population.n_users=400", f"population.vpn={{{bands}}}")
    state = unsettled(config)
    settle_skill(config, state, ONE)
    online = state.users.online == 1
    assert (state.users.place[online] & 1 == share).all()
    assert np.isfinite(state.users.skill).all()


# Chats.


def test_the_random_numbers_of_the_start_is_that_of_the_seed():
    u = uniforms(purpose_key(1, 0, "start.chat"), 3)
    assert len(set(u)) == 3
    one, again, other = (
        prepare(load_config("population.n_users=300", f"seed={s}"), ONE) for s in (1, 1, 2)
    )
    for name in ("place", "skill", "belief"):
        assert one.users[name].tobytes() == again.users[name].tobytes()
    assert one.users.skill.tobytes() != other.users.skill.tobytes()
    assert one.chats.platform.tobytes() == again.chats.platform.tobytes()
