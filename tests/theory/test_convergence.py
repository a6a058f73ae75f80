"""Runs converge: with the copies of a world, and with ever shorter steps."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from sim import load_config
from sim.engine.threads import Threads
from sim.measures.series import Series, step_series
from sim.rules.networks import Chats
from sim.rules.records import PublicState
from tests.helpers.chats import chat_rows, chats_of
from tests.helpers.ties import csr, ties_of
from tests.helpers.worlds import advanced, simulation, world

BAN = "+scenario=call_ban"


def repeated(indptr, n):
    """Return the ends of the rows of `n` copies."""
    return np.concatenate([indptr[:1], *(indptr[1:] + k * indptr[-1] for k in range(n))])


def shifted(numbers, size, n):
    """Return numbers below `size` in `n` copies, each its own; those below 0 stay."""
    parts = (np.where(numbers < 0, numbers, numbers + k * size) for k in range(n))
    return np.concatenate([part.astype(numbers.dtype) for part in parts])


def copies(state, n):
    """Return a world of `n` copies of `state` that do not know of each other."""
    size, ties, chats = state.n_users, state.ties, state.chats
    indptr, contacts = csr(ties)
    new = dataclasses.replace(
        state,
        users=np.tile(state.users, n).view(np.recarray),
        public=PublicState(*(np.zeros(n * size + k, np.uint64) for k in (1, 0, 1, 0))),
        ties=ties_of(repeated(indptr, n), shifted(contacts.astype(np.int64), size, n),
                ties.rank_weight, ties.rank_total),
        chats=Chats(
            *(np.tile(part, n) for part in chats[:4]), repeated(chats.indptr, n),
            shifted(chats.members.astype(np.int64), size, n).astype(np.uint32),
            *chat_rows([
                [g + k * len(chats.platform) for g in mine]
                for k in range(n) for mine in chats_of(chats)
            ]),
        ),
        abuse=state.abuse.copy(),
    )  # fmt: skip
    new.publish(Threads(1))
    return new


@pytest.mark.slow
def test_copies_of_a_world_have_its_mean_and_a_variance_that_shrinks_with_their_number():
    config, start = world("+scenario=call_ban_only")
    n_runs, n_copies, steps = 64, 4, 20
    series = [Series("whatsapp", "any", "installed"), Series("telegram", "any", "dau"),
              Series("cellular", "call", "use"), Series("any", "any", "welfare")]  # fmt: skip
    columns = [step_series(config).index(s) for s in series]

    def last(state, replication):
        run = advanced(simulation(config, state, replication), steps)
        return run.recorder.observations.steps[-1][0, columns]

    many = copies(start, n_copies)
    one = np.array([last(start, r) for r in range(n_runs)])
    all_ = np.array([last(many, r) for r in range(n_runs)])
    # replications are independent; the logarithm of a variance errs by sqrt(2 / (n - 1))
    error = np.sqrt((one.var(axis=0, ddof=1) + all_.var(axis=0, ddof=1)) / n_runs)
    ratio = np.log(one.var(axis=0, ddof=1) / all_.var(axis=0, ddof=1))
    of_ratio = np.sqrt(4 / (n_runs - 1))
    print(f"copies: means {one.mean(axis=0)} {all_.mean(axis=0)}, s.e. {error}")
    print(f"copies: variance ratios {np.exp(ratio)}, s.e. of the log {of_ratio:.3f}")
    assert (np.abs(one.mean(axis=0) - all_.mean(axis=0)) < 4 * error).all()
    assert (np.abs(ratio - np.log(n_copies)) < 4 * of_ratio).all()


FAST = (  # everything faster than life, so that a week is long and its error can be seen
    "population.n_users=8000", "dur_days=119", "~policies.max_egov", "compare_to=[]",
    "behaviour.install_rate=0.06", "behaviour.drop_rate=0.06", "behaviour.habit_rate=0.06",
    "behaviour.pair_rate=0.1", "policies.max_campaign.trial_rate=0.06",
    "policies.max_campaign.awareness_rate=0.2",
)  # fmt: skip


@pytest.mark.slow
def test_halving_the_step_halves_its_error():
    """A ratio of successive differences is 2 at first order, 4 at second, 1 without convergence.

    The standard error is that of independent replications; steps of different length see
    different random numbers.
    """
    _, start = world(BAN, *FAST, "step_days=1.75")
    day, runs, mean, error = 84, range(12), {}, {}
    for days in (7, 3.5, 1.75, 0.875):
        config = load_config(BAN, *FAST, f"step_days={days}")
        column = step_series(config).index(Series("max", "any", "dau"))
        reach = [
            advanced(
                simulation(config, start, r), round(day / days) + 1
            ).recorder.observations.steps[-1]
            for r in runs
        ]
        reach = np.array(reach)[:, 0, column]
        mean[days], error[days] = reach.mean(), reach.std(ddof=1) / np.sqrt(len(runs))
    coarse, fine = mean[7] - mean[1.75], mean[3.5] - mean[0.875]
    ratio = coarse / fine
    of_coarse, of_fine = np.hypot(error[7], error[1.75]), np.hypot(error[3.5], error[0.875])
    spread = abs(ratio) * np.hypot(of_coarse / coarse, of_fine / fine)
    print(f"steps: {mean}, s.e. {error}; halvings {[a - b for a, b in pairwise(mean.values())]}; "
          f"ratio {ratio:.3f}, s.e. {spread:.3f}")  # fmt: skip
    assert 4 * spread < 1
    assert abs(ratio - 2) < 4 * spread
