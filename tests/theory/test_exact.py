"""Runs of the production rules against exact results (docs/verification.md: T1, T9, T10).

A share is compared at 4 standard errors. They come from theory, never from the run: for crowds
from the linear noise of their mean-field step (`theory.mean_field_errors`), checked to hold there.
"""

from itertools import count

import numpy as np
import pytest

from sim.engine.engines import CompiledEngine
from sim.engine.state import make_ties, seats
from sim.engine.threads import Threads
from sim.kernel.compiled import jit_loop
from sim.kernel.rng import purpose_key, step_key, uniform, uniforms
from sim.kernel.vec16 import WIDTH
from sim.population.graph import Graph
from sim.population.rows import rows_from
from sim.rules.adoption import ACCEPT, REVISE, begin, revise, weigh
from sim.rules.choice import CONVERSE, communicate
from sim.rules.choice_memory import working_memory
from sim.rules.fixed_point import TASTE_STEPS
from sim.rules.marginal_value import evaluate
from sim.rules.packed_state import pack_choice_state
from sim.rules.value_queries import enqueue_values, value_queries
from tests.helpers import theory
from tests.helpers.ties import equal_ties
from tests.helpers.toys import Crowd, by_band, take_step, toy_env, toy_params, toy_state, toy_users
from tests.helpers.worlds import SEED, keys

OUTSIDE, SHARES = np.array([-1.0, 1.0]), np.array([0.8, 0.2])  # message, call
ENGINE = CompiledEngine(Threads(1))

# T1: one messenger, U = B + beta L x with L the value of a contact who has it.

N_CROWD, N_STEPS, BURN = 8_000, 250, 80
DAILY = 0.4  # hazard of reconsidering
ONE = np.array([[1.2], [0.3]])
VALUE = theory.log_sums(ONE, OUTSIDE, SHARES) @ [-1, 1]


def binary(a, b, share):
    """Return a crowd with U = a + b x, and its step."""
    params = toy_params(
        1, outside=np.exp(OUTSIDE), network_value=b / VALUE, standalone=by_band(a),
        install_rate=DAILY, drop_rate=DAILY,
    )  # fmt: skip
    crowd, env = Crowd(N_CROWD, [1 - share, share], params), toy_env(ONE)

    def step(k):
        take_step(ENGINE, crowd.state, env, keys(k))
        return crowd.mix()[1]

    return crowd, step


def binary_error(a, b, x):
    def chain_at(shares):
        utilities = np.array([0.0, a + b * shares[1]])
        return theory.revisions(utilities, -np.expm1(-DAILY))

    errors = theory.mean_field_errors(chain_at, np.array([1 - x, x]), N_CROWD, N_STEPS)
    return errors[1]


@pytest.mark.parametrize(
    ("a", "b", "start", "root"),
    [(-2.5, 5, 0.1, 0), (-2.5, 5, 0.9, 2), (-3.2, 6, 0.95, 2), (-3.2, 6, 0.5, 0), (-4, 6, 0.9, 0)],
)
def test_t1_a_well_mixed_crowd_settles_at_the_logit_fixed_point(a, b, start, root):
    x = theory.logit_fixed_points(a, b)[root]
    _, step = binary(a, b, start)
    seen = [step(k) for k in range(BURN + N_STEPS)]
    error = binary_error(a, b, x)
    print(f"T1 a={a} b={b}: theory {x:.6f}, run {np.mean(seen[BURN:]):.5f}, s.e. {error:.5f}")
    assert abs(np.mean(seen[BURN:]) - x) < 4 * error


def test_t1_the_crowd_jumps_up_and_down_at_different_spinodals():
    b, (_, (a_up, a_down)) = 6, theory.logit_spinodals(6)
    crowd, step = binary(-3.6, b, 0.05)
    time = count()

    def settled(a):
        crowd.state.params.standalone[:, 0] = a
        return [step(next(time)) for _ in range(BURN)][-1]

    rising = {a: settled(a) for a in (-3.3, -3.0, a_up - 0.05, a_up + 0.05)}
    falling = {a: settled(a) for a in (-3.0, a_down + 0.05, a_down - 0.05)}
    low = [rising[a] for a in (-3.3, -3.0, a_up - 0.05)]
    print(f"T1 hysteresis: rising {rising}, falling {falling}")
    assert max(low) < 0.211325 < 0.788675 < rising[a_up + 0.05]
    assert falling[a_down - 0.05] < 0.211325 < 0.788675 < falling[a_down + 0.05]
    assert rising[-3.0] < 0.1 < 0.9 < falling[-3.0]  # the same world, two histories


# T9: the install rule, one user and one messenger at a time, keeps exp(Phi) / Z, whether people
# decide at once or by clocks: unequal ones add ln(rho_in / rho_out) to each stand-alone value, and
# failure, which speeds up both, adds nothing. Of noise a share r lasts, so utilities are in units
# of sqrt(1 - r). Weights of rows are normalised; on these graphs both ends of a tie give it the
# same weight.

FIVE = np.array([[1.2, 0.6, 0.9], [0.3, 0.4, -0.2]])  # message, call


@jit_loop
def visits(
    counts, n_samples, thin, n, at_once, users, step_records, words, ties, env, params, at, bases,
    keys, queries, s,
):  # fmt: skip
    """Let random users reconsider random messengers; count the state every `thin` times.

    They do so at once or by their clocks.
    """
    for k in range(n_samples * thin):
        site = int(uniform(bases[0], k) * (len(users) * n))
        i = site // n
        keys[ACCEPT], keys[REVISE] = step_key(bases[1], k), step_key(bases[2], k)
        users[i].alert = np.uint8(at_once << site % n)
        begin(i, users[i], 0, env, params, keys)
        users[i].revising = np.uint8(users[i].revising & 1 << site % n)
        lane = np.int64(at[i]) % WIDTH
        first = np.int64(at[i]) - lane
        communicate(
            first, lane, lane + 1, users, step_records, 0, words, ties, env, params,
            keys[CONVERSE], s,
        )  # fmt: skip
        enqueue_values(
            i, words, weigh(i, users[i], step_records[i], env, params, keys), params, queries
        )
        evaluate(users, step_records, 0, words, ties, env, params, queries, s)
        revise(i, users[i], step_records[i], env, params, keys)
        words[i] = pack_choice_state(users[i], params)
        if k % thin == thin - 1:
            state = 0
            for j in range(len(users)):
                state |= np.int64(users[j].installed) << j * n
            counts[state] += 1


STRONG, WEAK = 1 / (1 + 2**-0.9), 2**-0.9 / (1 + 2**-0.9)  # rank 1 and 2 of a row of two
RING = Graph.from_ties(
    4, *np.array([(0, 1, 0), (2, 3, 0), (1, 2, 1), (3, 0, 1)]).T, ("strong", "weak"), np.uint64(1)
)
GIBBS = {
    "a pair, three messengers": (3, equal_ties([[1], [0]]), {(0, 1): 1.0}),
    "a triangle, two messengers": (
        2, equal_ties([[1, 2], [0, 2], [0, 1]]), {(0, 1): 0.5, (1, 2): 0.5, (0, 2): 0.5},
    ),
    "a graph of strong and weak ties, two messengers": (
        2, make_ties(rows_from(RING)),
        {(0, 1): STRONG, (2, 3): STRONG, (1, 2): WEAK, (0, 3): WEAK},
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("n", "ties", "weights"), GIBBS.values(), ids=GIBBS)
def test_t9_states_are_visited_as_the_gibbs_law_says(n, ties, weights):
    n_users, beta, losses = len(ties.degree), 3.0, np.array([2.0, 3.0])
    q = np.linspace(0.3, 1, 2 * 2 * n).reshape(2, 2, n)  # by place, channel and messenger
    users = toy_users(n_users, n)
    users.place[:] = np.arange(n_users) % 2
    users.taste[:] = TASTE_STEPS * np.random.default_rng(4).normal(size=users.taste.shape)
    params = toy_params(
        n, outside=np.exp(OUTSIDE), network_value=beta, taste_sd=0.6,
        standalone=by_band(*[-1.2, -0.8, -1.0][:n]),
    )  # fmt: skip
    works = {(i, j): q[i % 2] * q[j % 2] for i, j in weights}
    sums = {
        pair: theory.log_sums(FIVE[:, :n] - losses[:, None] * (1 - both), OUTSIDE, SHARES, both)
        for pair, both in works.items()
    }
    standalone = np.array([-1.2, -0.8, -1.0])[:n] + 0.6 * users.taste[:, :n] / TASTE_STEPS
    law = theory.install_law(beta, weights, sums, standalone)
    # thinned until a sample remembers less than 1 % of the one before: independent
    thin = int(np.ceil(np.log(0.01) / np.log(theory.memory(theory.heat_bath(law)))))
    state, counts = toy_state(users, ties, params), np.zeros(law.size, np.int64)
    bases = np.array([purpose_key(SEED, 0, f"test.gibbs.{k}") for k in range(3)])
    visits(
        counts, N_SAMPLES, thin, n, 1, state.users, state.step_records, state.choice_state, ties,
        toy_env(FIVE[:, :n], losses, q), params, seats(ties), bases, keys(0),
        value_queries(1), working_memory(),
    )  # fmt: skip
    check_law(counts, law, thin)


RHO_IN, RHO_OUT, LASTING = 2.5, 1.0, 0.5


@pytest.mark.slow
@pytest.mark.parametrize("surprise", [0.0, 0.8])
def test_t9_unequal_clocks_shift_the_law_and_failure_does_not(surprise):
    n, ties, weights = 2, equal_ties([[1], [0]]), {(0, 1): 1.0}
    users, scale, beta = toy_users(2, n), np.sqrt(1 - LASTING), 2.0
    users.taste[:, :n] = [[12, -20], [-9, 25]]  # in units of 1 / TASTE_STEPS
    params = toy_params(
        n, outside=np.exp(OUTSIDE), network_value=beta, taste_sd=0.6, taste_persistence=LASTING,
        standalone=by_band(-1.2, -0.8), install_rate=RHO_IN, drop_rate=RHO_OUT, failure_exit=3.0,
    )  # fmt: skip
    env = toy_env(FIVE[:, :n])
    env.surprise[:] = surprise
    tastes = users.taste[:, :n] / TASTE_STEPS * np.sqrt(0.6**2 + LASTING * np.pi**2 / 3)
    sums = dict.fromkeys(weights, theory.log_sums(FIVE[:, :n], OUTSIDE, SHARES))
    standalone = (np.array([-1.2, -0.8]) + tastes) / scale + np.log(RHO_IN / RHO_OUT)
    law = theory.install_law(beta / scale, weights, sums, standalone)
    haste = 1 + 3.0 * surprise
    chain = theory.two_state_steps(law, RHO_IN * haste, RHO_OUT * haste)
    assert law @ chain == pytest.approx(law, abs=1e-12)
    thin = int(np.ceil(np.log(0.01) / np.log(theory.memory(chain))))
    state, counts = toy_state(users, ties, params), np.zeros(law.size, np.int64)
    bases = np.array([purpose_key(SEED, 0, f"test.clocks.{k}") for k in range(3)])
    visits(
        counts, N_SAMPLES, thin, n, 0, state.users, state.step_records, state.choice_state, ties,
        env, params, seats(ties), bases, keys(0), value_queries(1), working_memory(),
    )  # fmt: skip
    check_law(counts, law, thin)


N_SAMPLES = 100_000


def check_law(counts, law, thin):
    """Compare counts of independent samples with their law: chi-square at 4 standard errors."""
    expected, dof = N_SAMPLES * law, law.size - 1
    assert expected.min() > 5
    chi2 = ((counts - expected) ** 2 / expected).sum()
    print(
        f"T9 {law.size} states, thin {thin}: chi2 {chi2:.1f} for {dof} +- {np.sqrt(2 * dof):.1f}, "
        f"total variation {np.abs(counts / N_SAMPLES - law).sum() / 2:.4f}"
    )
    assert abs(chi2 - dof) < 4 * np.sqrt(2 * dof)


# T10: two messengers. Users reconsider one messenger at a time, the law knows no other order.

CHANCE = 0.5  # of reconsidering, a step
HALF_DEGRADED = np.exp(-2.5 / 2)  # q at both ends: costs -ln(q q) = 2.5
MULTI_HOMING = {  # mandate bonus on messenger 1, q of messages and of calls on messenger 0
    "as it is": (0.0, 1.0, 1.0),
    "a mandate of the rival": (3.0, 1.0, 1.0),
    "calls blocked": (0.0, 1.0, 0.0),
    "messages degraded too": (0.0, HALF_DEGRADED, 0.0),
}


@pytest.mark.parametrize(("mandate", "q_message", "q_call"), MULTI_HOMING.values(),
                         ids=MULTI_HOMING)  # fmt: skip
def test_t10_a_well_mixed_crowd_settles_at_the_multi_homing_fixed_point(
    mandate, q_message, q_call
):
    values, first = np.array([[1.2, 0.6], [0.3, 0.3]]), [0.1, 0.8, 0.05, 0.05]
    q = np.array([[[q_message, 1], [q_call, 1]]])
    params = toy_params(
        2, outside=np.exp(OUTSIDE), network_value=5.0, standalone=by_band(-2.0, -3.2),
        mandate_value=mandate,
    )  # fmt: skip
    crowd, env = Crowd(N_CROWD, first, params), toy_env(values, q=q)
    crowd.state.users.mandated[:] = 0b10
    seen = [one_at_a_time(crowd, env, k) for k in range(3 * BURN + N_STEPS)][3 * BURN :]

    sums = theory.log_sums(values, OUTSIDE, SHARES, q[0] ** 2)
    standalone = (-2.0, -3.2 + mandate)
    law = theory.multi_homing(5.0, sums, standalone, first)
    errors = theory.mean_field_errors(
        lambda shares: theory.revisions(
            theory.multi_homing_utilities(shares, 5.0, sums, standalone), CHANCE
        ),
        law, N_CROWD, N_STEPS,
    )  # fmt: skip
    found = np.mean(seen, axis=0)
    print(f"T10 theory {law.round(5)}, run {found.round(5)}, s.e. {errors.round(5)}")
    assert (np.abs(found - law) < 4 * errors).all()


def one_at_a_time(crowd, env, k):
    """Let a part of the crowd reconsider one random messenger, as if alert; returns the shares."""
    state, n = crowd.state, crowd.n
    u = uniforms(np.uint64(step_key(purpose_key(SEED, 0, "test.which"), k)), n)
    state.users.alert[:n] = np.where(u < CHANCE, 1 << (u < CHANCE / 2).astype(int), 0)
    take_step(ENGINE, state, env, keys(k))
    return crowd.mix()
