"""A start that is solved on a sample, and where first users are found."""

import numpy as np
import pytest

from sim import load_config
from sim.engine import sample
from sim.engine.first_users import draw_first_users
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.kernel.rng import purpose_key, step_key, uniforms
from tests.helpers.toys import toy_users

# Telegram is known to have grown before the start, and would go on (test_start_growth.py)
STILL = "case.observed_shares.telegram.earlier=null"
CONFIG = load_config("+scenario=baseline", "population.n_users=10000", "replications=4", STILL)
OBSERVED = CONFIG.case.observed_shares


@pytest.fixture(scope="module")
def start():
    return prepare(CONFIG, Threads())


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_start_solved_on_a_sample_is_that_of_all(monkeypatch, n_threads):
    """Three of ten blocks are the sample; the others come in for the last sweeps."""
    config = load_config("population.n_users=20000")
    whole = prepare(config, Threads(2))
    with monkeypatch.context() as patch:
        where = "sim.engine.start.step_key"
        patch.setattr(where, lambda key, sweep: step_key(key, sweep + 100))
        redrawn = prepare(config, Threads(2))
    monkeypatch.setattr(sample, "MOST_BLOCKS", 3)
    found = prepare(config, Threads(n_threads))
    outside = sample.draw_sample(20_000).place[np.arange(20_000) // sample.BLOCK] < 0
    assert 0.6 < outside.mean() < 0.8
    assert not (found.users.installed & ~found.users.aware).any()
    for p, name in enumerate(config.messengers):
        if name in OBSERVED:
            has = [(s.users.installed & s.users.account) >> p & 1 for s in (found, whole)]
            shares = [h[outside].mean() for h in has]
            assert abs(shares[0] - shares[1]) < 0.02, name  # at most 0.013 for five seeds
            habits, *others = (s.users.habit[outside, p] for s in (whole, found, redrawn))
            alike, least = (np.corrcoef(habits, other)[0, 1] for other in others)
            # the same people take to it, but for chance and fewer turns outside the sample
            assert alike > 0.95 * least > 0.0, name
    chats = found.chats
    theirs = outside[chats.members[chats.indptr[:-1]]]  # of whom the first member is outside
    for p in range(len(config.messengers)):
        seated, among_all = ((s.chats.platform[theirs] == p).mean() for s in (found, whole))
        assert abs(seated - among_all) < 0.05, p
    again = prepare(config, Threads(3 - n_threads))
    assert (found.users == again.users).all()
    assert (found.public.choice_state == again.public.choice_state).all()


def test_what_is_worked_on_together_changes_no_bit(monkeypatch):
    size = ("population.n_users=500", "behaviour.peer_rate=0.05", "+scenario=trust_shock")
    whole = prepare(load_config(*size), Threads(1))
    monkeypatch.setattr("sim.kernel.parallel_map.PART", 64)
    parts = prepare(load_config(*size), Threads(2))
    assert parts.users.tobytes() == whole.users.tobytes()
    assert parts.params.tobytes() == whole.params.tobytes()


@pytest.mark.parametrize("n_first", [0, 1, 7, 40, 1000])
def test_the_first_users_are_those_of_the_smallest_numbers_who_can_install(monkeypatch, n_first):
    monkeypatch.setattr("sim.kernel.parallel_map.PART", 300)
    key, users = purpose_key(1, 0, "test.first"), toy_users(1000, 2)
    users.online[::3] = 0
    users.band[:] = np.arange(1000) % 2

    def chance(some):
        return np.where(some.band == 1, 0.8, 0.2)

    order = uniforms(key, 1000) / chance(users)
    order[::3] = np.inf
    expected = np.argsort(order, kind="stable")[: min(n_first, int(users.online.sum()))]
    found = draw_first_users(users, n_first, key, chance, Threads(2))
    assert found.tolist() == expected.tolist()


def held_alone(start, p):
    """Return how likely users are to have a messenger that no contact has, and their taste."""
    users, params = start.users, start.params
    taste = users.taste[:, p] / 32
    scale = np.sqrt(params.taste_sd**2 + params.taste_persistence * np.pi**2 / 3)
    odds = np.exp(
        (params.standalone[users.band, p] + scale * taste) / np.sqrt(1 - params.taste_persistence)
    )
    held = params.install_rate * odds / (params.install_rate * odds + params.drop_rate)
    return np.where(users.online == 1, held, 0.0), taste


def test_first_users_are_those_who_would_have_it_alone(start):
    """The mean taste of people drawn with weight P(taste) is E[P taste] / E[P]."""
    p = CONFIG.messengers.index("max")
    users = start.users
    held, taste = held_alone(start, p)
    expected = (held * taste).sum() / held.sum()
    has = users.installed >> p & 1 == 1
    error = taste[has].std() / np.sqrt(has.sum())
    assert taste[has].mean() == pytest.approx(expected, abs=4 * error)
    assert expected > 0.5


@pytest.mark.parametrize("of", [1, 3])
def test_everybody_has_one_of_the_turns(start, of):
    line, base, end = np.zeros(sample.BLOCK, np.int64), 0, min(len(start.users), sample.BLOCK)
    found = []
    for k in range(of):
        n = sample.queue(base, end, sample.Turn(k, of), start.ties, line)
        seats = start.ties.seat[line[:n]] // 16
        assert (seats % of == k).all()  # whole slices: they choose side by side
        found.extend(line[:n])
    assert sorted(found) == list(range(base, end))
    assert sample.queue(base, end, sample.NOBODY, start.ties, line) == 0


def test_who_is_outside_the_sample_takes_after_somebody_like_them(monkeypatch):
    monkeypatch.setattr(sample, "MOST_BLOCKS", 2)
    state = prepare(load_config("population.n_users=8000", STILL), Threads(2))
    some = sample.draw_sample(8000)
    outside = ~np.isin(np.arange(8000), some.rows)
    state.users.aware[:] = 2 ** len(CONFIG.messengers) - 1
    before, users = state.users.copy(), state.users
    for name in ("installed", "account", "habit"):
        users[name][outside] = 0
    sample.take_after(state, some, Threads(2))
    assert (users[~outside] == before[~outside]).all()
    assert (users.account[outside] == users.installed[outside]).all()
    assert not users.installed[outside & (users.online == 0)].any()
    kinds = users.band * 6 + (users.type + 1) * 2 + users.online

    def has_somebody_near(i):
        looks = range(i, i + sample.MAX_TRIES)
        return any(kinds[sample.stand_in(k, some, 8000)] == kinds[i] for k in looks)

    rows = [i for i in np.flatnonzero(outside) if has_somebody_near(i)]
    assert len(rows) > 0.8 * outside.sum()  # the others are of rare kinds
    names = ["band", "type", "online", "installed", "habit"]
    theirs, there = (users[names][who].tolist() for who in (rows, ~outside))
    seen = {str(one) for one in there}
    assert all(str(one) in seen for one in theirs)
    assert len({str(one) for one in theirs}) > 0.4 * len(seen)
    public = state.public.choice_state[:8000][outside]
    assert (public & np.uint64(63) == users.installed[outside]).all()
