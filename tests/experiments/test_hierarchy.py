"""A hierarchy over cases finds what is known in closed form, with a straight simulator."""

import numpy as np
import pandas as pd
import pytest

from experiments import hierarchy
from experiments.hierarchy import (
    CaseLikelihood,
    Hyper,
    LeftOut,
    Posterior,
    Space,
    from_scale,
    posterior,
    to_scale,
)

N = 400  # simulated points


def levels(observed, sigma=2.0, platforms=None, strength="strong", bound=""):
    """Return figures of a case around one half, where the scale is straight in the share."""
    n = len(observed)
    return pd.DataFrame(
        {
            "case": "c", "strength": strength,
            "platform": platforms or [f"p{k}" for k in range(n)], "observed": observed,
            "sigma": sigma, "bias": 0.0, "bound": bound,
        }
    )  # fmt: skip


def likelihood(observed, slopes, deviating=(0,), **about):
    """Return the likelihood of a simulator that is straight on the scale: z = z(50) + slope x."""
    scores = np.random.default_rng(1).standard_normal((N, len(slopes[0])))
    outputs = from_scale(to_scale(np.array(50.0)) + scores @ np.array(slopes).T)
    return CaseLikelihood(levels(observed, **about), scores, outputs, list(deviating))


def hyper(tau, left_out, n=1):
    return Hyper(np.full(n, tau), np.full(n, left_out))


def test_the_scale_weighs_errors_of_large_and_small_shares_alike():
    points = np.array([0.5, 2.0, 50.0, 99.0])
    np.testing.assert_allclose(from_scale(to_scale(points)), points)
    # sd of a share p with error s is s / (2 sqrt(p (1 - p)))
    assert to_scale(np.array(51.0)) - to_scale(np.array(50.0)) == pytest.approx(0.01, rel=1e-3)


def test_a_deviation_that_is_integrated_out_widens_the_error_along_its_slope():
    one = likelihood([52.0], [[0.03]])
    variance = one.sd[0] ** 2 + one.emulator.variance[0] + 0.04**2 + 0.5**2 * 0.03**2
    error = to_scale(np.array(50.0)) - to_scale(np.array(52.0))
    wanted = -(np.log(variance) + error**2 / variance) / 2
    assert one(np.zeros((1, 1)), hyper(0.5, 0.04))[0] == pytest.approx(wanted, rel=1e-3)


def test_what_is_left_out_is_half_common_to_a_platform():
    drawn = LeftOut.of(levels([50.0, 50.0, 50.0], platforms=["a", "a", "b"])).draws(
        hyper(0.0, 0.1, 40_000), np.random.default_rng(2)
    )
    matrix = np.cov(drawn.T) / 0.1**2
    np.testing.assert_allclose(matrix, [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]], atol=0.03)


def test_a_weak_record_says_less():
    strong, weak = (likelihood([70.0], [[0.1]], strength=s) for s in ("strong", "weak"))
    at, scales = np.array([[0.0], [2.0]]), hyper(0.0, 0.05, 2)
    assert np.ptp(weak(at, scales)) < np.ptp(strong(at, scales)) / 2


def test_a_bound_that_holds_says_nothing_of_where():
    one = likelihood([50.0], [[0.1]], bound="<")
    below = one(np.array([[-1.0], [-2.0], [2.0]]), hyper(0.5, 0.02, 3))
    assert below[0] == below[1] > below[2]


def test_deviations_are_those_of_a_conjugate_normal():
    one = likelihood([56.0, 58.0], [[0.05], [0.08]])
    n, tau = 20_000, 0.7
    drawn = one.deviations(np.zeros((n, 1)), hyper(tau, 0.03, n), np.random.default_rng(3))
    rest = one.sd**2 + one.emulator.variance + 0.03**2
    slope = np.array([0.05, 0.08])
    error = to_scale(np.array([56.0, 58.0])) - to_scale(np.array(50.0))
    variance = 1 / (1 / tau**2 + (slope**2 / rest).sum())
    assert drawn.mean() == pytest.approx(variance * (slope * error / rest).sum(), rel=0.03)
    assert drawn.std() == pytest.approx(np.sqrt(variance), rel=0.03)


@pytest.fixture(scope="module")
def fitted():
    """Return a fit to six cases whose truth is 1 in the shared score, spread between them .5."""
    rng = np.random.default_rng(4)
    space = Space(["a"], [""], ["a"])
    told = {}
    for k, off in enumerate((-1.3, -0.8, -0.2, 0.2, 0.8, 1.3)):  # of mean 0 and sd 1
        scores = 1.0 + 0.5 * off
        noise = 0.01 * rng.standard_normal(3)
        observed = from_scale(to_scale(np.array(50.0)) + 0.1 * scores + noise)
        told[f"c{k}"] = likelihood(list(observed), [[0.1]] * 3, sigma=1.0)
    return space, told, posterior(space, told, (), 5)


def test_the_shared_behaviour_is_found_and_an_unseen_case_is_less_certain(fitted):
    _, told, found = fitted
    shared, unseen = found.shared("new")[:, 0], found.unseen("new", np.random.default_rng(6))[:, 0]
    assert abs(shared.mean() - 1.0) < 2.5 * shared.std()
    assert unseen.std() > 1.3 * shared.std()
    seen = found.seen("c0", told["c0"], np.random.default_rng(7))[:, 0]
    assert seen.std() < unseen.std()


def test_a_case_left_out_says_nothing(fitted):
    space, told, _ = fitted
    others = {name: one for name, one in told.items() if name != "c0"}
    np.testing.assert_array_equal(
        posterior(space, told, ("c0",), 8).states, posterior(space, others, (), 8).states
    )


def test_only_one_case_has_its_own_parameters():
    space = Space(["a", "b", "own"], ["", "", "x"], ["b"])
    assert space.of_case("x") == [0, 1, 2]
    assert space.of_case("y") == [0, 1]
    assert space.deviating("x") == [1]
    found = Posterior(space, np.arange(10.0).reshape(2, 5))
    assert found.shared("y").tolist() == [[0, 1], [5, 6]]
    np.testing.assert_allclose(found.hyper.tau, hierarchy.TAU * np.array([3.0, 8.0]))
