"""A platform that grew before the run: whom it has reached, and how it goes on."""

import numpy as np
import pytest

from sim import load_config
from sim.config.case import EarlierShare
from sim.engine.targets import MOST_HELD, reached
from sim.rules.records import N_BANDS
from tests.helpers.worlds import advanced, simulation, world

YEAR = 52  # steps
SPREAD = 0.004  # 1/day
GREW = "case.observed_shares.vk.earlier={date: 2024-06-02, reach: 0.07}"  # of 0.128
SOCIETY = ("+scenario=baseline", "population.n_users=4000", f"behaviour.word_of_mouth={SPREAD}")
RATE = np.log(0.128 / 0.07) / 365  # 1/day
CONFIG = load_config(*SOCIETY)
VK, TELEGRAM = (CONFIG.messengers.index(name) for name in ("vk", "telegram"))


def of_share(reach, days):
    """Return the share reached where a tenth has it, by an earlier reach of VK Messenger."""
    share = CONFIG.case.observed_shares["vk"]
    date = CONFIG.start - days
    earlier = EarlierShare(date=date, reach=reach)
    shares = {"vk": share.model_copy(update={"earlier": earlier})}
    case = CONFIG.case.model_copy(update={"observed_shares": shares})
    held = np.full((len(CONFIG.messengers), N_BANDS), 0.1)
    return reached(CONFIG.model_copy(update={"case": case}), held)


def test_growth_by_word_of_mouth_tells_who_has_not_been_reached():
    year = np.timedelta64(365, "D").item()
    found = of_share(0.07, year)
    assert found[VK] == pytest.approx(1 - RATE / SPREAD)
    assert (np.delete(found, VK, axis=0) == 1).all()
    assert (of_share(0.128, year) == 1).all()  # it stood still
    assert of_share(0.001, year)[VK] == pytest.approx(0.1 / MOST_HELD)  # of fast growth the most


def test_a_band_of_nobody_online_is_reached_by_nobody():
    """Reach that grew though nobody tells anybody is all that there is."""
    config, start = world("population.n_users=10", "behaviour.word_of_mouth=0", GREW)
    online = start.users.online == 1
    empty = set(range(N_BANDS)) - set(start.users.band[online].tolist())
    assert empty
    knows = start.users.aware >> config.messengers.index("vk") & 1
    assert knows[np.isin(start.users.band, list(empty))].sum() == 0 < knows.sum() < online.sum()


@pytest.fixture(scope="module")
def years():
    """Return shares who use VK Messenger and who know it, by year: of one that grew, and still."""
    found = {}
    for kind, change in (("grew", GREW), ("still", f"behaviour.word_of_mouth={SPREAD}")):
        config, start = world(*SOCIETY, change)
        run = simulation(config, start)
        for year in range(2):
            users = run.state.users[run.state.users.online == 1]
            has = users.installed & users.account & users.aware
            found[kind, year] = [(some >> VK & 1).mean() for some in (has, users.aware)]
            advanced(run, YEAR)
    return found


def test_it_starts_at_the_observed_reach_among_those_it_has_reached(years):
    (held, known), (still, _) = years["grew", 0], years["still", 0]
    assert known == pytest.approx(1 - RATE / SPREAD, abs=0.03)
    assert held == pytest.approx(still, abs=0.015)


def test_word_of_mouth_goes_on_and_reach_follows(years):
    """Those reached follow the logistic curve, which begins at the rate at which reach grew."""
    (held, known), (later, later_known) = years["grew", 0], years["grew", 1]
    odds = known / (1 - known) * np.exp(SPREAD * 7 * YEAR)
    assert later_known == pytest.approx(odds / (1 + odds), abs=0.02)
    growth = np.log(later / held) / np.log(later_known / known)
    assert 0.6 < growth < 1.0  # who has heard of it takes some months to decide
    still = [years["still", year][0] for year in range(2)]
    assert still[1] == pytest.approx(still[0], abs=0.01)
