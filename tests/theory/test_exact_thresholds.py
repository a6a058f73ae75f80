"""Thresholds of a crowd against Granovetter's model (docs/verification.md: T8)."""

import numpy as np
import pytest
from scipy.stats import norm

from tests.helpers import theory_networks
from tests.helpers.one_messenger import ALWAYS, MOST_STEPS, STEEP, logit, step
from tests.helpers.toys import Crowd, from_fixed_point, in_steps

THRESHOLD = 0.25  # mean
FINE = 14  # of concern a standard deviation: steps of 1/14,000 of it, up to 4.5 of them
ACTS = {0.122: 0.054792, 0.13: 1.0}  # by standard deviation


def act_in_the_end(deviations, sd):
    """Return thresholds ``THRESHOLD`` + `sd` x `deviations`, as read, and how many act."""
    params = logit(
        STEEP, -THRESHOLD * STEEP, risk_value=2 * sd * STEEP / FINE, install_rate=ALWAYS,
        drop_rate=ALWAYS,
    )  # fmt: skip
    n = len(deviations)
    crowd = Crowd(n, [1, 0], params)
    users = crowd.state.users[:n]
    users.type[:] = -np.sign(deviations)
    users.concern[:] = in_steps(concern=FINE * np.abs(deviations))
    thresholds = THRESHOLD - sd * users.type * from_fixed_point(concern=users.concern) / FINE
    share = 0.0
    for k in range(MOST_STEPS):
        step(crowd.state, k)
        before, share = share, crowd.mix()[1]
        if share == before:
            return thresholds, round(share * n)
    raise AssertionError(f"the crowd still moves after {MOST_STEPS} steps")


@pytest.mark.parametrize(("sd", "share"), ACTS.items())
def test_t8_shares_are_those_of_the_table(sd, share):
    assert theory_networks.granovetter(THRESHOLD, sd) == pytest.approx(share, abs=6e-7)


@pytest.mark.parametrize("sd", ACTS)
def test_t8_thresholds_at_the_quantiles_act_as_granovetter_says(sd):
    n = 50_000
    _, acting = act_in_the_end(norm.ppf((np.arange(n) + 0.5) / n), sd)
    # quantiles are off the law by 1 / 2n at most, rounded concerns by much less
    low, high = (theory_networks.granovetter(THRESHOLD, sd, error) for error in (-1 / n, 1 / n))
    print(f"T8 s={sd}: theory {low:.6f} to {high:.6f}, run {acting / n:.6f}")
    assert low <= acting / n <= high


def test_t8_a_random_crowd_stops_at_the_first_gap_in_its_thresholds():
    n, found = 4000, []
    for seed in range(12):
        deviations = np.random.default_rng(seed).normal(size=n)
        thresholds, acting = act_in_the_end(deviations, 0.122)
        assert acting == theory_networks.granovetter_crowd(thresholds)
        found.append(acting / n)
    print(f"T8 s=.122, {n} users: {found}")
    assert min(found) < 0.1 < 0.9 < max(found)  # so few users may tip or not
