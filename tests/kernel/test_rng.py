"""Every random number has an address: what is read there is uniform, and nobody else's."""

import numpy as np
import pytest
from scipy.stats import kstest

from sim.kernel.rng import (
    SLOTS,
    first_uniform,
    purpose_key,
    random_bits,
    refined_uniform,
    step_key,
    uniform,
    uniforms,
    user_uniform,
)
from sim.rules.records import MAX, PURPOSES

N = 100_000
KEY = purpose_key(1, 0, "test")


def key(step, replication=0, purpose="test"):
    return np.uint64(step_key(purpose_key(1, replication, purpose), step))


def correlation(first, second):
    """Return the correlation in units of its standard error, 1 / sqrt(n) for independents."""
    return np.corrcoef(first, second)[0, 1] * np.sqrt(len(first))


@pytest.mark.interpreted
def test_values_are_the_same_interpreted_and_compiled_and_in_all_times_to_come():
    assert int(KEY) == 9132226069257409552
    assert [uniform(KEY, i) for i in (0, 1, 10**9)] == [
        0.30717182352264694, 0.5598767604157762, 0.6204793851603091,
    ]  # fmt: skip
    assert int(step_key(KEY, 0)) == 6963724156384478402
    assert int(step_key(KEY, 51)) == 12775083934557142008


@pytest.mark.interpreted
def test_numbers_are_those_of_the_published_splitmix64():
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]  # seed 0
    first_53_bits = [(x >> 11) / 2**53 for x in published]
    assert [uniform(np.uint64(0), i) for i in range(3)] == first_53_bits


@pytest.mark.interpreted
def test_a_key_is_a_hash_of_all_three_parts_of_its_name():
    names = [(1, 0, "accept"), (2, 0, "accept"), (1, 1, "accept"), (1, 0, "revise"),
             (11, 0, "accept"), (1, 10, "accept")]  # fmt: skip
    assert len({int(purpose_key(*name)) for name in names}) == len(names)


@pytest.mark.interpreted
def test_a_number_is_that_of_its_address_however_often_and_in_what_order_it_is_read():
    order = np.random.default_rng(1).permutation(200)
    read = {i: uniform(KEY, i) for i in order}
    assert [read[i] for i in range(200)] == [uniform(KEY, i) for i in range(200)]
    assert uniforms(KEY, 200).tolist() == [read[i] for i in range(200)]


@pytest.mark.interpreted
def test_slots_of_users_never_meet():
    read = {user_uniform(KEY, i, slot) for i in range(50) for slot in range(SLOTS)}
    assert len(read) == 50 * SLOTS
    assert MAX <= SLOTS
    assert user_uniform(KEY, 7, 3) == uniform(KEY, 7 * SLOTS + 3)


@pytest.mark.interpreted
def test_numbers_lie_in_the_half_open_unit_interval():
    read = uniforms(KEY, 2000)
    assert read.min() >= 0
    assert read.max() < 1


@pytest.mark.parametrize("step", [0, 1, 51])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_numbers_of_a_purpose_are_uniform(purpose, step):
    assert kstest(uniforms(key(step, 0, purpose), N), "uniform").pvalue > 1e-4


def test_the_first_numbers_of_many_keys_are_uniform():
    over_steps = [uniform(key(step), 0) for step in range(20_000)]
    assert kstest(over_steps, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("lag", [1, 2, SLOTS, SLOTS * 20])
def test_neighbouring_users_and_slots_are_not_alike(lag):
    read = uniforms(KEY, N)
    assert abs(correlation(read[:-lag], read[lag:])) < 4


def draws(key, n, slot):
    """Return the first bits of the uniform draws of `n` users in `slot`, and the whole draws."""
    bits = [np.uint64(random_bits(key, i)) for i in range(n)]
    whole = [refined_uniform(bits[i], key, i, slot) for i in range(n)]
    return np.array([first_uniform(one, slot) for one in bits]), np.array(whole)


@pytest.mark.interpreted
@pytest.mark.parametrize("slot", range(SLOTS))
def test_a_draw_begins_with_its_first_bits(slot):
    first, whole = draws(KEY, 500, slot)
    assert (first == np.floor(256 * whole) / 256).all()


def test_draws_are_uniform_in_every_slot_and_slots_are_independent():
    n = 20_000
    read = np.array([draws(key(2), n, slot)[1] for slot in range(SLOTS)])
    for one in read:
        assert kstest(one, "uniform").pvalue > 1e-4
        last_bits = 256 * one % 1  # decide in few cases, and matter as much there
        assert kstest(last_bits, "uniform").pvalue > 1e-4
        assert abs(correlation(one, last_bits) - np.sqrt(n) / 256) < 4
    off_diagonal = np.corrcoef(read)[np.triu_indices(SLOTS, 1)]
    assert np.abs(off_diagonal).max() * np.sqrt(n) < 4
    assert abs(correlation(read[0][:-1], read[0][1:])) < 4


OTHERS = {
    "the next step": key(1),
    "the next replication": key(0, 1),
    "another purpose": key(0, 0, "other"),
    "another seed": np.uint64(step_key(purpose_key(2, 0, "test"), 0)),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_numbers_at_other_addresses_are_independent(other):
    first, second = uniforms(key(0), N), uniforms(other, N)
    assert abs(correlation(first, second)) < 4
    assert abs(correlation(first[:-1], second[1:])) < 4
    assert not np.isin(first, second).any()


def test_all_purposes_of_a_step_are_independent_of_each_other():
    read = np.array([uniforms(key(3, 0, purpose), N) for purpose in PURPOSES])
    off_diagonal = np.corrcoef(read)[np.triu_indices(len(PURPOSES), 1)]
    assert np.abs(off_diagonal).max() * np.sqrt(N) < 4


def test_a_user_has_new_draws_in_every_step():
    read = np.array([uniforms(key(step), 1000) for step in range(100)])
    means = read.mean(axis=0)  # over steps, by user: sd of a mean is sqrt(1/12/100)
    assert kstest((means - 0.5) * np.sqrt(1200), "norm").pvalue > 1e-4


def test_two_dimensions_are_filled_evenly():
    a, b = uniforms(key(0), N), uniforms(key(1), N)
    counts = np.histogram2d(a, b, bins=20, range=[[0, 1], [0, 1]])[0]
    chi2, dof = ((counts - N / 400) ** 2 / (N / 400)).sum(), 399
    assert abs(chi2 - dof) < 4 * np.sqrt(2 * dof)
