"""What a VPN lifts erodes and recovers: e' = repair (e_max - e) - blocking e."""

import datetime as dt

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sim import load_config
from sim.policies.circumvention import VpnBlocking, VpnFine, VpnSupport
from sim.policies.grades import efficacy_after

CONFIG = load_config("behaviour.vpn_efficacy=0.8", "behaviour.vpn_repair=0.05")
START = CONFIG.start


def day(k):
    return START + dt.timedelta(days=k)


def path(policies, step_days, n_steps, config=CONFIG):
    """Return mean efficacy in every step, and efficacy at its end."""
    efficacy, means, ends = config.behaviour.vpn_efficacy, [], []
    for k in range(n_steps):
        span = (k * step_days, (k + 1) * step_days, START)
        mean, efficacy = efficacy_after(efficacy, config, policies, span)
        means.append(mean)
        ends.append(efficacy)
    return np.array(means), np.array(ends)


def solved(policies, days, config=CONFIG):
    """Return efficacy and its integral at `days` by numerical integration."""
    b = config.behaviour

    def slope(t, y):
        at = START + dt.timedelta(days=int(np.floor(t)))
        env = [p for p in policies if p.start <= at and (p.stop is None or at < p.stop)]
        blocking = sum(p.rate for p in env if isinstance(p, VpnBlocking))
        repair = b.vpn_repair + sum(p.repair_rate for p in env if isinstance(p, VpnSupport))
        return repair * (b.vpn_efficacy - y[0]) - blocking * y[0], y[0]

    # dates are whole days: solved day by day, no step straddles a jump of the rates
    y, out = np.array([b.vpn_efficacy, 0.0]), {0.0: (b.vpn_efficacy, 0.0)}
    for k in range(int(np.ceil(max(days)))):
        last = np.nextafter(k + 1, k)
        found = solve_ivp(slope, (k, last), y, dense_output=True, rtol=1e-10, atol=1e-12)
        out |= {t: found.sol(min(t, last)) for t in days if k < t <= k + 1}
        y = found.y[:, -1]
    return np.array([out[t] for t in days])


BLOCKINGS = {
    "blocking": [VpnBlocking(rate=0.1, start=day(3))],
    "for a while": [VpnBlocking(rate=0.3, start=day(2), stop=day(16))],
    "two at once": [
        VpnBlocking(rate=0.1, start=day(3)), VpnBlocking(rate=0.2, start=day(8), stop=day(20)),
    ],
    "with repair": [
        VpnBlocking(rate=0.2, start=day(3)),
        VpnSupport(help=1.0, repair_rate=0.3, start=day(11), stop=day(18)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("step_days", [7, 3.5, 1])
@pytest.mark.parametrize("policies", BLOCKINGS.values(), ids=BLOCKINGS)
def test_efficacy_is_the_solution_of_its_equation_however_time_is_cut(policies, step_days):
    n = round(28 / step_days)
    means, ends = path(policies, step_days, n)
    days = [float(step_days * k) for k in range(1, n + 1)]
    at_days, integral = solved(policies, days).T
    assert ends == pytest.approx(at_days, rel=1e-7)
    assert means * step_days == pytest.approx(np.diff([0.0, *integral]), rel=1e-7)


@pytest.mark.parametrize("efficacy", [0.8, 0.8116, 1 / 3, 0.1, 1.0, 0.0])
def test_without_blocking_efficacy_is_exactly_constant(efficacy):
    config = load_config(f"behaviour.vpn_efficacy={efficacy}")
    others = [VpnFine(cost=1.0, start=day(3)), VpnSupport(help=1.0, start=day(5), repair_rate=0.2)]
    for step_days in (7, 1.75, 0.7):
        for policies in ([], others):
            means, ends = path(policies, step_days, 20, config)
            assert set(ends.tolist()) == {efficacy}
            assert means == pytest.approx(efficacy, rel=1e-14)


def test_without_repair_what_is_blocked_stays_blocked():
    config = load_config("behaviour.vpn_efficacy=0.8", "behaviour.vpn_repair=0")
    _, ends = path([VpnBlocking(rate=0.1, start=day(0), stop=day(14))], 7, 6, config)
    assert ends == pytest.approx(0.8 * np.exp(-0.1 * np.array([7, 14, 14, 14, 14, 14])))


def test_blocking_that_lasts_leaves_the_balance_of_repair_and_erosion():
    _, ends = path([VpnBlocking(rate=0.1, start=day(0))], 7, 60)
    assert ends[-1] == pytest.approx(0.8 * 0.05 / 0.15)
    assert (np.diff(ends) <= 0).all()


def test_what_was_blocked_recovers():
    _, ends = path([VpnBlocking(rate=1.0, start=day(0), stop=day(7))], 7, 60)
    assert ends[0] < 0.1
    assert ends[-1] == pytest.approx(0.8)
