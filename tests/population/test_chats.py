"""Group chats: every online member of a segment sits in one, next to people close by."""

import numpy as np
import pytest

from sim import load_config
from sim.config.settings import ChatKind
from sim.engine.state import make_chats
from sim.population.chats import seat
from sim.population.population import draw_population
from tests.helpers.chats import chats_of
from tests.helpers.worlds import districts

CONFIG = load_config("population.n_users=12000")
KINDS = list(CONFIG.population.chats)


def people(config):
    ages = config.case.data / config.population.ages
    return draw_population(config.population, ages, len(config.messengers), config.seed)


@pytest.fixture(scope="module")
def population():
    return people(CONFIG)


@pytest.fixture(scope="module")
def seats(population):
    return seat(population, CONFIG.population)


def members(seats, g):
    return seats.members[seats.indptr[g] : seats.indptr[g + 1]]


def eligible(population, name):
    bit = 1 << list(CONFIG.population.segments).index(name)
    return (population.segments & bit > 0) & population.online


@pytest.mark.parametrize("name", KINDS)
def test_every_online_member_sits_in_exactly_one_chat_of_its_kind(population, seats, name):
    kind = KINDS.index(name)
    chats = np.flatnonzero(seats.kind == kind)
    sitting = np.concatenate([members(seats, g) for g in chats])
    assert len(set(sitting)) == len(sitting)
    assert sorted(sitting) == np.flatnonzero(eligible(population, name)).tolist()
    mine = [set(seats.kind[chats]) for chats in chats_of(make_chats(seats))]
    assert [kind in kinds for kinds in mine] == eligible(population, name).tolist()


def test_users_and_chats_agree_on_who_sits_where(seats):
    sitting = [set() for _ in range(len(seats.begin) - 1)]
    for g in range(len(seats.kind)):
        for i in members(seats, g):
            sitting[i].add(g)
    assert [sorted(chats) for chats in sitting] == chats_of(make_chats(seats))
    assert len(seats.of_user) == len(seats.members) == seats.indptr[-1]
    assert (np.diff(seats.indptr) > 0).all()
    assert (np.diff(seats.kind.astype(int)) >= 0).all()  # kind by kind


@pytest.mark.parametrize("name", KINDS)
def test_chats_have_their_size_and_only_the_last_may_be_smaller(population, seats, name):
    size = CONFIG.population.chats[name].size
    found = np.diff(seats.indptr)[seats.kind == KINDS.index(name)]
    assert (found[:-1] == size).all()
    assert 1 <= found[-1] <= size
    assert len(found) == -(-eligible(population, name).sum() // size)


@pytest.mark.parametrize("name", [n for n in KINDS if CONFIG.population.chats[n].order == "place"])
def test_neighbours_sit_together(seats, name):
    chats = np.flatnonzero(seats.kind == KINDS.index(name))
    sitting = np.concatenate([members(seats, g) for g in chats]).astype(int)
    assert (np.diff(sitting) > 0).all()  # in the order of their places


@pytest.mark.parametrize("name", [n for n in KINDS if CONFIG.population.chats[n].order == "age"])
def test_people_of_an_age_in_a_district_sit_together(population, seats, name):
    chats = np.flatnonzero(seats.kind == KINDS.index(name))
    sitting = np.concatenate([members(seats, g) for g in chats]).astype(int)
    district = districts(population.region)[sitting]
    age = population.age.astype(int)[sitting]
    assert (np.diff(district) >= 0).all()
    same = np.diff(district) == 0
    assert (np.diff(age)[same] >= 0).all()
    tie = same & (np.diff(age) == 0)
    assert (np.diff(sitting)[tie] > 0).all()
    assert tie.any()
    assert not same.all()


@pytest.mark.interpreted
def test_few_people_sit_as_the_rule_says():
    config = load_config("population.n_users=60")
    few = people(config)
    found = seat(few, config.population)
    for k, (name, chats) in enumerate(config.population.chats.items()):
        users = np.flatnonzero(eligible(few, name)).tolist()
        district = districts(few.region)
        if chats.order == "age":
            users.sort(key=lambda i: (district[i], few.age[i], i))
        cut = [users[at : at + chats.size] for at in range(0, len(users), chats.size)]
        assert [members(found, g).tolist() for g in np.flatnonzero(found.kind == k)] == cut


def with_chats(**kinds):
    return CONFIG.population.model_copy(update={"chats": kinds})


def test_without_kinds_there_are_no_chats(population):
    none = seat(population, with_chats())
    assert not none.begin.any()
    assert (len(none.kind), len(none.members), none.indptr.tolist()) == (0, 0, [0])
    assert len(none.of_user) == 0


def test_a_kind_more_moves_nobody_of_the_others(population, seats):
    fewer = seat(population, with_chats(pupils=CONFIG.population.chats["pupils"]))
    n = len(fewer.kind)
    assert (seats.members[: fewer.indptr[-1]] == fewer.members).all()
    assert (seats.indptr[: n + 1] == fewer.indptr).all()


def test_a_segment_without_members_has_no_chats():
    segments = dict(CONFIG.population.segments)
    segments["students"] = segments["students"].model_copy(update={"share": 0.0})
    chats = {"students": ChatKind(size=5, order="age"), "pupils": ChatKind(size=25, order="age")}
    config = CONFIG.population.model_copy(update={"segments": segments, "chats": chats})
    nobody = draw_population(config, CONFIG.case.data / config.ages, 5, CONFIG.seed)
    found = seat(nobody, config)
    assert set(found.kind) == {1}
    assert set(found.kind[found.of_user]) == {1}


@pytest.mark.parametrize("size", [2, 1000])
def test_the_smallest_and_the_largest_chats(population, size):
    found = seat(population, with_chats(friends=ChatKind(size=size, order="place")))
    n = eligible(population, "friends").sum()
    assert np.diff(found.indptr).sum() == n
    assert len(found.kind) == -(-n // size)
