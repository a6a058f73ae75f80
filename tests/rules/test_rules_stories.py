"""Stories about messengers: who hears them, beliefs and habits after them, whom they alarm."""

import numpy as np
import pytest

from sim.kernel.rng import purpose_key, uniforms
from sim.rules import beliefs, habit
from sim.rules.beliefs import HEARD
from tests.helpers.beliefs import (
    CALM,
    N,
    a_story,
    believed,
    mind,
    silent,
    update_beliefs,
    within_4_errors,
)
from tests.helpers.toys import (
    BELIEF_UNIT,
    HABIT_UNIT,
    from_fixed_point,
    in_steps,
    someone,
    toy_params,
)
from tests.helpers.worlds import keys

pytestmark = pytest.mark.interpreted


# Stories.


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
    params, user = toy_params(2, forget_rate=0.02), someone(type=-1, news=bits)
    params.prior[:, 0] = 0.9, 0.2, -0.5
    news = a_story(3, platform=[0, 0, 1], bit=[1, 2, 1], lasting=lasting)
    rest = 0.9 + (2.0 if heard and lasting else 0.0)
    user.belief[0] = in_steps(belief=5.0)
    update_beliefs(user, silent(peer=mind(belief=believed(user))), news, 7.0, params)
    law = rest + (5.0 - rest) * np.exp(-0.02 * 7)
    assert believed(user)[0] == pytest.approx(law, abs=BELIEF_UNIT / 2)


def test_who_believes_a_fact_does_not_forget_it():
    params, news = toy_params(2, forget_rate=0.02), a_story(lasting=1, media=99.0)
    params.prior[:] = 0.5
    user = someone(belief=[0.5] * 6)
    for step in range(40):
        update_beliefs(user, silent(peer=mind(belief=believed(user))), news, 7.0, params)
        beliefs.read_news(0, user, silent(), news, params, keys(step))
    assert believed(user)[:2] == pytest.approx([1.5, 0.5])


# Bad news breaks a habit.


def habits_after(shocks, **traits):
    """Return the habits of a user told of messenger 1, from .8 of it and .5 of messenger 0."""
    user, params = someone(habit=[0.5, 0.8, *[0.0] * 4], **traits), toy_params(2, habit_break=1.5)
    for bit, shock in enumerate(shocks):
        story = a_story(platform=1, bit=bit, media=99.0, shock=shock)
        beliefs.read_news(0, user, silent(), story, params, keys(bit))
    return from_fixed_point(habit=user.habit)


@pytest.mark.parametrize("shocks", [[2.0], [0.5, 1.5], [0.7, 0.7, 0.6]])
@pytest.mark.parametrize("concern", [0.25, 1.0, 8.0])
def test_stories_break_a_habit_by_how_much_they_repel_together(shocks, concern):
    """The attitudes lost add up, so in how many stories the news comes does not matter."""
    d = concern * (1 / (1 + np.exp(1.0 - sum(shocks))) - 1 / (1 + np.exp(1.0)))
    habits = habits_after(shocks, type=-1, concern=concern, belief=[-1.0] * 6)
    error = HABIT_UNIT * len(shocks) + 0.8 * 1.5 * concern / 4 * BELIEF_UNIT * len(shocks)
    assert habits[1] == pytest.approx(0.8 * np.exp(-1.5 * d), abs=error)
    assert habits[0] == pytest.approx(0.5, abs=HABIT_UNIT)


@pytest.mark.parametrize(
    ("kind", "shock"), [(-1, -2.0), (0, 2.0), (1, 2.0)], ids=["relieved", "cold", "attracted"]
)
def test_who_is_not_repelled_keeps_the_habit(kind, shock):
    habits = habits_after([shock], type=kind, concern=1.0)
    assert habits == pytest.approx([0.5, 0.8, *[0.0] * 4], abs=HABIT_UNIT)


def test_a_broken_habit_comes_back_with_use_at_the_speed_of_habit():
    """h(t) = share + (h(0) - share) exp(-rho t), from the habit that the story left."""
    params, user = toy_params(2, habit_rate=0.02), someone(habit=[0.8] * 6, call_share=0.0)
    habit.break_habit(user, 1, 1.0, toy_params(2, habit_break=1.5))
    talk = silent(use=0.8)
    for _ in range(10):
        habit.remember(user, talk, params, np.float32(np.exp(-0.02 * 7)))
    law = 0.8 - 0.8 * (1 - np.exp(-1.5)) * np.exp(-0.02 * 70)
    assert from_fixed_point(habit=user.habit)[:2] == pytest.approx([0.8, law], abs=1e-4)


@pytest.mark.parametrize("hazard", [0.3, 2.0])
def test_the_mean_habit_of_those_told_by_media_is_that_of_the_law(hazard):
    """Who hears keeps h exp(-a_h d), all others h: a chance of 1 - exp(-hazard)."""
    params, story = toy_params(2, habit_break=2.0), a_story(platform=1, media=hazard, shock=2.0)
    kept = []
    for i in range(N):
        user = someone(type=-1, concern=1.0, belief=[0.0] * 6, habit=[0.6] * 6)
        beliefs.read_news(i, user, silent(), story, params, keys(0))
        kept.append(from_fixed_point(habit=user.habit)[1] / 0.6)
    left = np.exp(-2.0 * (1 / (1 + np.exp(-2.0)) - 0.5))
    hear = 1 - np.exp(-hazard)
    assert set(np.round(kept, 3)) == {1.0, round(left, 3)}
    assert within_4_errors((1 - np.mean(kept)) / (1 - left), hear)


# Bad news makes people look around.


def alarmed(n=1500, attention=1.0, **traits):
    """Return what users are alarmed to reconsider by a story about messenger 1."""
    news = a_story(platform=1, media=99.0)
    params, alerts = toy_params(2, attention=attention), []
    for i in range(n):
        user = someone(**traits)
        beliefs.read_news(i, user, silent(), news, params, keys(0))
        alerts.append(int(user.alert))
    return np.array(alerts)


@pytest.mark.parametrize(
    ("traits", "alert"),
    [
        ({"installed": 0b10}, 0b11),  # the one told of, and the other that it knows
        ({"installed": 0b11}, 0b10),  # it uses both
        ({"installed": 0b10, "aware": 0b10}, 0b10),  # it knows no other
        ({"installed": 0b11, "account": 0b10}, 0b11),
        ({"installed": 0b01}, 0b00),  # of one that it does not have it will take none up
        ({"installed": 0b00}, 0b01),
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
    beliefs.read_news(0, user, silent(), news, toy_params(2, attention=1e6), keys(0))
    assert user.news == 0b1
    assert user.alert == 0


def test_the_foreign_averse_are_alarmed_to_hear_that_the_state_does_not_read():
    news = a_story(platform=1, media=99.0)  # their shock is below 0
    user = someone(type=1, concern=1.0, installed=0b11)
    beliefs.read_news(0, user, silent(), news, toy_params(2, attention=1e6), keys(0))
    assert user.alert == 0b10


def test_an_alarm_is_not_raised_again_by_what_one_has_heard():
    news = a_story(platform=1, media=99.0)
    user = someone(type=-1, concern=1.0, installed=0b11, news=0b1)
    beliefs.read_news(0, user, silent(), news, toy_params(2, attention=1e6), keys(0))
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


def test_who_hears_a_story_does_not_depend_on_other_stories():
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


def test_draws_with_stories_are_those_of_the_step():
    news = a_story(media=np.log(2))
    u = uniforms(keys(3)[HEARD] ^ news.salt[0], 200)
    assert (heard_by(news, 0, step=3)[:200] == (u < 0.5)).all()
