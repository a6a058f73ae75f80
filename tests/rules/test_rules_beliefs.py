"""Awareness and beliefs: each rule against the process it stands for."""

import numpy as np
import pytest

from sim.kernel.rng import uniforms
from sim.rules import beliefs, surveillance_attitude
from sim.rules.beliefs import AWARE
from sim.rules.choice import CONVERSE
from sim.rules.contact import contact
from sim.rules.packed_state import (
    MAX_FEAR,
    aware_of,
    pack_belief_state,
    pack_choice_state,
    stories_of,
)
from sim.rules.records import MAX, STEP_RECORD, USER, records
from sim.rules.relaxation import relaxation
from tests.helpers.beliefs import (
    HEARING,
    JUST_BELOW,
    NO_NEWS,
    SHARES,
    UNEQUAL,
    VALUES,
    N,
    a_story,
    belief_state_of,
    believed,
    mind,
    silent,
    update_beliefs,
    within_4_errors,
)
from tests.helpers.ties import equal_ties
from tests.helpers.toys import (
    BELIEF_UNIT,
    converse,
    from_fixed_point,
    in_steps,
    someone,
    toy_env,
    toy_params,
    toy_users,
)
from tests.helpers.worlds import belief_of, fear_level, keys, uniform_draws

pytestmark = pytest.mark.interpreted


# What being read does to the types.


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_being_read_repels_one_type_attracts_another_and_leaves_the_third_cold(kind):
    user = someone(type=kind, concern=0.75, belief=[np.log(3), 0, 0, 0, 0, 0])  # 3 : 1
    # half a unit of the belief moves its chance by an eighth of a unit at most
    error = 0.75 * BELIEF_UNIT / 8
    assert surveillance_attitude.surveillance_attitude(user, 0) == pytest.approx(
        kind * 0.75 * 0.75, abs=error
    )
    assert surveillance_attitude.surveillance_attitude(user, 1) == pytest.approx(
        kind * 0.75 * 0.5, rel=1e-6
    )


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_only_the_state_averse_show_fear_to_be_read(kind):
    params = toy_params(2, chilling_value=1.0)
    user = someone(type=kind, concern=0.75, belief=[np.log(3), 0, 0, 0, 0, 0])
    public = [fear_level(pack_choice_state(user, params), p) for p in range(2)]
    kept = np.expm1(-0.5 * 0.75 * np.array([0.75, 0.5])) / np.expm1(-0.5 * MAX_FEAR)
    assert public == (np.rint(7 * kept).tolist() if kind < 0 else [0, 0])


def test_who_is_not_concerned_or_believes_nothing_neither_leans_nor_fears():
    for traits in ({"concern": 0.0}, {"concern": 2.0, "belief": [-np.inf] * 6}):
        for kind in (-1, 1):
            user = someone(type=kind, **traits)
            # sigmoid(-16) is the least
            assert abs(surveillance_attitude.surveillance_attitude(user, 0)) < 2.0 * 1.2e-7
            assert fear_level(pack_choice_state(user, toy_params(2, chilling_value=1.0)), 0) == 0


# One contact a step.


def test_a_user_talks_with_one_contact_drawn_by_weight():
    users, met = toy_users(4, 2), []
    users.belief[:, 0] = in_steps(belief=range(4))
    users.aware[:], users.news[:] = range(4), range(4)
    belief_state = belief_state_of(users)
    for step in range(N):
        step_record = silent()
        converse(0, belief_state, step_record, UNEQUAL, keys(step))
        assert (
            belief_of(step_record.peer[0], 0)
            == aware_of(step_record.peer[0])
            == stories_of(step_record.peer[0])
        )
        other = contact(0, UNEQUAL, uniforms(keys(step)[CONVERSE], 1)[0])
        assert step_record.peer[0] == belief_state[other]
        assert aware_of(step_record.peer[0]) == other
        met.append(int(other))
    for other, share in zip((1, 2, 3), SHARES, strict=True):
        assert within_4_errors(np.mean(np.array(met) == other), share)


def test_who_has_no_contacts_hears_only_itself():
    users = toy_users(2, 2)
    users.belief[0], users.aware[0], users.news[0] = in_steps(belief=0.5), 0b10, 0b100
    step_record = silent()
    converse(0, belief_state_of(users), step_record, equal_ties([[], []]), keys(0))
    assert [belief_of(step_record.peer[0], p) for p in range(MAX)] == [0.5] * MAX
    assert (aware_of(step_record.peer[0]), stories_of(step_record.peer[0])) == (0b10, 0b100)


# What a contact hears.


def test_a_mind_says_what_its_owner_knows_and_believes_to_a_sixteenth():
    rng = np.random.default_rng(1)
    for _ in range(300):
        user = records(USER, 1)[0]
        user.aware, user.news = rng.integers(0, (64, 256))  # six messengers, eight stories
        user.belief[:] = in_steps(belief=rng.uniform(-8, 8 - HEARING, MAX))
        said = np.uint64(pack_belief_state(user))
        assert (aware_of(said), stories_of(said)) == (user.aware, user.news)
        heard = np.array([belief_of(said, p) for p in range(MAX)])
        assert np.abs(heard - believed(user)).max() <= HEARING
        assert (heard * 16 % 1 == 0).all()


@pytest.mark.parametrize(
    ("belief", "heard"),
    [
        (0.0, 0.0), (1 / 32, 0.0), (3 / 32, 1 / 8), (-1 / 32, 0.0), (-3 / 32, -1 / 8),
        (JUST_BELOW, 0.0),
        (-3.3, -3.3125), (-8.0, -8.0), (-8.5, -8.0), (-np.inf, -8.0), (7.9375, 7.9375),
        (8.0, 7.9375), (np.inf, 7.9375),
    ],
)  # fmt: skip
def test_beliefs_are_heard_in_steps_between_bounds(belief, heard):
    others = np.zeros(MAX)
    for p in range(MAX):
        one = np.where(np.arange(MAX) == p, belief, others)
        said = mind(0x3F, 0, one)
        expected = np.where(np.arange(MAX) == p, heard, 0.0)
        assert [belief_of(said, k) for k in range(MAX)] == expected.tolist()
        assert (aware_of(said), stories_of(said)) == (0x3F, 0)


# Awareness.


@pytest.mark.parametrize("peer_aware", [0b00, 0b01, 0b10, 0b11])
@pytest.mark.parametrize("media", [0.0, 0.2])
def test_word_of_mouth_adds_a_hazard_where_the_contact_knows(peer_aware, media):
    env, params = toy_env(VALUES, days=7.0), toy_params(2, word_of_mouth=0.05)
    env.effects.awareness[:2] = media
    aware = np.zeros((N, 2), bool)
    step_record = silent(peer=mind(peer_aware))
    for i in range(N):
        user = someone(aware=0)
        beliefs.become_aware(i, user, step_record, env, params, keys(0))
        aware[i] = user.aware & 1, user.aware >> 1
    for p in range(2):
        chance = 1 - np.exp(-media - 0.05 * 7 * (peer_aware >> p & 1))
        share = aware[:, p].mean()
        assert within_4_errors(share, chance) or share == chance
        assert (
            aware[:, p] == (uniform_draws(AWARE, N, p) < chance)
        ).all()  # by a draw of its own for each messenger


def test_what_one_has_heard_of_one_does_not_forget():
    user = someone(aware=0b10)
    beliefs.become_aware(0, user, silent(), toy_env(VALUES), toy_params(2), keys(0))
    assert user.aware == 0b10


def test_what_one_knows_changes_nothing_about_hearing_of_the_others():
    env, params = toy_env(VALUES, days=7.0), toy_params(2, word_of_mouth=0.05)
    env.effects.awareness[:2] = 0.3
    step_record = silent(peer=mind(0b11))
    for i in range(500):
        ignorant, user = someone(aware=0), someone(aware=0b10)
        for one in (ignorant, user):
            beliefs.become_aware(i, one, step_record, env, params, keys(0))
        assert user.aware == ignorant.aware | 0b10


def test_who_is_offline_hears_of_no_messenger_but_believes_and_hears_stories():
    env, params = toy_env(VALUES), toy_params(2, peer_rate=99.0)
    env.effects.awareness[:] = 99.0
    user = someone(online=0, aware=0)
    news = a_story(media=99.0)
    step_record = silent(peer=mind(aware=0b11, belief=1.0))
    beliefs.learn(
        0, user, step_record, env._replace(news=news), relaxation(params, 1.0), params, keys(0)
    )
    assert user.aware == 0
    assert user.news == 0b1
    assert believed(user)[:2] == pytest.approx([1.0 + 1.0, 1.0])


# Beliefs: in the mean over contacts DeGroot's averaging, and back to the prior.


def test_the_mean_over_contacts_is_degroots_step():
    """L <- L + f (W L - L) + g (L0 - L) with f = 1 - exp(-phi dt), g = 1 - exp(-delta dt)."""
    days, params = 7.0, toy_params(2, peer_rate=0.03, forget_rate=0.01)
    params.prior[:] = [[0.9] * 6, [0.2] * 6, [-0.5] * 6]
    users = toy_users(4, 2)
    users.type[0], users.belief[:, 0] = -1, in_steps(belief=(1.5, -2.0, 0.5, 3.0))
    follow, forget = 1 - np.exp(-0.03 * days), 1 - np.exp(-0.01 * days)
    # the contacts' beliefs are sixteenths: heard exactly
    after, belief_state = [], belief_state_of(users)
    for step in range(N):
        user, step_record = users[:1].copy()[0], silent()
        converse(0, belief_state, step_record, UNEQUAL, keys(step))
        update_beliefs(user, step_record, NO_NEWS, days, params)
        after.append(believed(user)[0])
    around = SHARES @ [-2.0, 0.5, 3.0]
    expected = 1.5 + follow * (around - 1.5) + forget * (0.9 - 1.5)
    spread = follow * np.sqrt(SHARES @ (np.array([-2.0, 0.5, 3.0]) - around) ** 2)
    assert np.std(after) == pytest.approx(spread, rel=0.05)
    assert abs(np.mean(after) - expected) < 4 * spread / np.sqrt(N)


@pytest.mark.parametrize("kind", [-1, 0, 1])
def test_without_contacts_belief_goes_back_to_the_prior_of_ones_type(kind):
    params = toy_params(2, forget_rate=0.02)
    params.prior[:, 0] = 0.9, 0.2, -0.5
    for n, days in ((1, 28.0), (4, 7.0), (16, 1.75)):  # however time is cut, to half a unit a step
        user = someone(type=kind, belief=[2.0, 0, 0, 0, 0, 0])
        for _ in range(n):
            step_record = silent(peer=mind(belief=believed(user)))
            update_beliefs(user, step_record, NO_NEWS, days, params)
        prior = params.prior[kind + 1, 0]
        expected = prior + (2.0 - prior) * np.exp(-0.02 * 28)
        assert believed(user)[0] == pytest.approx(expected, abs=n * BELIEF_UNIT / 2)


def test_two_who_only_talk_meet_in_the_middle():
    params, users = toy_params(2, peer_rate=0.05), toy_users(2, 2)
    users.belief[:, 0] = in_steps(belief=(1.0, -0.4))
    ties, held = equal_ties([[1], [0]]), [from_fixed_point(belief=users.belief[:, 0])]
    for step in range(30):
        step_records, belief_state = records(STEP_RECORD, 2), belief_state_of(users)
        for i in range(2):
            converse(i, belief_state, step_records[i], ties, keys(step))
        for i in range(2):
            update_beliefs(users[i], step_records[i], NO_NEWS, 1.0, params)
        held.append(from_fixed_point(belief=users.belief[:, 0]))
    held, follow = np.array(held), 1 - np.exp(-0.05)
    heard = np.rint(16 * held) / 16  # exactly, by what each hears of the other
    law = held[:-1] + follow * (heard[:-1, ::-1] - held[:-1])
    assert held[1:] == pytest.approx(law, abs=BELIEF_UNIT / 2)
    # an exchange moves a belief by `follow` times what is heard wrong, HEARING at most, and each
    # is kept to half a unit
    wrong = follow * HEARING + BELIEF_UNIT / 2
    assert np.abs(held.sum(axis=1) - 0.6).max() < 2 * wrong * 30
    law = 1.4 * (1 - 2 * follow) ** np.arange(31)  # errors of the gap are damped as the gap is
    assert np.abs(held[:, 0] - held[:, 1] - law).max() < wrong / follow
