"""Closed forms that runs are compared with (docs/model.md); no rule of the simulator."""

from itertools import product

import numpy as np
from scipy.optimize import brentq, minimize_scalar

GRID = 200_001  # points in which roots are looked for


def sigmoid(u):
    return 1.0 / (1.0 + np.exp(-u))


def _roots(function, low, high):
    """Return where a vectorised `function` changes sign; a root on a grid point counts once."""
    grid = np.linspace(low, high, GRID)
    signs = np.sign(function(grid))
    crossings = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    found = [brentq(function, grid[k], grid[k + 1], xtol=1e-14) for k in crossings]
    return sorted([*found, *grid[signs == 0]])


def logit_fixed_points(a, b):
    """Return the roots of x = sigmoid(a + b x)."""
    return _roots(lambda x: sigmoid(a + b * x) - x, 0.0, 1.0)


def logit_spinodals(b):
    """Return (x, a) where the low state and where the high state ceases to exist, for b > 4."""
    root = np.sqrt(1 - 4 / b)
    x = np.array([(1 - root) / 2, (1 + root) / 2])
    return x, np.log(x / (1 - x)) - b * x


def potts_ordered(n, b):
    """Return the shares above 1/n that option 1 can hold where x_p ~ exp(b x_p), ascending."""

    def gap(x):
        return np.log(x * (n - 1) / (1 - x)) - b * (x - (1 - x) / (n - 1))

    return _roots(gap, 1 / n + 1e-6, 1 - 1e-9)


def potts_birth(n):
    """Return b_s, from which an ordered state exists, and its share."""

    def needed_b(x):
        return np.log(x * (n - 1) / (1 - x)) / (x - (1 - x) / (n - 1))

    found = minimize_scalar(
        needed_b, bounds=(1 / n + 1e-4, 1 - 1e-6), method="bounded", options={"xatol": 1e-10}
    )
    return found.fun, found.x


def potts_transition(n):
    """Return b_c, at which ordered and symmetric state weigh the same."""
    return 2 * (n - 1) * np.log(n - 1) / (n - 2)


def potts_shift(n, b, x, error):
    """Return how far the state (x, rest equal) moves where shares are read with errors.

    The largest shift over readings of exp(b x / 2) that are each off by `error` of the shares, up
    or down.
    """
    state = np.array([x, *[(1 - x) / (n - 1)] * (n - 1)])
    shifts = []
    for signs in product((-1, 1), repeat=n):
        read = state
        for _ in range(5000):
            weights = (np.exp(b * read / 2) + error(read) * np.array(signs)) ** 2
            read = weights / weights.sum()
        shifts.append(np.abs(read - state).max())
    return max(shifts)


def log_sums(values, outside, shares, q=1.0):
    """Return sum_c d_c ln(exp(outside_c) + sum_p q_cp exp(v_cp)) by set of messengers, (2^P,).

    `values` and `q` are (channels, P), `outside` and `shares` are (channels,).
    """
    n = np.shape(values)[1]
    has = np.arange(2**n)[:, None] >> np.arange(n) & 1
    return np.log(np.exp(outside) + has @ (q * np.exp(values)).T) @ np.asarray(shares)


def gibbs(potential):
    """Return exp(potential) / Z."""
    law = np.exp(potential - potential.max())
    return law / law.sum()


def install_law(beta, weights, log_sums_by_tie, standalone):
    """Return the Gibbs law of the install rule over all states (T9).

    `weights` maps a pair to the weight of its tie, `log_sums_by_tie` to its `log_sums`;
    `standalone` is (N, P). Bit i P + p of a state says that user i has messenger p.
    """
    n_users, n = standalone.shape
    states = np.arange(2 ** (n_users * n))
    sets = states[:, None] >> (np.arange(n_users) * n) & (2**n - 1)
    potential = np.zeros(states.size)
    for (i, j), weight in weights.items():
        potential += beta * weight * log_sums_by_tie[i, j][sets[:, i] & sets[:, j]]
    has = states[:, None] >> np.arange(n_users * n) & 1
    return gibbs(potential + has @ standalone.ravel())


def heat_bath(law):
    """Return the chain over states that redraws one random bit given the others, (S, S)."""
    states = np.arange(law.size)
    n_sites = int(np.log2(law.size))
    chain = np.zeros((law.size, law.size))
    for site in range(n_sites):
        flipped = states ^ (1 << site)
        move = law[flipped] / (law[flipped] + law) / n_sites
        chain[states, flipped] += move
        chain[states, states] += 1 / n_sites - move
    return chain


def two_state_steps(law, rho_in, rho_out):
    """Return the chain over states in which one random bit takes a step of its own chain, (S, S).

    The hazards of the bit are rho_in s(U) to come and rho_out s(-U) to go, at odds
    exp(U) rho_in / rho_out given the others.
    """
    chain, states = heat_bath(law), np.arange(law.size)
    for site in range(int(np.log2(law.size))):
        flipped = states ^ (1 << site)
        odds = law[states | 1 << site] / law[states & ~(1 << site)]
        wants = odds / (odds + rho_in / rho_out)
        chain[states, flipped] *= -np.expm1(-rho_in * wants - rho_out * (1 - wants))
    chain[states, states] = 0.0
    chain[states, states] = 1.0 - chain.sum(axis=1)
    return chain


def memory(chain):
    """Return the second largest modulus of the chain's eigenvalues: what a step forgets."""
    return np.sort(np.abs(np.linalg.eigvals(chain)))[-2]


def revisions(utilities, chance):
    """Return the step of a user who redraws one random messenger with `chance`, (S, S)."""
    return np.eye(utilities.size) * (1 - chance) + chance * heat_bath(gibbs(utilities))


def multi_homing_utilities(shares, beta, sums, standalone):
    """Return the utility of each set of messengers among contacts with `shares` of sets (T10)."""
    sets = np.arange(shares.size)
    has = sets[:, None] >> np.arange(len(standalone)) & 1
    return beta * sums[sets[:, None] & sets] @ shares + has @ np.asarray(standalone)


def multi_homing(beta, sums, standalone, start):
    """Return the shares of sets that keep themselves up, from `start` (T10)."""
    shares = np.array(start, float)
    for _ in range(200_000):
        new = gibbs(multi_homing_utilities(shares, beta, sums, standalone))
        if np.abs(new - shares).max() < 1e-14:
            break
        shares = (shares + new) / 2
    return shares


def mean_field_errors(chain_at, shares, n_users, n_steps):
    """Return the standard errors of the time means of `shares`, the fixed point of a crowd.

    `n_users` step independently with ``chain_at(shares)``. With A the derivative of the mean
    step and S the covariance of one step, the sum of a stationary AR(1) over many steps gives
    (I - A)^-1 S (I - A)^-T / (n_users n_steps).
    """
    size, chain = shares.size, chain_at(shares)
    noise = np.diag(shares @ chain) - chain.T @ np.diag(shares) @ chain
    step = 1e-6
    basis = np.linalg.svd(np.ones((1, size)))[2][1:]  # changes of shares sum to zero
    derivative = np.array(
        [
            ((shares + step * v) @ chain_at(shares + step * v)
             - (shares - step * v) @ chain_at(shares - step * v)) / (2 * step)
            for v in basis
        ]
    ).T  # fmt: skip
    inverse = np.linalg.inv(np.eye(size - 1) - basis @ derivative)
    covariance = basis.T @ inverse @ (basis @ noise @ basis.T) @ inverse.T @ basis
    return np.sqrt(np.diag(covariance) / (n_users * n_steps))


def content_appeals(openings, most):
    """Return the appeals k at which openings for content are `most` k / (1 + sum k), by app."""
    return openings / (most - np.sum(openings))


def mandated(days, rate, ceiling):
    """Return the share that a mandate has reached (T12)."""
    return -ceiling * np.expm1(-rate * days)


def seen(openings, days):
    """Return the share seen in `days` where all open equally often (T14)."""
    return -np.expm1(-openings * days)


def seen_gamma(shape, scale, days):
    """Return the share seen in `days` where openings a day are Gamma(shape, scale) (T14)."""
    return 1 - (1 + days * scale) ** -shape


def seen_gamma_sd(shape, scale, days):
    """Return the standard deviation over users of the chance to be seen."""
    return np.sqrt((1 + 2 * days * scale) ** -shape - (1 + days * scale) ** (-2 * shape))
