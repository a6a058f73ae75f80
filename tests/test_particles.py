"""Population Monte Carlo finds a known posterior; history matching rules out what it should."""

import numpy as np
import pytest

from experiments.particles import Box, Particles, implausibility, not_ruled_out, propose

CUBE = Box(np.zeros(2), np.ones(2))


def closed_in(box, distance, n_generations=8, n_keep=1000, n_new=1000):
    """Return the particles after some generations of a cheap model."""
    rng = np.random.default_rng(1)
    places = box.low + rng.random((2000, len(box.low))) * (box.high - box.low)
    kept = Particles(places, np.ones(len(places)), distance(places)).nearest(n_keep)
    for _ in range(n_generations):
        places, weight = propose(kept, n_new, box, rng)
        kept = kept.joined(Particles(places, weight, distance(places))).nearest(n_keep)
    return kept


def moments(particles):
    mean = particles.probability @ particles.places
    return mean, np.sqrt(particles.probability @ (particles.places - mean) ** 2)


def test_it_finds_the_posterior_of_a_disc():
    """Within a tolerance r of (.5, .6) the posterior is uniform on a disc: its sd is r / 2."""
    kept = closed_in(CUBE, lambda places: np.hypot(places[:, 0] - 0.5, places[:, 1] - 0.6))
    mean, sd = moments(kept)
    radius = kept.distance.max()
    assert radius < 0.1
    assert mean == pytest.approx([0.5, 0.6], abs=0.1 * radius)
    assert sd == pytest.approx([radius / 2] * 2, rel=0.1)
    assert kept.effective > 300


def test_it_finds_the_posterior_at_the_edge_of_the_prior():
    """What lies outside the box is prior nowhere: half a disc, of mean height 4 r / (3 pi)."""
    kept = closed_in(CUBE, lambda places: np.hypot(places[:, 0], places[:, 1] - 0.5))
    mean, _ = moments(kept)
    radius = kept.distance.max()
    assert mean[0] == pytest.approx(4 * radius / (3 * np.pi), rel=0.1)
    assert mean[1] == pytest.approx(0.5, abs=0.1 * radius)


def test_a_parameter_that_nothing_tells_keeps_its_prior():
    kept = closed_in(CUBE, lambda places: np.abs(places[:, 0] - 0.3), n_generations=4)
    mean, sd = moments(kept)
    assert mean[1] == pytest.approx(0.5, abs=0.05)
    assert sd[1] == pytest.approx(np.sqrt(1 / 12), rel=0.1)


def test_weights_of_all_generations_stand_for_the_prior_of_the_box():
    box = Box(np.array([0.2, 0.0]), np.array([0.7, 0.5]))
    rng = np.random.default_rng(2)
    parents = Particles(
        np.full((50, 2), 0.3) + 0.05 * rng.random((50, 2)), np.ones(50), np.ones(50)
    )
    spread = parents._replace(places=0.2 + 0.3 * rng.random((50, 2)))
    places, weight = propose(spread, 20_000, box, rng)
    assert box.holds(places).all()
    assert weight.mean() == pytest.approx(1.0, rel=0.1)  # E[prior / proposal] = 1
    assert np.average(places, axis=0, weights=weight) == pytest.approx([0.45, 0.25], abs=0.02)


def test_proposals_are_the_same_from_the_same_seed():
    parents = Particles(np.random.default_rng(3).random((20, 2)), np.ones(20), np.ones(20))
    first, second = (propose(parents, 10, CUBE, np.random.default_rng(4)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_one_bad_output_rules_nothing_out():
    assert implausibility(np.array([[9.0, 1.0, -2.0], [0.0, -4.0, 5.0]])).tolist() == [2.0, 4.0]


def test_the_box_holds_what_is_not_ruled_out_and_a_gap_more():
    places = np.column_stack([np.linspace(0, 1, 11), np.zeros(11)])
    box = not_ruled_out(places, np.abs(places[:, 0] - 0.4), limit=0.15, at_least=2)
    assert box.low == pytest.approx([0.2, 0.0])  # .3 to .5 and .1 to either side
    assert box.high == pytest.approx([0.6, 0.0])
    nearest = not_ruled_out(places, np.abs(places[:, 0] - 0.4), limit=0.0, at_least=3)
    assert nearest.low[0] == pytest.approx(0.2)
