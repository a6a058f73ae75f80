"""The closed forms against the reference numbers of docs/verification.md."""

import numpy as np
import pytest

from tests.helpers import theory

OUTSIDE, SHARES = (-1.0, 1.0), (0.8, 0.2)  # message, call
VALUES = [[1.2, 0.6], [0.3, 0.3]]
INCUMBENT = [0.1, 0.8, 0.05, 0.05]


@pytest.mark.parametrize(
    ("a", "b", "points"),
    [
        (-2.5, 5, (0.144794, 0.5, 0.855206)),
        (-3.2, 6, (0.053072, 0.602990, 0.900540)),
        (-4, 6, (0.020264,)),
    ],
)
def test_logit_fixed_points_are_those_of_the_table(a, b, points):
    assert theory.logit_fixed_points(a, b) == pytest.approx(points, abs=6e-7)


def test_logit_spinodals_are_those_of_the_table():
    x, a = theory.logit_spinodals(6)
    assert x == pytest.approx([0.211325, 0.788675], abs=6e-7)
    assert a == pytest.approx([-2.584907, -3.415093], abs=6e-7)


@pytest.mark.parametrize(("a", "n"), [(-2.58, 1), (-2.59, 3), (-3.41, 3), (-3.42, 1)])
def test_between_the_spinodals_there_are_three_fixed_points(a, n):
    assert len(theory.logit_fixed_points(a, 6)) == n


@pytest.mark.parametrize(
    ("n", "birth", "x_birth", "transition", "x_transition", "x_at_n"),
    [
        (3, 2.745644, 0.584801, 2.772589, 2 / 3, 0.810917),
        (4, 3.218741, None, 3.295837, 0.75, 0.923783),
        (5, 3.564502, None, 3.696785, 0.8, None),
    ],
)
def test_potts_numbers_are_those_of_the_table(n, birth, x_birth, transition, x_transition, x_at_n):
    b_s, x_s = theory.potts_birth(n)
    assert b_s == pytest.approx(birth, abs=6e-7)
    assert x_birth is None or x_s == pytest.approx(x_birth, abs=2e-6)
    assert theory.potts_transition(n) == pytest.approx(transition, abs=6e-7)
    assert theory.potts_ordered(n, transition)[-1] == pytest.approx(x_transition, abs=1e-5)
    assert x_at_n is None or theory.potts_ordered(n, n)[-1] == pytest.approx(x_at_n, abs=6e-7)


def test_potts_ordered_state_exists_from_its_birth_on():
    for n in (3, 4, 5):
        b_s, _ = theory.potts_birth(n)
        assert theory.potts_ordered(n, b_s - 1e-4) == []
        assert len(theory.potts_ordered(n, b_s + 1e-4)) == 2


MULTI_HOMING = {
    "as it is": (VALUES, (-2.0, -3.2), (0.00047, 0.95723, 0.00003, 0.04228)),
    "a mandate of the rival": (VALUES, (-2.0, -0.2), (0.00012, 0.12105, 0.07595, 0.80288)),
}


@pytest.mark.parametrize(("values", "standalone", "shares"), MULTI_HOMING.values(),
                         ids=MULTI_HOMING)  # fmt: skip
def test_multi_homing_shares_are_those_of_the_table(values, standalone, shares):
    sums = theory.log_sums(values, OUTSIDE, SHARES)
    found = theory.multi_homing(5.0, sums, standalone, INCUMBENT)
    assert found == pytest.approx(shares, abs=6e-6)


@pytest.mark.parametrize(
    ("values", "share"),
    [
        (VALUES, 0.99950),
        ([[1.2, 0.6], [-3.7, 0.3]], 0.99926),  # calls blocked
        ([[-1.3, 0.6], [-3.7, 0.3]], 0.1626),  # messages degraded as well
    ],
)
def test_multi_homing_loses_its_incumbent_with_messages_not_with_calls(values, share):
    sums = theory.log_sums(values, OUTSIDE, SHARES)
    found = theory.multi_homing(5.0, sums, (-2.0, -3.2), INCUMBENT)
    assert found[1] + found[3] == pytest.approx(share, abs=6e-6 if share > 0.9 else 6e-5)


def test_tipping_strengths_are_those_of_the_table():
    def strength(*values):
        sums = theory.log_sums(np.transpose(values), OUTSIDE, SHARES)
        return 5.0 * (sums[-1] - sums[-2])

    incumbent, blocked, rival = (1.2, 0.3), (1.2, -3.7), (0.6, 0.3)
    assert strength(incumbent) == pytest.approx(9.624, abs=6e-4)
    assert strength(blocked) == pytest.approx(9.229, abs=6e-4)
    assert strength(incumbent, rival) == pytest.approx(3.977, abs=6e-4)


def test_the_gibbs_law_is_the_law_of_its_heat_bath():
    rng = np.random.default_rng(1)
    sums = {(0, 1): theory.log_sums(rng.normal(size=(2, 2)), OUTSIDE, SHARES)}
    law = theory.install_law(1.5, {(0, 1): 1.0}, sums, rng.normal(-1, 1, (2, 2)))
    chain = theory.heat_bath(law)
    assert chain.sum(1) == pytest.approx(np.ones(16))
    assert law @ chain == pytest.approx(law, abs=1e-15)
    assert 0 < theory.memory(chain) < 1


def test_the_gibbs_law_of_one_bit_is_the_logit():
    law = theory.install_law(1.0, {}, {}, np.array([[0.7]]))
    assert law[1] == pytest.approx(theory.sigmoid(0.7))


def test_standard_errors_of_a_crowd_that_ignores_others_are_those_of_coins():
    fair = np.array([0.5, 0.5])
    chain = np.full((2, 2), 0.5)  # every step is a new coin
    errors = theory.mean_field_errors(lambda _: chain, fair, n_users=100, n_steps=25)
    assert errors == pytest.approx(np.full(2, 0.5 / 50))


@pytest.mark.parametrize(("openings", "mau", "dau"), [(1.87, 1.0, 0.846), (0.25, 0.99945, 0.2212)])
def test_observation_of_equal_users_is_poisson(openings, mau, dau):
    assert theory.seen(openings, 30) == pytest.approx(mau, abs=6e-5)
    assert theory.seen(openings, 1) == pytest.approx(dau, abs=6e-4)


def test_observation_of_gamma_users_is_the_mean_over_gamma():
    rates = np.random.default_rng(1).gamma(1.7, 0.4, 200_000)
    for days in (1, 30):
        chance = theory.seen(rates, days)
        error = theory.seen_gamma_sd(1.7, 0.4, days) / np.sqrt(rates.size)
        assert abs(chance.mean() - theory.seen_gamma(1.7, 0.4, days)) < 4 * error
        assert chance.std() == pytest.approx(theory.seen_gamma_sd(1.7, 0.4, days), rel=0.01)


def test_a_mandate_reaches_its_ceiling_and_no_more():
    assert theory.mandated(0.0, 0.02, 0.6) == 0
    assert theory.mandated(1e4, 0.02, 0.6) == pytest.approx(0.6)
    assert theory.mandated(np.log(2) / 0.02, 0.02, 0.6) == pytest.approx(0.3)
