"""What institutions, media and shops do to a user, rule by rule."""

import numpy as np
import pytest

from sim.kernel.rng import purpose_key, random_bits, uniforms
from sim.rules import promotion
from sim.rules.promotion import LAPSE, MANDATED, PREINSTALL, TRIAL
from sim.rules.records import MANDATE, MAX, STEP_RECORD, records
from sim.rules.surveillance_attitude import surveillance_attitude
from tests.helpers.toys import someone, toy_env, toy_params
from tests.helpers.worlds import keys, uniform_draws

pytestmark = pytest.mark.interpreted

ENV = toy_env([[1.2, 0.6], [0.3, 0.3]])


def bits(i, purpose):
    return np.uint64(random_bits(keys(0)[purpose], i))


def receive(user, env, params, step_record=None):
    step_record = records(STEP_RECORD, 1)[0] if step_record is None else step_record
    promotion.apply_promotion(0, user, step_record, env, params, keys(0))


def a_mandate(**values):
    mandate = records(MANDATE, 1)
    mandate.segment, mandate.hazard, mandate.ceiling, mandate.reached = 0b100, 0.3, 1.0, 1.0
    mandate.key = purpose_key(1, 0, "rollout")
    for name, value in values.items():
        mandate[name] = value
    return mandate


@pytest.mark.parametrize(("ceiling", "reached"), [(1.0, 1.0), (0.6, 1.0), (0.6, 0.5), (0.0, 1.0)])
def test_a_mandate_reaches_its_segment_up_to_its_ceiling(ceiling, reached):
    mandate, share = a_mandate(ceiling=ceiling, reached=reached)[0], ceiling * reached
    member, other = someone(segments=0b110), someone(segments=0b011)
    hazards = np.array([promotion.mandate_hazard(i, member, mandate) for i in range(2000)])
    assert set(hazards) <= {0.0, 0.3}
    error = np.sqrt(share * (1 - share) / 2000)
    assert abs((hazards > 0).mean() - share) <= 4 * error
    assert promotion.mandate_hazard(0, other, mandate) == 0


def obliged(env, mandates):
    """Return `env` with `mandates` in force."""
    return env._replace(mandates=mandates, mandate_bounds=promotion.hazard_bounds(mandates))


def obeying(mandates, n=2000, **traits):
    """Return who of `n` users with `traits` obeys one of the mandates for messenger 1."""
    users, most = (
        [someone(account=0, **traits) for _ in range(n)],
        promotion.hazard_bounds(mandates),
    )
    for i, user in enumerate(users):
        promotion.apply_mandates(i, user, mandates, most, ENV.effects, toy_params(2), keys(0))
        assert user.mandated == user.installed
    return np.array([user.mandated & 0b10 != 0 for user in users])


def test_mandates_for_one_messenger_add_up_where_each_of_them_reaches():
    """Whom the roll-outs have not reached nothing happens to, however small its draw is."""
    names, ceilings, reached = ("one", "other", "elsewhere"), [0.6, 1.0, 1.0], [1.0, 0.5, 1.0]
    hazards = np.array([0.3, 0.5, 9.0])
    mandates = records(MANDATE, 3)
    mandates.segment, mandates.platform = [0b100, 0b010, 0b110], [1, 1, 0]
    mandates.hazard, mandates.ceiling, mandates.reached = hazards, ceilings, reached
    mandates.key = [purpose_key(1, 0, f"rollout.{name}") for name in names]
    n, u = 2000, uniform_draws(MANDATED, 2000, 1)
    position = np.array([uniforms(key, n) for key in mandates.key])
    on = (position < np.multiply(ceilings, reached)[:, None])[:2] * hazards[:2, None]
    for segments, member in ((0b110, [1, 1]), (0b100, [1, 0]), (0b010, [0, 1]), (0b001, [0, 0])):
        chance = 1 - np.exp(-np.array(member) @ on)
        found = obeying(mandates, segments=segments)
        assert (found == (u < chance)).all()
        error = np.sqrt((chance * (1 - chance)).sum()) / n
        assert abs(found.mean() - chance.mean()) <= 4 * error
    assert len(np.unique(on.sum(axis=0).round(6))) == 4  # none, one, the other, both


def test_what_roll_outs_can_do_to_a_segment_at_most_is_the_sum_of_their_hazards():
    mandates = records(MANDATE, 5)
    mandates.segment, mandates.platform = [1, 2, 2, 128, 4], [0, 0, 1, 5, 1]
    mandates.hazard, mandates.ceiling = [0.1, 0.7, 1e-9, 3.3, 0.2], 0.5
    (most,) = promotion.hazard_bounds(mandates)
    assert most.shape == (256, MAX)
    assert most.dtype == np.float32
    for segments in range(256):
        total = np.zeros(MAX)
        for mandate in mandates:
            total[mandate.platform] += mandate.hazard * ((segments & mandate.segment) != 0)
        assert (most[segments] >= total).all()
        assert most[segments] == pytest.approx(total, rel=2**-23)
    assert not promotion.hazard_bounds(records(MANDATE, 0)).any()


def test_nobody_obeys_before_the_roll_out_reaches_it_nor_where_no_mandate_is():
    mandates = a_mandate(platform=1, hazard=99.0, ceiling=0.0)
    assert not obeying(mandates, n=300, segments=0b100).any()
    assert not obeying(records(MANDATE, 0), n=300, segments=0b100).any()


def test_push_gives_the_app_the_account_and_the_demand():
    mandates = a_mandate(platform=1, hazard=99.0)
    user = someone(segments=0b100, account=0, aware=0)
    receive(user, obliged(ENV, mandates), toy_params(2))
    assert user.installed == user.account == user.mandated == user.aware == 0b10
    offline = someone(segments=0b100, account=0, aware=0, online=0)
    receive(offline, obliged(ENV, mandates), toy_params(2))
    assert offline.installed == offline.mandated == 0


@pytest.mark.parametrize("platform", [0, 1])
def test_an_order_to_a_chat_makes_its_members_join(platform):
    step_record, bit = records(STEP_RECORD, 1)[0], 1 << platform
    step_record.ordered = bit
    user = someone(account=0, aware=0)
    receive(user, ENV, toy_params(2), step_record)
    assert user.installed == user.account == user.mandated == user.aware == bit
    offline = someone(account=0, online=0)
    receive(offline, ENV, toy_params(2), step_record)
    assert offline.installed == offline.mandated == 0


def test_some_keep_a_second_phone_for_what_is_demanded():
    """On it the app has no contacts: it is neither in use nor an account of theirs."""
    params, n = toy_params(2, second_phone=0.3), 3000
    users = [someone(account=0) for _ in range(n)]
    for i, user in enumerate(users):
        promotion.comply(i, user, 1, ENV.effects, params, keys(0))
        assert user.mandated == 0b10
        assert user.second ^ user.installed == 0b10
        assert user.installed == user.account
    share = np.mean([user.second > 0 for user in users])
    assert abs(share - 0.3) < 4 * np.sqrt(0.3 * 0.7 / n)


def test_who_has_it_already_needs_no_second_phone():
    user = someone(installed=0b10)
    promotion.comply(0, user, 1, ENV.effects, toy_params(2, second_phone=1.0), keys(0))
    assert (user.second, user.installed, user.mandated) == (0, 0b10, 0b10)


@pytest.mark.parametrize("by", ["mandate", "chat"])
def test_who_has_a_second_phone_has_done_what_is_demanded(by):
    user, step_record, env = someone(second=0b10, segments=0b100), records(STEP_RECORD, 1)[0], ENV
    if by == "chat":
        step_record.ordered = 0b10
    else:
        env = obliged(ENV, a_mandate(platform=1, hazard=99.0))
    receive(user, env, toy_params(2), step_record)
    assert (user.second, user.installed) == (0b10, 0)


def test_who_is_aware_tries_what_a_campaign_names_and_nobody_else():
    env, params = toy_env([[1.2, 0.6], [0.3, 0.3]]), toy_params(2)
    env.effects.trial[1] = 99.0
    user = someone(account=0, aware=0)
    receive(user, env, params)
    assert user.installed == 0
    user.aware = 0b10
    receive(user, env, params)
    assert user.installed == user.account == 0b10


@pytest.mark.parametrize("heard", [0b00, 0b01, 0b10])
def test_what_one_thinks_of_a_messenger_decides_how_soon_one_tries_it(heard):
    """Who has heard of it in this step has half of the step left."""
    env, params = toy_env([[1.2, 0.6], [0.3, 0.3]]), toy_params(2, risk_value=1.5)
    env.effects.trial[1] = 0.2
    for kind in (-1, 0, 1):
        traits = {"account": 0, "type": kind, "concern": 0.8, "belief": [0, 0.9, 0, 0, 0, 0]}
        tried = np.zeros(1500, bool)
        for i in range(1500):
            user = someone(**traits)
            promotion.try_messenger(i, user, 1, heard, env.effects, params, keys(0))
            tried[i] = user.installed == 0b10
        pull = np.exp(1.5 * surveillance_attitude(someone(**traits), 1))
        chance = 1 - np.exp(-0.2 * pull * (0.5 if heard & 0b10 else 1.0))
        assert np.sign(pull - 1) == kind
        assert abs(tried.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / 1500), kind
        assert (tried == (uniform_draws(TRIAL, 1500, 1) < chance)).all()


@pytest.mark.parametrize("belief", [-np.inf, np.inf])
def test_the_foreign_averse_try_the_sooner_the_surer_they_are_whatever_their_first_bits(belief):
    env, params = toy_env([[1.2, 0.6], [0.3, 0.3]]), toy_params(2, risk_value=2.0)
    env.effects.trial[1] = 0.01
    chance = 1 - np.exp(-0.01 * np.exp(2.0 * 1.5 * (belief > 0)))
    tried = np.zeros(1500, bool)
    for i in range(1500):
        user = someone(account=0, type=1, concern=1.5, belief=[belief] * 6)
        promotion.try_messenger(i, user, 1, 0, env.effects, params, keys(0))
        tried[i] = user.installed == 0b10
    assert tried.any()
    assert (tried == (uniform_draws(TRIAL, 1500, 1) < chance)).all()


def test_a_new_phone_brings_the_app_and_no_account():
    env, user = toy_env([[1.2, 0.6], [0.3, 0.3]]), someone(account=0, aware=0)
    env.effects.preinstall[1] = 99.0
    promotion.preinstall(0, user, 1, env.effects, keys(0))
    assert (user.installed, user.account, user.aware) == (0b10, 0, 0b10)


def test_phones_are_bought_at_their_hazard_by_ones_own_draws():
    env, bought = toy_env([[1.2, 0.6], [0.3, 0.3]]), np.zeros(2000, bool)
    env.effects.preinstall[1] = 0.2
    for i in range(2000):
        user = someone(account=0)
        promotion.preinstall(i, user, 1, env.effects, keys(0))
        bought[i] = user.installed == 0b10
    chance = 1 - np.exp(-0.2)
    assert abs(bought.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / 2000)
    assert (bought == (uniform_draws(PREINSTALL, 2000, 1) < chance)).all()


def test_a_new_phone_wakes_no_old_account():
    env, user = toy_env([[1.2, 0.6], [0.3, 0.3]]), someone(account=0b10, installed=0)
    env.effects.preinstall[1] = 99.0
    promotion.preinstall(0, user, 1, env.effects, keys(0))
    assert user.installed == 0


@pytest.mark.parametrize("account", [0, 0b10])
def test_whoever_joins_in_whatever_way_passes_the_gate_unless_the_account_is_old(account):
    env, user = toy_env([[1.2, 0.6], [0.3, 0.3]]), someone(account=account, installed=0)
    env.effects.passing[1] = 0.0
    promotion.install(0, user, 1, env.effects, keys(0))
    assert user.installed == user.account == account


def lapsed(env, n=2000, ordered=0, chats=0, **traits):
    """Return of whom of `n` users nobody demands messenger 1 any longer."""
    params, step_record = toy_params(2, lapse_rate=0.04), records(STEP_RECORD, 1)[0]
    env.effects.ordered, step_record.chats[0] = ordered, chats << 8
    users = [someone(mandated=0b11, second=0b10, installed=0b01, **traits) for _ in range(n)]
    for i, user in enumerate(users):
        promotion.let_lapse(i, user, step_record, env, params, keys(0))
        assert user.mandated & 0b01
        assert user.mandated == 0b01 | user.second
        assert user.installed == 0b01
    return np.array([not user.mandated & 0b10 for user in users])


def after_a_demand(mandates=None):
    env = toy_env([[1.2, 0.6], [0.3, 0.3]], days=7.0)
    env.effects.lapsing = 0b10
    return env if mandates is None else obliged(env, mandates)


@pytest.mark.parametrize("online", [0, 1])
def test_a_demand_that_has_ended_lapses_at_its_hazard_by_a_draw_of_its_own(online):
    found, chance = lapsed(after_a_demand(), online=online), 1 - np.exp(-0.04 * 7)
    assert abs(found.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / 2000)
    assert (found == (uniform_draws(LAPSE, 2000, 1) < chance)).all()


def test_what_somebody_still_demands_does_not_lapse():
    mandates = a_mandate(platform=1, hazard=0.0)
    assert not lapsed(after_a_demand(mandates), segments=0b100).any()
    assert lapsed(after_a_demand(mandates), segments=0b010).any()
    assert lapsed(after_a_demand(a_mandate(platform=0)), segments=0b100).any()
    assert not lapsed(after_a_demand(), ordered=0b10, chats=1).any()
    assert lapsed(after_a_demand(), ordered=0b10, chats=0).any()
    assert lapsed(after_a_demand(), ordered=0b01, chats=1).any()


def test_nothing_lapses_while_no_demand_has_ended():
    assert not lapsed(toy_env([[1.2, 0.6], [0.3, 0.3]], days=700.0)).any()
