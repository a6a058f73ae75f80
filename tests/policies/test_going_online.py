"""Access grows from the shares of the start to those of another date, and people then come."""

import datetime as dt

import numpy as np
import pytest

from sim import ConfigError, MigrationModel, compare, load_config
from sim.config.settings import BANDS
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.observation.operators import weights
from sim.policies.circumvention import Proxies
from sim.policies.going_online import GoingOnline, without
from sim.rules.records import MESSAGE
from tests.helpers.in_force import MOSCOW, WHATSAPP, at, day, restriction

SMALL = ("population.n_users=4000", "replications=1", "dur_days=56", "compare_to=[]")
WEEKS = 8


def growth(config, factor=0.25, stop=56):
    people = config.population
    some = {band: factor * share for band, share in people.no_internet.items()}
    return GoingOnline(
        no_internet=some, no_smartphone=people.no_smartphone, start=config.start,
        stop=config.start + dt.timedelta(days=stop),
    )  # fmt: skip


def test_as_many_are_offline_in_the_end_as_is_said_and_in_between_in_a_straight_line():
    config = load_config(*SMALL)
    config = config.with_policies(growth=growth(config))
    model = MigrationModel(config)
    users = model.simulation.state.users
    before = [np.mean(users.online[users.band == band] == 0) for band in range(len(BANDS))]
    for week in range(1, WEEKS + 1):
        model.step()
        users = model.simulation.state.users
        for band in (5, 6):  # enough are offline
            some = users.online[users.band == band] == 0
            lacks = 1.0 - np.prod(1.0 - without(config, 7.0 * week), axis=0)[band]
            start = 1.0 - np.prod(1.0 - without(config, 0.0), axis=0)[band]
            expected = before[band] * lacks / start
            assert some.mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / len(some)))
    assert np.mean(users.online[users.band == 6] == 0) < 0.4 * before[6]


def test_both_engines_agree_and_reach_grows():
    reach = {}
    for engine in ("compiled", "mesa"):
        config = load_config(*SMALL, f"engine={engine}", "population.n_users=400")
        reach[engine] = compare(config.with_policies(growth=growth(config, 0.01))).timeseries
    assert reach["compiled"].equals(reach["mesa"])
    plain = compare(load_config(*SMALL, "population.n_users=400")).timeseries
    of_all = "group == 'all' and measure == 'installed' and platform == 'whatsapp'"
    last = [table.query(of_all)["value"].iloc[-1] for table in (plain, reach["compiled"])]
    assert last[1] > last[0] + 0.01


def test_a_share_of_those_online_is_read_by_how_many_are_online_on_that_day():
    config = load_config(*SMALL)
    grown = config.with_policies(growth=growth(config))
    first, last = (sum(weights("online 65+", grown, day).values()) for day in (0, 56))
    assert first == pytest.approx(sum(weights("online 65+", config).values()))
    lacks = config.population.no_internet["65+"]
    assert last == pytest.approx(1 / (1 - lacks / 4))
    owners = sum(weights("smartphone 65+", config).values())
    assert owners == pytest.approx(first / (1 - config.population.no_smartphone["65+"]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stop": None}, r"\.stop: missing; allowed: the day"),
        ({"no_internet": {}}, r"no_internet: needs exactly the age bands 12-17"),
        ({"no_internet": dict.fromkeys(BANDS, 0.5)}, r"12-17=0\.5: .*says 0\.01 .*allowed: up to"),
        ({"no_internet": dict.fromkeys(BANDS, 0.0)}, "and above 0"),
    ],
)
def test_access_that_does_not_grow_is_refused(change, reason):
    config = load_config(*SMALL)
    with pytest.raises(ConfigError, match=reason):
        config.with_policies(growth=growth(config).model_copy(update=change))


def test_who_is_offline_at_the_start_has_a_skill_with_vpns_for_later():
    state = prepare(load_config(*SMALL), Threads(1))
    users = state.users[state.users.band == 6]
    inside, outside = (users.skill[users.online == has] for has in (1, 0))
    assert outside.mean() == pytest.approx(
        inside.mean(), abs=4 * inside.std() / len(outside) ** 0.5
    )


@pytest.mark.parametrize("start", [0, 5])
def test_proxies_built_into_a_messenger_lift_a_part_while_they_last(start):
    """Of a step they count their days."""
    proxies = Proxies(
        platform="whatsapp", circumvention=0.5, start=day(start), stop=day(start + 7)
    )
    block = restriction(0.8, channel="message")
    q = [at(k, block, proxies).availability[2 * MOSCOW, MESSAGE, WHATSAPP] for k in range(3)]
    assert q[0] == pytest.approx(1 - 0.8 * (1 - 0.5 * (7 - start) / 7))
    assert q[2] == pytest.approx(0.2)
