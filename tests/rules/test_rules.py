"""Habit, availability, chances and openings against their formulas, and at their limits."""

import numpy as np
import pytest
from hypothesis import strategies as st

from sim.kernel.compiled import jit_loop
from sim.kernel.rng import SLOTS, purpose_key, random_bits, uniforms
from sim.kernel.vec8 import read, write
from sim.kernel.vec16 import SPAN, WIDTH
from sim.rules import activity, availability, chance, habit
from sim.rules.beliefs import AWARE
from sim.rules.records import CALL, MAX, MESSAGE
from sim.rules.relaxation import relaxation
from tests.helpers.toys import HABIT_UNIT, from_fixed_point, silent, someone, toy_env, toy_params
from tests.helpers.worlds import keys, uniform_draws

pytestmark = pytest.mark.interpreted

ENV = toy_env([[1.2, 0.6], [0.3, 0.3]])
U = uniforms(purpose_key(1, 0, "test.params"), 4000)
bits = st.integers(0, 2**MAX - 1)


def test_habit_relaxes_exponentially_to_use_however_time_is_cut():
    params, step_record = toy_params(2, habit_rate=0.05), silent()
    step_record.use[MESSAGE, :2], step_record.use[CALL, :2] = (0.5, 0.1), (0.25, 0.9)
    share = 0.8 * np.array([0.5, 0.1]) + 0.2 * np.array([0.25, 0.9])
    for n, days in ((1, 28.0), (4, 7.0), (16, 1.75)):
        user = someone(habit=[1.0, 0.2, 0, 0, 0, 0])
        for _ in range(n):
            habit.remember(user, step_record, params, relaxation(params, days).memory)
        expected = share + (np.array([1.0, 0.2]) - share) * np.exp(-0.05 * 28)
        kept = from_fixed_point(habit=user.habit[:2])
        assert kept == pytest.approx(expected, abs=n * HABIT_UNIT / 2)  # by a step at most
    assert habit.relax(0.3, 0.9, 1.0) == 0.3
    assert habit.relax(0.3, 0.9, 0.0) == 0.9


@pytest.mark.parametrize(
    ("grade", "proxies", "efficacy", "vpn", "q"),
    [
        (0.0, 0.0, 0.0, 0, 1.0), (1.0, 0.0, 0.0, 0, 0.0), (0.97, 0.0, 0.8, 0, 0.03),
        (0.97, 0.0, 0.8, 1, 1 - 0.97 * 0.2), (1.0, 1.0, 0.0, 0, 1.0), (1.0, 0.0, 1.0, 1, 1.0),
        (0.5, 0.5, 0.5, 1, 0.875),
    ],
)  # fmt: skip
def test_availability_is_one_minus_what_nothing_lifts(grade, proxies, efficacy, vpn, q):
    assert availability.availability(grade, proxies, efficacy, vpn) == pytest.approx(q)


def test_tables_hold_the_attraction_of_pairs_of_places_and_how_well_each_works_there():
    q = np.array([[[1.0, 0.8], [0.6, 1.0]], [[0.7, 0.5], [0.9, 0.3]]])
    env = toy_env([[1.2, 0.6], [0.3, -np.inf]], (2.0, 3.0), q)
    assert env.place_class[:2].tolist() == [0, 1]
    pull = env.attraction
    assert pull[0, 1, MESSAGE, 1] == pytest.approx(0.4 * np.exp(0.6 - 2 * (1 - 0.4)))
    assert pull[0, 1, CALL, 0] == pytest.approx(0.54 * np.exp(0.3 - 3 * (1 - 0.54)))
    assert not pull[:, :, CALL, 1].any()
    # of messenger 0 and of 1, which carries no calls
    assert env.quality[0, 1, MESSAGE, :2] == pytest.approx([0.7, 0.4])
    assert env.quality[1, 1, MESSAGE, :2] == pytest.approx([0.49, 0.25])
    assert env.quality[0, 1, CALL, :2] == pytest.approx([0.54, 0])


def drawn_q(n_places, n_kinds):
    """Return the availability of places of a few kinds, without and with a VPN, and abroad."""
    rng = np.random.default_rng([n_places, n_kinds])
    kinds = rng.uniform(0, 1, (n_kinds, 2, 2, MAX))
    here = kinds[np.arange(n_places) % n_kinds].reshape(-1, 2, MAX)
    return np.concatenate([here, np.ones((1, 2, MAX))])


@pytest.mark.parametrize(("n_places", "n_kinds"), [(1, 1), (8, 1), (8, 2), (8, 8), (3, 3)])
def test_places_that_work_alike_form_a_class_and_tables_hold_every_pair(n_places, n_kinds):
    q, rng = drawn_q(n_places, n_kinds), np.random.default_rng(7)
    values, losses = rng.normal(size=(2, MAX)), np.array([2.0, 3.0])
    values[1, 2] = -np.inf
    t = availability.pair_tables(q, values, losses)
    n = len(t.attraction)
    tables = t.pairs.reshape(MAX, 2, 2, t.n_pairs)
    assert n**2 < t.n_pairs <= n**2 + SPAN
    assert not tables[..., n**2 :].any()
    assert t.n_pairs == WIDTH or t.n_pairs % SPAN == 0
    assert n == 2 * n_kinds + 1
    assert (t.regional == 1) == (n_kinds > 1)
    assert t.varied == 2**MAX - 1
    for i, one in enumerate(t.place_class[: len(q)]):
        for j, other in enumerate(t.place_class[: len(q)]):
            both = q[i] * q[j]
            pull = both * np.exp(values - losses[:, None] * (1 - both))
            quality = np.where(np.isfinite(values), both, 0.0)
            for table, expected, pairs in (
                (t.attraction, pull, tables[:, 0]), (t.quality, quality, tables[:, 1]),
            ):  # fmt: skip
                assert table[one, other] == pytest.approx(expected, rel=1e-6)
                assert (table[one, other] == pairs[:, :, one * n + other].T).all()


def test_a_messenger_that_works_alike_everywhere_does_not_vary():
    q = drawn_q(4, 2)
    q[:, :, [1, 3]] = 1.0
    t = availability.pair_tables(q, np.zeros((2, MAX)), np.array([2.0, 3.0]))
    assert t.varied == 0b110101
    q[:] = 1.0
    t = availability.pair_tables(q, np.zeros((2, MAX)), np.array([2.0, 3.0]))
    assert (t.varied, t.regional, len(t.attraction)) == (0, 0, 1)


@pytest.mark.parametrize("hazard", [0.01, 0.3, 1.0, 3.0])
def test_events_happen_as_often_as_their_hazard_says(hazard):
    share = 1 - np.exp(-hazard)
    error = np.sqrt(share * (1 - share) / len(U))
    assert abs(np.mean([chance.happens(u, hazard) for u in U]) - share) < 4 * error


def test_draws_are_uniform_to_its_last_bits_and_independent_between_slots():
    n = 2000
    u = np.array([uniform_draws(AWARE, n, slot) for slot in range(SLOTS)])
    first, rest = np.divmod(256 * u, 1)  # eight bits from one number a user, the rest of others
    for part in (u, first / 256, rest):
        assert (abs(part.mean(axis=1) - 0.5) < 4 / np.sqrt(12 * n) + 1 / 512).all()
        assert abs(np.sort(part.ravel()) - np.linspace(0, 1, part.size)).max() < 0.02
        others = np.corrcoef(part) - np.eye(SLOTS)
        assert np.abs(others).max() < 4.5 / np.sqrt(n)
    assert abs(np.corrcoef(first.ravel(), rest.ravel())[0, 1]) < 4 / np.sqrt(u.size)
    assert (u[0] != uniform_draws(AWARE, n, 0, step=1)).all()


@jit_loop
def bound(hazards, least, most):
    for k in range(len(hazards)):
        low, high = chance.probability_bounds(read(hazards[k]))
        write(least[k], low)
        write(most[k], high)


def test_chances_lie_between_their_bounds_however_they_are_rounded():
    powers = 2.0 ** np.arange(-30, 9)
    hazards = np.concatenate([powers, np.nextafter(np.float32(powers), np.float32(0)),
                              np.linspace(0, 4, 606), [1e20, np.inf, 1e-30]])  # fmt: skip
    hazards = np.resize(hazards, (MAX * 150,)).reshape(-1, MAX).astype(np.float32)
    least, most = np.zeros((2, *hazards.shape), np.float32)
    with np.errstate(over="ignore"):
        bound(hazards, least, most)
    chances, h = -np.expm1(-hazards.astype(float)), hazards.astype(float)
    assert (least <= chances).all()
    assert (chances <= most).all()
    small = (h > 0) & (h < 0.5)
    assert (((most - least)[small] / h[small]) <= h[small] ** 2 / 6 + 3e-6).all()


@jit_loop
def befall(key, n, hazards, found):
    for i in range(n):
        found[i] = chance.events_occur(key, i, read(hazards))


@pytest.mark.parametrize(
    "hazards",
    [[0.0, 1e-4, 1 / 256, 0.01, 0.3, 3.0], [np.inf, 1.0, 0.5, 100.0, 2 / 256, 1e-30], [0.004] * 6],
)
def test_all_events_of_a_user_occur_as_its_draw_in_each_slot_says(hazards):
    n, hazards = 2000, np.array(hazards, np.float32)
    found, key = np.zeros(n, np.int64), keys(0)[AWARE]
    with np.errstate(over="ignore", invalid="ignore"):
        befall(key, n, hazards, found)
    for slot, hazard in enumerate(hazards.tolist()):
        happened = (found >> slot & 1) == 1
        assert (happened == (uniform_draws(AWARE, n, slot) < -np.expm1(-hazard))).all()
        assert all(
            chance.event_occurs(np.uint64(random_bits(key, i)), key, i, slot, hazard)
            == happened[i]
            for i in range(200)
        )
    assert not (found >> MAX).any()


@pytest.mark.parametrize("hazard", [0.0, 1e-4, 1 / 256, 0.01, 0.3, 3.0, np.inf])
def test_events_befall_users_as_their_draws_say_whatever_its_first_bits(hazard):
    key, share, seen = keys(0)[AWARE], -np.expm1(-hazard), []
    for slot in range(SLOTS):
        drawn = [np.uint64(random_bits(key, i)) for i in range(1000)]
        found = [chance.event_occurs(bits, key, i, slot, hazard) for i, bits in enumerate(drawn)]
        assert (found == (uniform_draws(AWARE, 1000, slot) < share)).all()
        seen.append(found)
    assert abs(np.mean(seen) - share) <= 4 * np.sqrt(share * (1 - share) / np.size(seen))


def test_no_hazard_no_event_and_more_hazard_never_less():
    assert not any(chance.happens(u, 0.0) for u in (0.0, 1e-300, 0.5))
    assert all(chance.happens(u, np.inf) for u in (0.0, 0.5, 1 - 2**-53))
    for low, high in ((0.1, 0.2), (0.2, 5.0)):
        assert all(chance.happens(u, high) for u in U[:500] if chance.happens(u, low))


def test_sigmoid_is_the_logistic_function():
    assert chance.sigmoid(0.0) == 0.5
    assert chance.sigmoid(2.0) == pytest.approx(0.8807970779778823)
    assert chance.sigmoid(2.0) + chance.sigmoid(-2.0) == pytest.approx(1)
    assert chance.sigmoid(np.inf) == 1
    assert chance.sigmoid(-np.inf) == 0


def test_what_lies_on_a_second_phone_is_opened_for_the_institution_alone():
    params = toy_params(
        2, traffic_openings=5.0, base_openings=[0.4] * 6, content_openings=3.0,
        mandate_openings=[0, 1.3, 0, 0, 0, 0],
    )  # fmt: skip
    step_record, user = silent(), someone(intensity=1.5, second=0b10, account=0, mandated=0b10)
    step_record.use[MESSAGE, :2] = 0.3, 0.2
    activity.open_apps(user, step_record, ENV, params)
    assert step_record.openings[:2] == pytest.approx([0, 1.5 * 1.3])


def test_openings_are_the_sum_of_what_brings_them():
    params = toy_params(
        2, traffic_openings=5.0, call_openings=0.7, base_openings=[0.4, 0.4, 0, 0, 0, 0],
        mandate_openings=[0, 1.3, 0, 0, 0, 0], habit_openings=[0, 2.5, 0, 0, 0, 0],
        content_openings=3.0,
    )  # fmt: skip
    step_record, env = (
        silent(),
        toy_env([[1.2, 0.6], [0.3, 0.3]], q=np.array([[[1, 0.5], [1, 1]]])),
    )
    step_record.use[MESSAGE, :2], step_record.use[CALL, :2] = (0.3, 0.2), (0.1, 0.4)
    env.effects.trend_openings[1] = 2.0
    user = someone(intensity=1.5, installed=0b10, mandated=0b10, habit=[0, 0.6, 0, 0, 0, 0])
    content = 3.0 * 0.4 / (1 + 0.4)  # appeal 0.4, doubled by the trend, of which half fails
    n = 5 * (0.8 * 0.2 + 0.7 * 0.2 * 0.4) + content + 1.3 + 2.5 * 0.6
    activity.open_apps(user, step_record, env, params)
    assert step_record.openings[:2] == pytest.approx([0, 1.5 * n], rel=1e-6)  # 0 is not installed


@jit_loop
def see(n_openings, seen):
    write(seen, activity.p_seen(read(n_openings)))


def test_who_opens_an_app_more_often_is_seen_more_often():
    seen = np.zeros(MAX, np.float32)
    see(np.array([0.0, np.log(2), 1e-6, 800.0, 3.0, 0.2]), seen)
    expected = [0.0, 0.5, 1e-6, 1.0, 1 - np.exp(-3), 1 - np.exp(-0.2)]
    np.testing.assert_allclose(seen, expected, rtol=0, atol=6e-8)  # of numbers next to 1
    assert seen[0] == 0
