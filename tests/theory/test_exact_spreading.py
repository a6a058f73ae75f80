"""What spreads between contacts, against closed forms (docs/verification.md: T4, T5, T11)."""

from functools import lru_cache

import networkx as nx
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sim.kernel.compiled import rule_loop
from sim.kernel.rng import purpose_key, step_key
from sim.rules.beliefs import become_aware, learn
from sim.rules.packed_state import pack_belief_state
from sim.rules.records import PURPOSES, STEP_RECORD, records
from sim.rules.relaxation import relaxation
from tests.helpers.ties import equal_ties
from tests.helpers.toys import (
    BELIEF_UNIT,
    converse,
    from_fixed_point,
    in_steps,
    toy_env,
    toy_params,
    toy_users,
)


@rule_loop
def spread(users, step_records, belief_state, ties, env, params, keys):
    """Let everybody talk with one contact, then take in what was heard: one step."""
    way = relaxation(params, env.effects.days)
    for i in range(users.shape[0]):
        belief_state[i] = pack_belief_state(users[i])
    for i in range(users.shape[0]):
        converse(i, belief_state, step_records[i], ties, keys)
        become_aware(i, users[i], step_records[i], env, params, keys)
        learn(i, users[i], step_records[i], env, way, params, keys)


@lru_cache(maxsize=1)  # all runs on a graph have its ties
def ties_of(graph):
    return equal_ties([list(graph[i]) for i in range(len(graph))])


def society(graph, **rates):
    """Return users of one messenger who know nothing, on equal ties."""
    ties = ties_of(graph)
    users = toy_users(len(graph), 1)
    users.aware[:] = 0
    return users, records(STEP_RECORD, len(graph)), ties, toy_params(1, **rates)


def run(world, n_steps, days, replication, media=0.0):
    """Yield the users after every step."""
    users, step_records, ties, params = world
    env, belief_state = toy_env(np.zeros((2, 1)), days=days), np.zeros(len(users), np.uint64)
    env.effects.awareness[0] = media * days
    bases = [purpose_key(1, replication, purpose) for purpose in PURPOSES]
    for step in range(n_steps):
        keys = np.array([step_key(base, step) for base in bases], np.uint64)
        spread(users, step_records, belief_state, ties, env, params, keys)
        yield users


def aware(graph, first, n_steps, days, replication, media=0.0, **rates):
    """Return the share aware after every step, from the users `first`."""
    world = society(graph, **rates)
    world[0].aware[first] = 1
    return np.array([u.aware.mean() for u in run(world, n_steps, days, replication, media)])


def extrapolated(graph, first, until, days, replication, **rates):
    """Return the share aware at days `until` in the limit of short steps, from two lengths.

    The error of a step is of first order: twice the finer less the coarser removes it.
    """
    coarse, fine = (
        aware(graph, first, round(max(until) / d), d, replication, **rates)[
            [round(t / d) - 1 for t in until]
        ]
        for d in (2 * days, days)
    )
    return 2 * fine - coarse


# T4: media hazard p, word of mouth q times the share of contacts who know.
P, Q = 0.01, 0.1
DAYS = (5, 10, 20, 40)


def bass(t, p=P, q=Q):
    """Return the share aware on the complete graph (Bass 1969)."""
    e = np.exp(-(p + q) * np.asarray(t, float))
    return (1 - e) / (1 + q / p * e)


def pair(t, p=P, q=Q):
    """Return the share aware on pairs of users, the slowest of all networks (Fibich 2016)."""
    t = np.asarray(t, float)
    return 1 - np.exp(-2 * p * t) - p * (np.exp(-2 * p * t) - np.exp(-(p + q) * t)) / (q - p)


def regular(degree, t, p=P, q=Q):
    """Return the share aware on a random regular graph: edge-based compartments, as in T5.

    Users know nothing with chance exp(-p t) theta^degree, where theta is the chance that a
    contact has not told them, and theta' = -q / degree (theta - exp(-p t) theta^(degree - 1)).
    """

    def change(t, theta):
        return -q / degree * (theta - np.exp(-p * t) * theta ** (degree - 1))

    solved = solve_ivp(change, (0, max(t)), [1.0], t_eval=t, rtol=1e-10, atol=1e-12)
    return 1 - np.exp(-p * np.asarray(t)) * solved.y[0] ** degree


def test_t4_bounds_are_those_of_the_table():
    assert pair(DAYS) == pytest.approx([0.058731, 0.127285, 0.267511, 0.502110], abs=5e-7)
    assert bass(DAYS) == pytest.approx([0.062494, 0.154117, 0.421814, 0.879717], abs=5e-7)
    assert regular(1, DAYS) == pytest.approx(pair(DAYS), abs=1e-8)
    assert regular(1000, DAYS) == pytest.approx(bass(DAYS), abs=3e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("graph", "law"),
    [
        (nx.complete_graph(700), bass),
        (nx.from_edgelist((2 * i, 2 * i + 1) for i in range(4000)), pair),
    ],
    ids=["complete", "pairs"],
)
def test_t4_awareness_follows_the_bass_law(graph, law):
    runs = np.array(
        [extrapolated(graph, [], DAYS, 0.25, r, media=P, word_of_mouth=Q) for r in range(40)]
    )
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert (np.abs(runs.mean(axis=0) - law(DAYS)) < 4 * error).all()
    assert error.max() < 0.015


@pytest.mark.slow
def test_t4_a_sparse_graph_lies_between_the_bounds():
    graph, law = nx.random_regular_graph(6, 8000, seed=1), regular(6, DAYS)
    runs = [extrapolated(graph, [], DAYS, 0.25, r, media=P, word_of_mouth=Q) for r in range(40)]
    share, error = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / np.sqrt(len(runs))
    assert (pair(DAYS) < law).all()
    assert (law < bass(DAYS)).all()
    assert (np.abs(share - law) < 4 * error).all()
    assert (error < 0.004).all()
    assert pair(DAYS[-1]) < share[-1] < bass(DAYS[-1])  # there the bounds are far apart
    # an independent simulation of the continuous process
    assert law == pytest.approx([0.0618, 0.1468, 0.3800, 0.8270], abs=0.003)


# T5: SI on a random graph, edge-based compartments (Volz 2008; Miller 2011). An edge into a user
# of degree k passes it on with rate tau_k.
def infected(t, degrees, tau, rho):
    """Return the share infected at days `t`; `tau` is a rate by degree."""
    k, p = np.array(list(degrees), float), np.array(list(degrees.values()))
    rates = np.array([tau(d) for d in k])
    mean = (k * p).sum()

    def change(_, theta):
        source = (1 - rho) * (k * p / mean * theta ** np.maximum(k - 1, 0)).sum()
        return -rates * (theta - source)

    solved = solve_ivp(change, (0, max(t)), np.ones(k.size), t_eval=t, rtol=1e-10, atol=1e-12)
    return 1 - (1 - rho) * (p[:, None] * solved.y ** k[:, None]).sum(axis=0)


def poisson(z, largest=60):
    terms = np.cumprod([np.exp(-z), *(z / k for k in range(1, largest))])
    return dict(enumerate(terms))


def test_t5_numbers_are_those_of_the_table():
    law = infected([5, 10, 20], poisson(8), lambda _: 0.1, 0.01)
    assert law == pytest.approx([0.271850, 0.897191, 0.997008], abs=2e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["regular", "poisson"])
def test_t5_awareness_spreads_as_on_a_configuration_model(kind):
    # one contact is drawn a step, so an edge into a user of degree k has rate lambda / k
    n, rate, rho, until, shares, laws = 40_000, 0.8, 0.02, (2, 5, 8), [], []
    for r in range(8):
        if kind == "regular":
            graph, law = nx.random_regular_graph(8, n, seed=r), {8: 1.0}
        else:
            graph, law = nx.fast_gnp_random_graph(n, 8 / n, seed=r), poisson(8)
        first = np.random.default_rng(r).choice(n, round(rho * n), replace=False)
        shares.append(extrapolated(graph, first, until, 0.05, r, word_of_mouth=rate))
        laws.append(infected(until, law, lambda k: rate / max(k, 1), rho))
    error = np.std(shares, axis=0, ddof=1) / np.sqrt(len(shares))
    assert (np.abs(np.mean(shares, axis=0) - laws[0]) < 4 * error).all()
    assert (error < 0.006).all()  # a rate a tenth lower: 0.07 less at day 5


# T11: linear subsystems.
def believers(graph, start, **rates):
    users, step_records, ties, params = society(graph, **rates)
    users.belief[:, 0] = in_steps(belief=start)
    return users, step_records, ties, params


def test_t11_without_peers_beliefs_relax_to_the_prior():
    graph, start = nx.random_regular_graph(4, 50, seed=1), np.linspace(-3, 3, 50)
    world = believers(graph, start, forget_rate=0.005)
    world[3].prior[1, 0] = 0.9
    for step, users in enumerate(run(world, 30, 7.0, 0), start=1):
        law = 0.9 + (start - 0.9) * np.exp(-0.005 * 7 * step)
        # a step rounds by half a unit at most and keeps exp(-delta h) of what was rounded before
        error = BELIEF_UNIT / 2 / -np.expm1(-0.005 * 7)
        assert from_fixed_point(belief=users.belief[:, 0]) == pytest.approx(law, abs=error)


def test_t11_peers_conserve_the_mean_and_damp_a_mode_as_its_eigenvalue_says():
    graph, n, phi, days, n_steps = nx.random_regular_graph(4, 200, seed=2), 200, 0.05, 1.0, 40
    adjacency = nx.to_numpy_array(graph, nodelist=range(n)) / 4
    values, modes = np.linalg.eigh(adjacency)
    slow, second = modes[:, -2], values[-2]
    ends = []
    for r in range(60):
        world = believers(graph, 1.0 + 10 * slow, peer_rate=phi)
        *_, users = run(world, n_steps, days, r)
        ends.append(from_fixed_point(belief=users.belief[:, 0]))
    mean, projected = np.mean(ends, axis=1), np.array(ends) @ slow
    follow = -np.expm1(-phi * days)
    law = 10 * (1 - follow * (1 - second)) ** n_steps + slow.sum()
    for seen, expected in ((mean, 1.0 + 10 * slow.mean()), (projected, law)):
        error = seen.std(ddof=1) / np.sqrt(len(seen))
        assert abs(seen.mean() - expected) < 4 * error
    # the variance of the mean belief decays as exp(-2 phi (1 - lambda_2) t) for short steps
    continuous = (10 * np.exp(-phi * (1 - second) * days * n_steps)) ** 2
    assert (law - slow.sum()) ** 2 == pytest.approx(continuous, rel=2 * phi * days)
