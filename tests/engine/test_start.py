"""The start: the observed shares, contacts that resemble each other, and no drift for a year."""

import numpy as np
import pytest

from sim import load_config
from sim.config.settings import BANDS
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.targets import FULL, reach_targets
from sim.engine.threads import Threads
from sim.rules.packed_state import in_use
from sim.rules.records import N_BANDS
from sim.runs.run import run
from tests.helpers.ties import csr
from tests.helpers.toys import step_records_of

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
