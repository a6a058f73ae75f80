"""Awareness, beliefs and stories: each rule against the process it stands for."""

import numpy as np
import pytest

from sim.rng import purpose_key, uniforms
from sim.rules import attitude, beliefs
from sim.rules.contact import contact
from sim.rules.pace import pace
from sim.rules.records import AWARE, CONVERSE, HEARD, MAX, NEWS, TALK, USER, records
from sim.rules.word import (
    MOST_FEAR,
    aware_of,
    fear_level,
    pack,
    pack_mind,
    stories_of,
)
from tests.worlds import (
    BELIEF_UNIT,
    belief_of,
    converse,
    equal_ties,
    from_steps,
    in_steps,
    keys,
    lucky,
    someone,
    toy_now,
    toy_rules,
    toy_users,
    weighing,
)

pytestmark = pytest.mark.interpreted

N = 3000  # draws
CALM = toy_rules(2)  # nobody pays attention
NO_NEWS = records(NEWS, 0)
VALUES = [[1.2, 0.6], [0.3, 0.3]]
HEARING = 1 / 32  # log-odds: contacts hear beliefs to the nearest sixteenth
JUST_BELOW = HEARING - BELIEF_UNIT
# Whom user 0 talks to: 1, 2 and 3 with shares 1/2, 1/3 and 1/6.
UNEQUAL = weighing(equal_ties([[1, 2, 3], [0], [0], [0]]), [3.0, 2.0, 1.0], [0.0, 3.0, 5.0, 6.0])
SHARES = np.array([3, 2, 1]) / 6


def silent(**values):
    talk = records(TALK, 1)
    for name, value in values.items():
        talk[name][0] = value
    return talk[0]


def mind(aware=0, news=0, belief=0.0):
    """Return what a contact hears from somebody who knows and believes this."""
    user = records(USER, 1)[0]
    user.aware, user.news, user.belief[:] = aware, news, in_steps(belief=belief)
    return np.uint64(pack_mind(user))


def believed(user):
    """Return the beliefs of a user [log-odds]."""
    return from_steps(belief=user.belief)


def minds_of(users):
    """Return what contacts hear from each of `users`."""
    return np.array([pack_mind(user) for user in users], np.uint64)


def form_beliefs(user, talk, news, days, rules):
    """Let beliefs move over `days`."""
    way = pace(rules, days)
    beliefs.form_beliefs(user, talk, news, way.follow, way.forget, rules)


def within_4_errors(share, chance, n=N):
    return abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / n)


# What being read does to the types.


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_being_read_repels_one_type_attracts_another_and_leaves_the_third_cold(kind):
    user = someone(type=kind, concern=0.75, belief=[np.log(3), 0, 0, 0, 0, 0])  # 3 : 1
    # half a unit of the belief moves its chance by an eighth of a unit at most
    error = 0.75 * BELIEF_UNIT / 8
    assert attitude.leaning(user, 0) == pytest.approx(kind * 0.75 * 0.75, abs=error)
    assert attitude.leaning(user, 1) == pytest.approx(kind * 0.75 * 0.5, rel=1e-6)


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_only_the_state_averse_show_fear_to_be_read(kind):
    rules = toy_rules(2, chilling_value=1.0)
    user = someone(type=kind, concern=0.75, belief=[np.log(3), 0, 0, 0, 0, 0])
    shown = [fear_level(pack(user, rules), p) for p in range(2)]
    kept = np.expm1(-0.5 * 0.75 * np.array([0.75, 0.5])) / np.expm1(-0.5 * MOST_FEAR)
    assert shown == (np.rint(7 * kept).tolist() if kind < 0 else [0, 0])


def test_who_is_not_concerned_or_believes_nothing_neither_leans_nor_fears():
    for traits in ({"concern": 0.0}, {"concern": 2.0, "belief": [-np.inf] * 6}):
        for kind in (-1, 1):
            user = someone(type=kind, **traits)
            assert abs(attitude.leaning(user, 0)) < 2.0 * 1.2e-7  # sigmoid(-16) is the least
            assert fear_level(pack(user, toy_rules(2, chilling_value=1.0)), 0) == 0


# One contact a step.


def test_a_user_talks_with_one_contact_drawn_by_weight():
    users, met = toy_users(4, 2), []
    users.belief[:, 0] = in_steps(belief=range(4))
    users.aware[:], users.news[:] = range(4), range(4)
    minds = minds_of(users)
    for step in range(N):
        talk = silent()
        converse(0, minds, talk, UNEQUAL, keys(step))
        assert belief_of(talk.peer, 0) == aware_of(talk.peer) == stories_of(talk.peer)
        other = contact(0, UNEQUAL, uniforms(keys(step)[CONVERSE], 1)[0])
        assert talk.peer == minds[other]
        assert aware_of(talk.peer) == other
        met.append(int(other))
    for other, share in zip((1, 2, 3), SHARES, strict=True):
        assert within_4_errors(np.mean(np.array(met) == other), share)


def test_who_has_no_contacts_hears_only_itself():
    users = toy_users(2, 2)
    users.belief[0], users.aware[0], users.news[0] = in_steps(belief=0.5), 0b10, 0b100
    talk = silent()
    converse(0, minds_of(users), talk, equal_ties([[], []]), keys(0))
    assert [belief_of(talk.peer, p) for p in range(MAX)] == [0.5] * MAX
    assert (aware_of(talk.peer), stories_of(talk.peer)) == (0b10, 0b100)


# What a contact hears.


def test_a_mind_says_what_its_owner_knows_and_believes_to_a_sixteenth():
    rng = np.random.default_rng(1)
    for _ in range(300):
        user = records(USER, 1)[0]
        user.aware, user.news = rng.integers(0, 256, 2)
        user.belief[:] = in_steps(belief=rng.uniform(-8, 8 - HEARING, MAX))
        said = np.uint64(pack_mind(user))
        assert (aware_of(said), stories_of(said)) == (user.aware, user.news)
        heard = np.array([belief_of(said, p) for p in range(MAX)])
        assert np.abs(heard - believed(user)).max() <= HEARING
        assert (heard * 16 % 1 == 0).all()


@pytest.mark.parametrize(
    ("belief", "heard"),
    [
        (0.0, 0.0), (1 / 32, 1 / 16), (-1 / 32, 0.0), (JUST_BELOW, 0.0),
        (-3.3, -3.3125), (-8.0, -8.0), (-8.5, -8.0), (-np.inf, -8.0), (7.9375, 7.9375),
        (8.0, 7.9375), (np.inf, 7.9375),
    ],
)  # fmt: skip
def test_beliefs_are_heard_in_steps_between_bounds(belief, heard):
    others = np.zeros(MAX)
    for p in range(MAX):
        one = np.where(np.arange(MAX) == p, belief, others)
        said = mind(0xFF, 0, one)
        expected = np.where(np.arange(MAX) == p, heard, 0.0)
        assert [belief_of(said, k) for k in range(MAX)] == expected.tolist()
        assert (aware_of(said), stories_of(said)) == (0xFF, 0)


# Awareness.


@pytest.mark.parametrize("peer_aware", [0b00, 0b01, 0b10, 0b11])
@pytest.mark.parametrize("media", [0.0, 0.2])
def test_word_of_mouth_adds_a_hazard_where_the_contact_knows(peer_aware, media):
    now, rules = toy_now(VALUES, days=7.0), toy_rules(2, word_of_mouth=0.05)
    now.force.awareness[:2] = media
    aware = np.zeros((N, 2), bool)
    talk = silent(peer=mind(peer_aware))
    for i in range(N):
        user = someone(aware=0)
        beliefs.hear_of(i, user, talk, now, rules, keys(0))
        aware[i] = user.aware & 1, user.aware >> 1
    for p in range(2):
        chance = 1 - np.exp(-media - 0.05 * 7 * (peer_aware >> p & 1))
        share = aware[:, p].mean()
        assert within_4_errors(share, chance) or share == chance
        assert (
            aware[:, p] == (lucky(AWARE, N, p) < chance)
        ).all()  # by its own luck with each messenger


def test_what_one_has_heard_of_one_does_not_forget():
    user = someone(aware=0b10)
    beliefs.hear_of(0, user, silent(), toy_now(VALUES), toy_rules(2), keys(0))
    assert user.aware == 0b10


def test_what_one_knows_changes_nothing_about_hearing_of_the_others():
    now, rules = toy_now(VALUES, days=7.0), toy_rules(2, word_of_mouth=0.05)
    now.force.awareness[:2] = 0.3
    talk = silent(peer=mind(0b11))
    for i in range(500):
        ignorant, user = someone(aware=0), someone(aware=0b10)
        for one in (ignorant, user):
            beliefs.hear_of(i, one, talk, now, rules, keys(0))
        assert user.aware == ignorant.aware | 0b10


def test_who_is_offline_hears_of_no_messenger_but_believes_and_hears_stories():
    now, rules = toy_now(VALUES), toy_rules(2, peer_rate=99.0)
    now.force.awareness[:] = 99.0
    user = someone(online=0, aware=0)
    news = a_story(media=99.0)
    talk = silent(peer=mind(aware=0b11, belief=1.0))
    beliefs.learn(0, user, talk, now._replace(news=news), pace(rules, 1.0), rules, keys(0))
    assert user.aware == 0
    assert user.news == 0b1
    assert believed(user)[:2] == pytest.approx([1.0 + 1.0, 1.0])


# Beliefs: in the mean over contacts DeGroot's averaging, and back to the prior.


def test_the_mean_over_contacts_is_degroots_step():
    """L <- L + f (W L - L) + g (L0 - L) with f = 1 - exp(-phi dt), g = 1 - exp(-delta dt)."""
    days, rules = 7.0, toy_rules(2, peer_rate=0.03, forget_rate=0.01)
    rules.prior[:] = [[0.9] * 6, [0.2] * 6, [-0.5] * 6]
    users = toy_users(4, 2)
    users.type[0], users.belief[:, 0] = -1, in_steps(belief=(1.5, -2.0, 0.5, 3.0))
    follow, forget = 1 - np.exp(-0.03 * days), 1 - np.exp(-0.01 * days)
    after, minds = [], minds_of(users)  # the contacts' beliefs are sixteenths: heard exactly
    for step in range(N):
        user, talk = users[:1].copy()[0], silent()
        converse(0, minds, talk, UNEQUAL, keys(step))
        form_beliefs(user, talk, NO_NEWS, days, rules)
        after.append(believed(user)[0])
    around = SHARES @ [-2.0, 0.5, 3.0]
    expected = 1.5 + follow * (around - 1.5) + forget * (0.9 - 1.5)
    spread = follow * np.sqrt(SHARES @ (np.array([-2.0, 0.5, 3.0]) - around) ** 2)
    assert np.std(after) == pytest.approx(spread, rel=0.05)
    assert abs(np.mean(after) - expected) < 4 * spread / np.sqrt(N)


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_without_contacts_belief_goes_back_to_the_prior_of_ones_type(kind):
    rules = toy_rules(2, forget_rate=0.02)
    rules.prior[:, 0] = 0.9, 0.2, -0.5
    for n, days in ((1, 28.0), (4, 7.0), (16, 1.75)):  # however time is cut, to half a unit a step
        user = someone(type=kind, belief=[2.0, 0, 0, 0, 0, 0])
        for _ in range(n):
            talk = silent(peer=mind(belief=believed(user)))
            form_beliefs(user, talk, NO_NEWS, days, rules)
        prior = rules.prior[kind + 1, 0]
        expected = prior + (2.0 - prior) * np.exp(-0.02 * 28)
        assert believed(user)[0] == pytest.approx(expected, abs=n * BELIEF_UNIT / 2)


def test_two_who_only_talk_meet_in_the_middle():
    rules, users = toy_rules(2, peer_rate=0.05), toy_users(2, 2)
    users.belief[:, 0] = in_steps(belief=(1.0, -0.4))
    ties, held = equal_ties([[1], [0]]), [from_steps(belief=users.belief[:, 0])]
    for step in range(30):
        talks, minds = records(TALK, 2), minds_of(users)
        for i in range(2):
            converse(i, minds, talks[i], ties, keys(step))
        for i in range(2):
            form_beliefs(users[i], talks[i], NO_NEWS, 1.0, rules)
        held.append(from_steps(belief=users.belief[:, 0]))
    held, follow = np.array(held), 1 - np.exp(-0.05)
    heard = np.floor(16 * held + 0.5) / 16  # exactly, by what each hears of the other
    law = held[:-1] + follow * (heard[:-1, ::-1] - held[:-1])
    assert held[1:] == pytest.approx(law, abs=BELIEF_UNIT / 2)
    # an exchange moves a belief by `follow` times what is heard wrong, HEARING at most, and each
    # is kept to half a unit
    wrong = follow * HEARING + BELIEF_UNIT / 2
    assert np.abs(held.sum(axis=1) - 0.6).max() < 2 * wrong * 30
    law = 1.4 * (1 - 2 * follow) ** np.arange(31)  # errors of the gap are damped as the gap is
    assert np.abs(held[:, 0] - held[:, 1] - law).max() < wrong / follow


# Stories.


def a_story(n=1, **values):
    news = records(NEWS, n)
    news.shock[:] = 2.0, 1.0, -0.5
    news.bit, news.salt = np.arange(n), [purpose_key(0, 0, f"story.{k}") for k in range(n)]
    for name, value in values.items():
        news[name] = value
    return news


@pytest.mark.parametrize(("kind", "shock"), [(-1, 2.0), (0, 1.0), (1, -0.5)])
def test_a_story_shifts_the_log_odds_once_by_type(kind, shock):
    user, news = someone(type=kind, belief=[0.3] * 6), a_story(platform=1, media=99.0)
    for step in range(3):
        beliefs.read_news(0, user, silent(), news, CALM, keys(step))
        assert user.news == 0b1
        expected = [0.3, 0.3 + shock, *[0.3] * 4]  # kept to half a unit, and so is their sum
        assert believed(user) == pytest.approx(expected, abs=BELIEF_UNIT)


@pytest.mark.parametrize(
    ("audience", "has", "hears"),
    [
        (0b00, 0b00, True),  # for everybody
        (0b10, 0b10, True),
        (0b10, 0b01, False),
        (0b11, 0b01, True),
        (0b10, 0b00, False),
    ],
)
def test_media_reach_those_addressed(audience, has, hears):
    user = someone(installed=has)
    beliefs.read_news(0, user, silent(), a_story(media=99.0, audience=audience), CALM, keys(0))
    assert (user.news > 0) == hears


def test_an_app_without_an_account_shows_no_story():
    user = someone(installed=0b10, account=0)
    beliefs.read_news(0, user, silent(), a_story(media=99.0, audience=0b10), CALM, keys(0))
    assert user.news == 0


@pytest.mark.parametrize(("peer_news", "hears"), [(0b00, False), (0b01, False), (0b10, True)])
def test_a_contact_tells_what_it_has_heard_to_whomever(peer_news, hears):
    news = a_story(bit=1, contact=99.0, audience=0b10)  # the user has none of these
    user = someone()
    beliefs.read_news(0, user, silent(peer=mind(news=peer_news)), news, CALM, keys(0))
    assert user.news == (0b10 if hears else 0)


@pytest.mark.parametrize(("media", "told", "peer_news"), [(0.3, 0.2, 0), (0.3, 0.2, 1), (0, 1, 1)])
def test_hazards_of_media_and_contact_add_up(media, told, peer_news):
    news, heard = a_story(media=media, contact=told), 0
    for i in range(N):
        user = someone()
        beliefs.read_news(i, user, silent(peer=mind(news=peer_news)), news, CALM, keys(0))
        heard += int(user.news)
    assert within_4_errors(heard / N, 1 - np.exp(-media - told * peer_news))


# What a platform does is a fact: forgetting goes back to it.


@pytest.mark.parametrize(("heard", "bits"), [(True, 0b10), (False, 0b01)])
@pytest.mark.parametrize("lasting", [0, 1])
def test_belief_goes_back_to_the_prior_and_to_facts_one_has_heard_of(heard, bits, lasting):
    rules, user = toy_rules(2, forget_rate=0.02), someone(type=-1, news=bits)
    rules.prior[:, 0] = 0.9, 0.2, -0.5
    news = a_story(3, platform=[0, 0, 1], bit=[1, 2, 1], lasting=lasting)
    rest = 0.9 + (2.0 if heard and lasting else 0.0)
    user.belief[0] = in_steps(belief=5.0)
    form_beliefs(user, silent(peer=mind(belief=believed(user))), news, 7.0, rules)
    law = rest + (5.0 - rest) * np.exp(-0.02 * 7)
    assert believed(user)[0] == pytest.approx(law, abs=BELIEF_UNIT / 2)


def test_who_believes_a_fact_does_not_forget_it():
    rules, news = toy_rules(2, forget_rate=0.02), a_story(lasting=1, media=99.0)
    rules.prior[:] = 0.5
    user = someone(belief=[0.5] * 6)
    for step in range(40):
        form_beliefs(user, silent(peer=mind(belief=believed(user))), news, 7.0, rules)
        beliefs.read_news(0, user, silent(), news, rules, keys(step))
    assert believed(user)[:2] == pytest.approx([1.5, 0.5])


# Bad news makes people look around.


def alarmed(n=1500, attention=1.0, **traits):
    """Return what users are alarmed to reconsider by a story about messenger 1."""
    news = a_story(platform=1, media=99.0)
    rules, alerts = toy_rules(2, attention=attention), []
    for i in range(n):
        user = someone(**traits)
        beliefs.read_news(i, user, silent(), news, rules, keys(0))
        alerts.append(int(user.alert))
    return np.array(alerts)


@pytest.mark.parametrize(
    ("traits", "alert"),
    [
        ({"installed": 0b10}, 0b11),  # the one told of, and the other that it knows
        ({"installed": 0b11}, 0b10),  # it uses both
        ({"installed": 0b10, "aware": 0b10}, 0b10),  # it knows no other
        ({"installed": 0b11, "account": 0b10}, 0b11),
    ],
)
def test_what_an_alarmed_user_reconsiders(traits, alert):
    alerts = alarmed(50, 1e6, type=-1, concern=1.0, **traits)
    assert (alerts == alert).all()


@pytest.mark.parametrize("belief", [-2.0, 0.0])
def test_people_are_alarmed_by_how_much_a_story_repels_them(belief):
    traits = {"type": -1, "concern": 0.75, "belief": [belief] * 6, "installed": 0b11}
    dislike = 0.75 * (1 / (1 + np.exp(-belief - 2.0)) - 1 / (1 + np.exp(-belief)))
    share = (alarmed(attention=1.5, **traits) > 0).mean()
    assert within_4_errors(share, 1 - np.exp(-1.5 * dislike), 1500)


@pytest.mark.parametrize(
    ("kind", "shock"), [(-1, -2.0), (0, 2.0), (1, 2.0)], ids=["relieved", "cold", "attracted"]
)
def test_who_is_not_repelled_is_not_alarmed(kind, shock):
    news = a_story(platform=1, media=99.0, shock=shock)
    user = someone(type=kind, concern=1.0, installed=0b11)
    beliefs.read_news(0, user, silent(), news, toy_rules(2, attention=1e6), keys(0))
    assert user.news == 0b1
    assert user.alert == 0


def test_the_foreign_averse_are_alarmed_to_hear_that_the_state_does_not_read():
    news = a_story(platform=1, media=99.0)  # their shock is below 0
    user = someone(type=1, concern=1.0, installed=0b11)
    beliefs.read_news(0, user, silent(), news, toy_rules(2, attention=1e6), keys(0))
    assert user.alert == 0b10


def test_an_alarm_is_not_raised_again_by_what_one_has_heard():
    news = a_story(platform=1, media=99.0)
    user = someone(type=-1, concern=1.0, installed=0b11, news=0b1)
    beliefs.read_news(0, user, silent(), news, toy_rules(2, attention=1e6), keys(0))
    assert user.alert == 0


def heard_by(news, name, step=0):
    """Return who of many hears the story with the salt of `name` when `news` are told."""
    bit = next(int(n.bit) for n in news if n.salt == purpose_key(0, 0, f"story.{name}"))
    heard = []
    for i in range(500):
        user = someone()
        beliefs.read_news(i, user, silent(), news, CALM, keys(step))
        heard.append(user.news >> bit & 1)
    return np.array(heard)


def test_who_hears_a_story_does_not_depend_on_what_else_is_told():
    four = a_story(4, media=0.5)
    alone, moved = four[2:3].copy(), four[::-1].copy()
    moved.bit = np.arange(4)  # the same stories under other bits, in another order
    assert (heard_by(alone, 2) == heard_by(four, 2)).all()
    assert (heard_by(moved, 2) == heard_by(four, 2)).all()
    assert (heard_by(four, 1) != heard_by(four, 2)).any()
    assert (heard_by(four, 2, step=1) != heard_by(four, 2)).any()


def test_stories_are_heard_independently_of_each_other():
    four = a_story(2, media=np.log(2))
    one, other = heard_by(four, 0), heard_by(four, 1)
    assert within_4_errors((one & other).mean(), 0.25, len(one))


def test_luck_with_stories_is_that_of_the_step():
    news = a_story(media=np.log(2))
    u = uniforms(keys(3)[HEARD] ^ news.salt[0], 200)
    assert (heard_by(news, 0, step=3)[:200] == (u < 0.5)).all()
