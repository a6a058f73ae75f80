"""Own shares of calls: their mean is that of the configuration, whatever the spread."""

import numpy as np
import pytest
from scipy.special import expit, logit

from sim import load_config
from sim.engine.call_shares import call_shares, middle

N = 20_000


def drawn(*overrides, first=0, last=N):
    return call_shares(load_config(*overrides), first, last)


def test_without_a_spread_all_have_the_mean_to_the_last_bit():
    assert set(drawn("behaviour.call_share=0.372")) == {np.float32(0.372)}


@pytest.mark.parametrize("mean", [0.02, 0.372, 0.9])
@pytest.mark.parametrize("sd", [0.3, 1.0, 5.0])
def test_the_mean_is_kept_and_the_log_odds_have_the_spread(mean, sd):
    shares = drawn(f"behaviour.call_share={mean}", f"behaviour.call_share_sd={sd}").astype(float)
    assert (shares >= 0).all()
    assert (shares <= 1).all()
    assert abs(shares.mean() - mean) < 4 * shares.std() / np.sqrt(N)
    inside = (shares > 1e-4) & (shares < 1 - 1e-4)  # where single precision keeps the log-odds
    expected = expit(middle(mean, sd) + sd * np.linspace(-1, 1, 3))
    if inside.all():
        odds = logit(shares)
        assert abs(odds.std() - sd) < 4 * sd / np.sqrt(2 * N)
    assert np.quantile(shares, [0.1587, 0.5, 0.8413]) == pytest.approx(expected, rel=0.12)


def test_the_middle_of_a_symmetric_share_is_its_mean_and_others_are_further_out():
    assert middle(0.5, 2.0) == pytest.approx(0.0, abs=1e-9)
    assert middle(0.3, 1.0) < logit(0.3)
    assert middle(0.3, 1e-6) == pytest.approx(logit(0.3), abs=1e-9)


@pytest.mark.parametrize("end", [0, 1])
def test_a_mean_at_an_end_is_that_of_all(end):
    changes = f"behaviour.call_share={end}", "behaviour.call_share_sd=2"
    assert set(drawn(*changes)) == {np.float32(end)}


def test_a_user_draws_the_same_alone_as_among_others():
    spread = "behaviour.call_share_sd=1"
    assert (drawn(spread)[50:60] == drawn(spread, first=50, last=60)).all()
