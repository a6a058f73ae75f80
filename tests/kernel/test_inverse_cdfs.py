"""Compiled inverse CDFs are those of scipy."""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import gamma, kstest
from scipy.stats import laplace as laplace_law
from scipy.stats import poisson as poisson_law

from sim.kernel import inverse_cdfs, rng
from sim.population.traits import _between, gamma_table

HALF_STEP = inverse_cdfs.HALF_STEP
EXTREMES = np.concatenate([[0.0], 2.0 ** -np.arange(1, 60), 1 - 2.0 ** -np.arange(1, 54)])


def uniforms(n):
    return rng.uniforms(rng.purpose_key(1, 0, "laws"), n)


@pytest.mark.interpreted
def test_normal_is_the_inverse_of_the_normal_law_out_to_its_ends():
    u = np.concatenate([EXTREMES[:-1], uniforms(500)])
    z = np.array([inverse_cdfs.normal(x) for x in u])
    assert z == pytest.approx(ndtri(u + HALF_STEP), rel=1e-12, abs=1e-14)
    assert np.isfinite(inverse_cdfs.normal(1 - 2.0**-53))


@pytest.mark.interpreted
@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 600.0])
def test_poisson_is_the_inverse_of_the_poisson_law(mean):
    u = np.concatenate([uniforms(100), [0.0]])
    drawn = np.array([inverse_cdfs.poisson(mean, x) for x in u])
    assert (drawn == np.maximum(poisson_law.ppf(u, mean), 0)).all()  # ppf(0) is -1


@pytest.mark.interpreted
def test_laplace_has_its_scale_and_is_finite():
    u = np.concatenate([EXTREMES, uniforms(2000)])
    drawn = np.array([inverse_cdfs.laplace(4.0, x) for x in u])
    assert np.isfinite(drawn).all()
    assert kstest(drawn[EXTREMES.size :], laplace_law(scale=4.0).cdf).pvalue > 1e-4


@pytest.mark.interpreted
def test_pick_finds_where_a_cumulative_law_passes_and_stays_inside():
    cumulative = np.array([0.2, 0.2, 0.5, 1 - 1e-9])
    found = [
        inverse_cdfs.pick(cumulative, u) for u in (0.0, 0.1999, 0.2, 0.4999, 0.5, 0.9999999999)
    ]
    assert found == [0, 0, 2, 2, 3, 3]


@pytest.mark.parametrize("shape", [0.05, 1.0, 3.0739, 100.0])
def test_the_table_of_the_gamma_law_is_as_fine_as_single_precision(shape):
    u = np.concatenate([uniforms(1000), [1e-12, 1 - 1e-12]])
    table = gamma_table(shape)
    drawn = np.exp([_between(table, inverse_cdfs.normal(x)) for x in u])
    expected = gamma(shape, scale=1 / shape).ppf(u + HALF_STEP)
    assert drawn == pytest.approx(expected, rel=2e-6 / min(shape, 1.0), abs=1e-30)
