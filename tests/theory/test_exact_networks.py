"""One messenger on random graphs against exact results (docs/verification.md: T3, T6, T7)."""

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array

from sim.population.graph import Graph
from tests.helpers import theory, theory_networks
from tests.helpers.one_messenger import ALWAYS, MOST_STEPS, STEEP, logit, step
from tests.helpers.ties import ties_of
from tests.helpers.toys import toy_state, toy_users


def one_messenger(graph, has, params, per_contact=False):
    """Return a state in which users who `has` say have it; contacts weigh 1/k, or 1 each."""
    longest = int(graph.degree().max())
    totals = np.ones(longest + 1) if per_contact else np.arange(longest + 1.0)
    ties = ties_of(graph.indptr, graph.indices, np.ones(longest), totals)
    users = toy_users(graph.n_users, 1)
    users.installed[:] = has
    return toy_state(users, ties, params)


def adjacency(graph):
    """Return the ties as a matrix of ones."""
    return csr_array((np.ones(graph.indices.size), graph.indices, graph.indptr))


def settled(state, quiet=1):
    """Step until nobody has moved for `quiet` steps; returns who has it."""
    has, still = state.users.installed.astype(bool), 0
    for k in range(MOST_STEPS):
        before, has = has, step(state, k)
        still = still + 1 if (has == before).all() else 0
        if still == quiet:
            return has
    raise AssertionError(f"users still move after {MOST_STEPS} steps")


# T3: a random regular graph is the Bethe lattice of the Ising model with J = b / 4k: exactly, if
# users reconsider one by one, and if all do at once (users, their contacts a step before, and so
# on, make up the same lattice). Where a tenth does at once, it is off by .0003 at b = 5.

K, N_REGULAR = 10, 20_000
PART = 0.1  # of the users reconsider in a step


@pytest.mark.parametrize(
    ("k", "b"), [(4, 5.545177), (6, 4.865581), (10, 4.462871), (20, 4.214421)]
)
def test_t3_critical_values_are_those_of_the_table(k, b):
    b_c = theory_networks.bethe_critical(k)
    assert b_c == pytest.approx(b, abs=6e-7)
    assert theory_networks.bethe_share(k, b_c - 0.02) == pytest.approx(0.5, abs=1e-6)
    assert theory_networks.bethe_share(k, b_c + 0.02) > 0.53


@pytest.mark.parametrize(
    ("b", "bethe", "annealed"),
    [(4, 0.5, 0.5), (5, 0.794874, 0.800459), (6, 0.912489, 0.913241)],
)
def test_t3_shares_are_those_of_the_table(b, bethe, annealed):
    assert theory_networks.bethe_share(K, b) == pytest.approx(bethe, abs=6e-7)
    assert theory_networks.annealed_share(K, b) == pytest.approx(annealed, abs=6e-7)


def watch(state, contacts, b, chance, steps):
    """Run the logit where users reconsider with `chance`; returns four rows, one column a step.

    The share, its drift, its noise and the variance of that. Drift is the change that a logit in
    the share of contacts makes expect, noise is what the rules did beyond it.
    """
    hazard = ALWAYS if chance == 1 else -np.log1p(-chance)
    state.params.install_rate = state.params.drop_rate = hazard
    columns, has = [], state.users.installed
    for k in steps:
        change = chance * (theory.sigmoid(b * (contacts @ has / K - 0.5)) - has)
        share, drift = has.mean(), change.mean()
        has = step(state, k)
        variance = (np.abs(change) * (1 - np.abs(change))).mean() / has.size
        columns.append((share, drift, has.mean() - share - drift, variance))
    return np.transpose(columns)


def undrifted(shares, drifts, n_batches=15):
    """Return the share at which drift is zero, its standard error, and the share lost a drift.

    Noise takes the share to where drift pulls it back: a line through means of batches tells
    where there is none, far more precisely than the mean of all.
    """
    means = np.reshape([drifts, shares], (2, n_batches, -1)).mean(2)
    (slope, at_zero), covariance = np.polyfit(*means, 1, cov=True)
    return at_zero, np.sqrt(covariance[1, 1]), -slope


@pytest.mark.slow
@pytest.mark.parametrize("b", [4, 5, 6])
def test_t3_a_random_regular_graph_settles_as_the_bethe_lattice(b):
    bethe = theory_networks.bethe_share(K, b)
    annealed = theory_networks.annealed_share(K, b)
    graph = Graph.from_networkx(nx.random_regular_graph(K, N_REGULAR, seed=b))
    state, contacts = one_messenger(graph, 1, logit(b, -b / 2)), adjacency(graph)
    watch(state, contacts, b, 1, range(80))
    for chance, steps in ((1, range(80, 230)), (PART, range(230, 530))):
        shares, drifts, noise, variance = watch(state, contacts, b, chance, steps)
        noise_error = np.sqrt(variance.mean() / len(steps))
        at_zero, zero_error, lost = undrifted(shares, drifts)
        error = lost * noise_error  # linear noise: it moves the share until drift outweighs it
        print(
            f"T3 b={b} chance {chance}: theory {bethe:.6f}, run {shares.mean():.5f}, "
            f"s.e. {error:.5f}; without drift {at_zero:.6f}, s.e. {zero_error:.6f}; "
            f"annealed {annealed:.6f}; noise {noise.mean() / noise_error:.2f} s.e."
        )
        assert abs(noise.mean()) < 4 * noise_error  # a step is the logit
        assert abs(shares.mean() - bethe) < 4 * error
        if chance == 1:
            assert abs(at_zero - bethe) < 4 * zero_error
            assert b == 4 or abs(at_zero - annealed) > 4 * zero_error


# T6 and T7: cascades on G(n, z/n), until nobody moves.

N_ERDOS, N_GRAPHS = 20_000, 12
PHI = 0.18


def erdos(n, z, seed):
    """Return a graph in which every pair has a tie with chance z / (n - 1)."""
    rng = np.random.default_rng(seed)
    n_drawn = rng.poisson(-np.log1p(-z / (n - 1)) * n * n / 2)  # twins and loops are dropped
    return Graph.from_pairs(n, rng.integers(0, n, (n_drawn, 2)), seed)


def convince(graph, n_seeds, hazard=ALWAYS):
    """Return a state in which a share ``PHI`` of contacts convinces, for good."""
    has = np.arange(graph.n_users) < n_seeds
    return one_messenger(graph, has, logit(STEEP, -PHI * STEEP, install_rate=hazard))


def desert(graph, k, hazard=ALWAYS):
    """Return a state in which all have it, and leave for good with fewer than `k` contacts."""
    params = logit(STEEP, -(k - 0.5) * STEEP, drop_rate=hazard)
    return one_messenger(graph, 1, params, per_contact=True)


def compare(name, shares, expected):
    """Compare the mean over independent graphs with theory at 4 standard errors."""
    error = np.std(shares, ddof=1) / np.sqrt(len(shares))
    print(f"{name}: theory {expected:.6f}, run {np.mean(shares):.5f}, s.e. {error:.5f}")
    assert abs(np.mean(shares) - expected) < 4 * error


@pytest.mark.parametrize(
    ("z", "seeds", "share", "digits"),
    [
        (4, 1e-3, 0.980194, 6),
        (6.5, 1e-3, 0.0086, 4),
        (6.5, 0.02, 0.998512, 6),
        (8, 1e-3, 0.002308, 6),
    ],
)
def test_t6_cascades_are_those_of_the_table(z, seeds, share, digits):
    assert theory_networks.cascade(z, PHI, seeds) == pytest.approx(share, abs=0.6 * 10**-digits)


def test_t6_cascade_conditions_are_those_of_the_table():
    found = [theory_networks.cascade_strength(z, PHI) for z in (4, 6.5)]
    assert found == pytest.approx([1.734, 0.727], abs=6e-4)


@pytest.mark.parametrize(("z", "seeds"), [(4, 1e-3), (6.5, 0.02), (8, 1e-3)])
def test_t6_adoption_cascades_over_thresholds(z, seeds):
    states = [convince(erdos(N_ERDOS, z, s), round(seeds * N_ERDOS)) for s in range(N_GRAPHS)]
    shares = [settled(state).mean() for state in states]
    compare(f"T6 z={z} seeds {seeds}", shares, theory_networks.cascade(z, PHI, seeds))


@pytest.mark.parametrize(("z", "n_seeds"), [(4, 3), (10, 30)])
def test_t6_who_is_convinced_does_not_depend_on_the_order(z, n_seeds):
    graph = erdos(3000, z, seed=1)
    contacts, degree = adjacency(graph), graph.degree()
    has, before = np.arange(3000) < n_seeds, None
    while (has != before).any():
        before, has = has, has | (contacts @ has >= PHI * degree) & (degree > 0)
    assert n_seeds < has.sum() < 3000
    assert (settled(convince(graph, n_seeds)) == has).all()
    assert (settled(convince(graph, n_seeds, hazard=0.5), quiet=50) == has).all()


CORES = {(3.5, 3): 0.451053, (5, 3): 0.852806, (8, 5): 0.870738, (10, 7): 0.745534}


@pytest.mark.parametrize(("z", "k", "share"), [(*at, share) for at, share in CORES.items()])
def test_t7_cores_are_those_of_the_table(z, k, share):
    assert theory_networks.core(z, k) == pytest.approx(share, abs=6e-7)


def test_t7_a_core_is_born_at_once():
    birth, share = theory_networks.core_birth(3)
    assert birth == pytest.approx(3.35092, abs=6e-6)
    assert share == pytest.approx(0.26758, abs=6e-6)
    assert theory_networks.core(3.2, 3) < 1e-15


@pytest.mark.slow
@pytest.mark.parametrize(("z", "k"), CORES)
def test_t7_users_leave_until_the_core_is_left(z, k):
    states = [desert(erdos(N_ERDOS, z, seed), k) for seed in range(N_GRAPHS)]
    shares = [settled(state).mean() for state in states]
    compare(f"T7 z={z} K={k}", shares, theory_networks.core(z, k))


def test_t7_nobody_is_left_below_the_birth_of_the_core():
    assert not settled(desert(erdos(N_ERDOS, 3.2, seed=1), 3)).any()


@pytest.mark.parametrize(("z", "k"), [(5, 3), (10, 7)])
def test_t7_who_stays_is_the_core_whatever_the_order(z, k):
    graph = erdos(3000, z, seed=1)
    numbers = nx.core_number(graph.to_networkx())
    core = np.array([numbers[i] >= k for i in range(3000)])
    assert 0 < core.sum() < 3000
    assert (settled(desert(graph, k)) == core).all()
    assert (settled(desert(graph, k, hazard=0.5), quiet=50) == core).all()


# T8: thresholds differ by concern (tastes are too coarse): at even odds of being read, kappa adds
# type kappa / 2 times `risk_value`. At s = .122 a crowd is .0003 from tipping: random thresholds
# are that near their law in some 10^7 users only, so they stand at its quantiles; and in a `Crowd`
# everybody reads the share itself.
