"""The start: the observed shares, contacts that resemble each other, and no drift for a year."""

import numpy as np
import pytest

from sim import load_config
from sim.config.settings import BANDS
from sim.engine import sample
from sim.engine.first_users import draw_first_users
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.targets import FULL, reach_targets
from sim.engine.threads import Threads
from sim.kernel.rng import purpose_key, step_key, uniforms
from sim.rules.packed_state import in_use
from sim.rules.records import N_BANDS
from sim.runs.run import run
from tests.helpers.ties import csr
from tests.helpers.worlds import step_records_of, toy_users

POINT = 0.01  # of reach
# Telegram is known to have grown before the start, and would go on (test_start_growth.py)
STILL = "case.observed_shares.telegram.earlier=null"
CONFIG = load_config("+scenario=baseline", "population.n_users=10000", "replications=4", STILL)
OBSERVED = CONFIG.case.observed_shares
SEEDS = CONFIG.case.seeds


@pytest.fixture(scope="module")
def year():
    """Return the table of a year in which nothing happens, mean over replications."""
    table = run(CONFIG).timeseries
    index = ["measure", "group", "platform", "date"]
    return table.groupby(index, observed=True)["value"].mean()


@pytest.fixture(scope="module")
def start():
    return prepare(CONFIG, Threads())


@pytest.mark.parametrize("name", OBSERVED)
def test_monthly_reach_stays_where_it_was_observed(year, name):
    months = year["mau", "all", name]
    assert len(months) == 12
    assert (months - OBSERVED[name].reach).abs().max() < POINT


@pytest.mark.parametrize("name", SEEDS)
def test_new_messengers_keep_to_those_who_hear_of_them(year, start, name):
    """Those who know of one follow the logistic curve, and take to it as they would alone.

    Of single first users: those of pairs tell contacts, who then have somebody there, so of these
    any who know of it may have it.
    """
    months, seed, p = year["mau", "all", name], SEEDS[name], CONFIG.messengers.index(name)
    held = held_alone(start, p)[0].mean() if seed.pattern == "single" else 1.0
    known = seed.aware + seed.users
    odds = known / (1 - known) * np.exp(CONFIG.behaviour.word_of_mouth * CONFIG.dur_days)
    assert months.min() > seed.users / 2
    assert months.max() < seed.users + held * odds / (1 + odds)


def test_what_grew_before_goes_on_and_ends_where_all_are_reached(year):
    """Those whom Telegram has not reached hear of it, by the logistic curve of word of mouth."""
    config = load_config("+scenario=baseline", "population.n_users=10000", "replications=2")
    share, told = config.case.observed_shares["telegram"], config.behaviour.word_of_mouth
    growth = np.log(share.reach / share.earlier.reach) / (config.start - share.earlier.date).days
    known = 1 - growth / told
    odds = known / (1 - known) * np.exp(told * config.dur_days)
    table = run(config).timeseries.query("measure == 'mau' and group == 'all'")
    months = table[table["platform"] == "telegram"].groupby("date", observed=True)["value"].mean()
    still = year["mau", "all", "telegram"]
    assert months.iloc[-1] - still.iloc[-1] > POINT / 2
    assert months.max() < share.reach * odds / (1 + odds) / known + POINT


@pytest.mark.parametrize("name", [n for n in OBSERVED if OBSERVED[n].daily is not None])
def test_daily_reach_stays_where_it_was_observed(year, name):
    days = year["dau", "all", name]
    assert len(days) == 52
    assert (days - OBSERVED[name].daily).abs().max() < POINT


@pytest.mark.parametrize(
    "measure",
    [
        "exposure_phone",
        "exposure_apps",
        "no_means",
        "welfare",
        "multihoming",
        "vpn",
        "exposed",
        "fraud_incidents",
    ],
)
def test_nothing_else_drifts_either(year, measure):
    steps = year.loc[measure, "all"].groupby("date").mean()
    if measure == "multihoming":  # but for what is new
        steps = steps - sum(year["installed", "all", name] for name in SEEDS)
    scale = max(1.0, steps.iloc[0])  # utils and messengers are numbers above 1
    assert (steps - steps.iloc[0]).abs().max() < 2 * POINT * scale


@pytest.mark.parametrize("name", OBSERVED)
def test_chats_stay_where_they_were(year, name):
    chats = year["chats", "all", name]
    assert (chats - chats.iloc[0]).abs().max() < 2 * POINT


@pytest.mark.parametrize("kind", CONFIG.abuse)
def test_attempts_stay_where_they_were(year, kind):
    for name in CONFIG.platforms:
        attempts = year[f"{kind}_attempts", "all", name]
        assert (attempts - attempts.iloc[0]).abs().max() < 2 * POINT, name


@pytest.mark.parametrize("name", OBSERVED)
def test_reach_by_age_is_what_the_targets_say(year, start, name):
    targets = reach_targets(CONFIG, start, Threads(1))[CONFIG.messengers.index(name)]
    found = [year["mau", f"age={band}", name].iloc[0] for band in BANDS]
    assert found == pytest.approx(targets, abs=3 * POINT)


@pytest.mark.parametrize("name", OBSERVED)
def test_targets_are_the_profile_shifted_to_the_total(start, name):
    targets = reach_targets(CONFIG, start, Threads(1))[CONFIG.messengers.index(name)]
    profile = np.array([OBSERVED[name].profile[band] for band in BANDS])
    shift = np.log(targets / (1 - targets)) - np.log(profile / (1 - profile))
    free = targets < cap_by_age(start) - 1e-9
    assert free.sum() > 2
    assert np.ptp(shift[free]) < 1e-9
    assert (shift[~free] <= shift[free].max()).all()


def cap_by_age(start):
    """Return the share of a band that can have a messenger at most."""
    online = np.bincount(start.users.band, start.users.online, minlength=N_BANDS)
    return FULL * online / np.bincount(start.users.band, minlength=N_BANDS)


def test_targets_hit_the_total_and_leave_out_who_cannot_install(start):
    targets = reach_targets(CONFIG, start, Threads(1))
    share = np.bincount(start.users.band, minlength=N_BANDS) / start.n_users
    for p, name in enumerate(CONFIG.messengers):
        if name in OBSERVED:
            assert targets[p] @ share == pytest.approx(OBSERVED[name].reach, abs=1e-9)
            assert (targets[p] <= cap_by_age(start) + 1e-12).all()
        else:
            assert (targets[p] == 0).all()


@pytest.mark.parametrize("name", [*OBSERVED, "imo"])
def test_contacts_resemble_each_other_beyond_their_age(start, name):
    """Who has it: contacts (by weight of tie) against strangers of the contacts' ages."""
    bit = 1 << CONFIG.messengers.index(name)
    users, ties = start.users, start.ties
    has = np.array([in_use(user) & bit > 0 for user in users], float)
    (indptr, others), degree = csr(ties), ties.degree
    ends = np.repeat(np.arange(len(users)), degree)
    rank = np.arange(len(ends)) - indptr[ends]
    weight = ties.rank_weight[rank] / ties.rank_total[degree[ends]] * has[ends]
    by_age = np.bincount(users.band, has, minlength=N_BANDS) / np.bincount(users.band)
    of_contacts = np.average(has[others], weights=weight)
    of_strangers = np.average(by_age[users.band[others]], weights=weight)
    assert of_contacts > of_strangers


@pytest.mark.parametrize(("name", "least"), [("whatsapp", 0.06), ("telegram", 0.04)])
def test_the_closest_contacts_resemble_each_other_most(start, name, least):
    """Correlation among those online: both ends have it, over the three strongest ties."""
    bit = 1 << CONFIG.messengers.index(name)
    users, ties = start.users, start.ties
    has = np.array([in_use(user) & bit > 0 for user in users], float)
    indptr, others = csr(ties)
    ends = np.repeat(np.arange(len(users)), ties.degree)
    online = (users.online[ends] == 1) & (users.online[others] == 1)
    strong = online & (np.arange(len(ends)) - indptr[ends] < 3)
    close, all_ties = (
        np.corrcoef(has[ends[mask]], has[others[mask]])[0, 1] for mask in (strong, online)
    )
    assert close > max(least, all_ties)


def test_first_users_of_new_messengers_are_as_many_as_observed(start):
    for name, seed in SEEDS.items():
        bit = 1 << CONFIG.messengers.index(name)
        has = (start.users.installed & start.users.account & bit) > 0
        assert has.mean() == pytest.approx(seed.users, rel=0.1)
        assert (start.users.online[has] == 1).all()
        others = ~has
        quantised = ((start.users.aware & bit) > 0)[others].mean()
        assert quantised == pytest.approx(seed.aware, abs=POINT)
        assert ((start.users.aware & bit) > 0)[has].all()


def test_first_users_in_pairs_have_a_contact_to_call(start):
    imo = 1 << CONFIG.messengers.index("imo")
    assert SEEDS["imo"].pattern == "pairs"
    (indptr, indices), has = csr(start.ties), (start.users.installed & imo) > 0
    for i in np.flatnonzero(has):
        contacts = indices[indptr[i] : indptr[i + 1]]
        if len(contacts) and start.users.online[contacts[0]]:
            assert has[contacts].any()


def test_who_is_offline_has_nothing(start):
    offline = start.users[start.users.online == 0]
    assert len(offline) > 1000
    for name in ("installed", "account"):
        assert (offline[name] == 0).all()


def test_solved_values_are_finite_and_those_given_are_kept(start):
    params = start.params
    for p, name in enumerate(CONFIG.messengers):
        platform = CONFIG.platforms[name]
        assert np.isfinite(params.standalone[:, p]).all()
        assert 0 <= params.base_openings[p] < 50
        assert np.abs(params.standalone[:, p]).max() < 20
        if platform.standalone is not None:
            given = np.array([platform.standalone[b] for b in BANDS], np.float32)
            assert (params.standalone[:, p] == given).all()
        if platform.openings is not None:
            appeal = platform.openings / CONFIG.behaviour.content_openings
            assert params.base_openings[p] == np.float32(appeal)


@pytest.mark.parametrize("seed", [2, 3])
def test_another_seed_is_another_society_with_the_same_shares(start, seed):
    other = prepare(CONFIG.model_copy(update={"seed": seed}), Threads())
    assert other.users.tobytes() != start.users.tobytes()
    for p, name in enumerate(CONFIG.messengers):
        first, second = (
            ((s.users.installed & s.users.account) >> p & 1).mean() for s in (start, other)
        )
        assert first == pytest.approx(second, abs=2 * POINT), name


def test_the_start_knows_nothing_of_policies_and_of_draws_to_come(start):
    size = ("population.n_users=10000", "replications=7")
    busy = prepare(load_config("+scenario=as_happened", STILL, *size), Threads(1))
    assert busy.users.tobytes() == start.users.tobytes()
    assert busy.params.tobytes() == start.params.tobytes()
    assert busy.abuse.tobytes() == start.abuse.tobytes()
    assert (busy.chats.platform == start.chats.platform).all()


@pytest.mark.parametrize("n_users", [10, 30, 60])
@pytest.mark.parametrize("seed", range(5))
def test_the_smallest_worlds_start_as_well(n_users, seed):
    config = load_config(f"population.n_users={n_users}", f"seed={seed}")
    state = prepare(config, Threads(1))
    for name in ("standalone", "base_openings"):
        assert np.isfinite(state.params[name]).all()
    step_records = step_records_of(state.copy(), PolicySchedule(config).at(0))
    assert all(np.isfinite(step_records[name]).all() for name in step_records.dtype.names)
    for name in ("skill", "belief", "habit"):
        assert np.isfinite(state.users[name]).all()
    for name in state.abuse.dtype.names:
        assert np.isfinite(state.abuse[name]).all(), name


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
