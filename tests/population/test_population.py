"""The users of a population."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import chisquare, gamma, kstest, lognorm

import sim
from sim.base.errors import ConfigError
from sim.config.settings import BAND_STARTS, BANDS, TYPES, PopulationConfig
from sim.population.ages import age_shares
from sim.population.population import TASTE_UNIT, draw_population, region_sizes
from sim.population.traits import FAMILY

AGES = Path(sim.__file__).parent / "data/russia_2025/population.csv"
CONF = Path(__file__).parents[2] / "conf/population/russia_2025.yaml"
N = 50_000


def russia(n):
    return PopulationConfig(**yaml.safe_load(CONF.read_text(encoding="utf-8")) | {"n_users": n})


@pytest.fixture(scope="module")
def users():
    return draw_population(russia(N), AGES, n_platforms=5, seed=1)


def within_4_errors(member, share):
    return abs(member.mean() - share) <= 4 * np.sqrt(share * (1 - share) / member.size)


def test_ages_follow_the_pyramid_of_the_csv(users):
    counts = np.bincount(users.age, minlength=101)[12:]
    assert chisquare(counts, age_shares(AGES) * N).pvalue > 1e-4


@pytest.mark.interpreted
def test_of_the_group_10_to_14_only_12_13_and_14_are_users():
    shares = age_shares(AGES)
    assert shares.size == 89
    assert shares.sum() == pytest.approx(1)
    at_12, at_15 = (4801254 + 4549805) / 5, (4200039 + 4009076) / 5
    assert shares[0] == shares[2]
    assert shares[2] / shares[3] == pytest.approx(at_12 / at_15)


def test_band_is_the_band_of_the_age(users):
    first = np.array(BAND_STARTS)[users.band]
    last = np.array([*BAND_STARTS[1:], 200])[users.band]
    assert ((users.age >= first) & (users.age < last)).all()


@pytest.mark.interpreted
def test_users_are_numbered_region_by_region():
    region = draw_population(russia(300), AGES, 2, 1).region
    assert (np.diff(region.astype(int)) >= 0).all()
    assert np.bincount(region).tolist() == [27, 11, 56, 17, 34, 21, 59, 25, 34, 16]


@pytest.mark.interpreted
def test_region_sizes_sum_to_n_and_err_by_less_than_one():
    shares = np.array([0.5, 0.3, 0.2])
    for n in range(10, 60):
        sizes = region_sizes(shares, n)
        assert sizes.sum() == n
        assert (np.abs(sizes - shares * n) < 1).all()


def test_shares_by_band_are_those_of_the_config(users):
    config = russia(N)
    for code, band in enumerate(BANDS):
        here = users.band == code
        online = (1 - config.no_internet[band]) * (1 - config.no_smartphone[band])
        assert within_4_errors(users.online[here], online)
        assert within_4_errors(users.vpn[here & users.online], config.vpn[band])


def test_a_vpn_needs_a_phone(users):
    assert not (users.vpn & ~users.online).any()


def test_who_has_somebody_abroad_is_online(users):
    assert not (users.abroad & ~users.online).any()
    assert within_4_errors(users.abroad[users.online], russia(N).abroad.share)


def test_concern_is_log_normal(users):
    config = russia(N)
    law = lognorm(config.concern_sd, scale=config.concern_median)
    assert kstest(users.concern, law.cdf).pvalue > 1e-4


def test_concern_says_nothing_about_type_or_talk(users):
    for other in (users.type, users.intensity, users.abroad):
        assert abs(np.corrcoef(np.log(users.concern), other)[0, 1]) < 4 / np.sqrt(N)


def test_about_14_percent_have_no_internet():
    weights = np.bincount(
        np.searchsorted(BAND_STARTS, np.arange(12, 101), side="right") - 1, age_shares(AGES)
    )
    offline = weights @ np.array([russia(N).no_internet[band] for band in BANDS])
    assert offline == pytest.approx(0.14, abs=0.005)


def test_segments_have_their_ages_and_shares(users):
    for bit, segment in enumerate(russia(N).segments.values()):
        member = (users.segments >> bit) & 1 == 1
        able = (users.age >= segment.age_from) & (users.age <= segment.age_to)
        assert not (member & ~able).any()
        assert within_4_errors(member[able], segment.share)


def test_types_have_their_shares(users):
    for code, name in zip((-1, 0, 1), TYPES, strict=True):
        assert within_4_errors(users.type == code, russia(N).types[name])


def test_intensity_is_gamma_with_mean_1(users):
    shape = russia(N).intensity_shape
    assert kstest(users.intensity, gamma(shape, scale=1 / shape).cdf).pvalue > 1e-4
    assert (users.intensity > 0).all()


def test_families_share_half_of_the_variance_of_their_taste(users):
    first, second = (
        users.taste[k : len(users.taste) // FAMILY * FAMILY : FAMILY, 0] for k in (0, 1)
    )
    stranger = users.taste[FAMILY : len(first) * FAMILY : FAMILY, 0]
    error = 1 / np.sqrt(len(first))
    assert abs(np.corrcoef(first, second)[0, 1] - 0.5) < 4 * error
    assert abs(np.corrcoef(first[:-1], stranger)[0, 1]) < 4 * error


def test_tastes_are_independent_standard_normals(users):
    # a random number inside the unit that a taste was rounded to makes it continuous again
    blurred = users.taste + np.random.default_rng(1).uniform(-0.5, 0.5, users.taste.shape)
    for platform in range(5):
        assert kstest(blurred[:, platform] * TASTE_UNIT, "norm").pvalue > 1e-4
    off_diagonal = np.corrcoef(users.taste.T)[np.triu_indices(5, 1)]
    assert np.abs(off_diagonal).max() < 4 / np.sqrt(N)


@pytest.mark.interpreted
def test_the_same_seed_gives_the_same_users_and_another_seed_others():
    first, again, other = (draw_population(russia(300), AGES, 2, seed) for seed in (1, 1, 2))
    for field in fields(first):
        assert np.array_equal(getattr(first, field.name), getattr(again, field.name))
        if field.name != "region":
            assert not np.array_equal(getattr(first, field.name), getattr(other, field.name))


@pytest.mark.interpreted
def test_one_more_platform_moves_no_other_taste():
    few, many = (draw_population(russia(50), AGES, n, 1) for n in (2, 3))
    assert np.array_equal(few.taste, many.taste[:, :2])


@pytest.mark.interpreted
def test_a_change_of_one_share_moves_no_other_trait():
    raw = yaml.safe_load(CONF.read_text(encoding="utf-8")) | {"n_users": 100}
    changed = raw | {"types": {"state_averse": 1.0, "indifferent": 0.0, "foreign_averse": 0.0}}
    a, b = (draw_population(PopulationConfig(**keys), AGES, 2, 1) for keys in (raw, changed))
    assert (b.type == -1).all()
    assert all(
        np.array_equal(getattr(a, field.name), getattr(b, field.name))
        for field in fields(a)
        if field.name != "type"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("age,male\n15-19,3\n", "no column female"),
        ("", "no column age, female, male"),
        ("age,male,female\nold,3,3\n", "line 2: age is 'old'"),
        ("age,male,female\n19-15,3,3\n", "line 2: age is '19-15'"),
        ("age,male,female\n15-19,3,3\n20-24,x,3\n", "line 3: male is 'x'"),
        ("age,male,female\n15-19,3,-1\n", "line 2: female is '-1'"),
        ("age,male,female\n15-19,3\n", "line 2: female is None"),
        ("age,male,female\n15-19,nan,1\n", "line 2: male is 'nan'"),
        ("age,male,female\n15-19,1e300,1\n", "line 2: male is '1e300'"),
        ("age,male,female\n15-19,3,449,266\n", "line 2: more values than columns"),
        ("age,male,female\n15-19,3,3\n15-19,3,3\n", "line 3: age is '15-19', but a line above"),
        ("age,male,female\n15-19,3,3\n18-24,3,3\n", "line 3: age is '18-24', but a line above"),
        ("age,male,female\n15-19,3,3\n22-24,3,3\n", "no line holds the ages 20, 21; allowed"),
        ("age,male,female\n0-4,3,3\n", "nobody is 12 or older"),
    ],
)
def test_a_bad_age_table_is_refused_by_name_and_line(tmp_path, text, says):
    path = tmp_path / "ages.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"ages\.csv") as caught:
        age_shares(path)
    assert says in str(caught.value)


@pytest.mark.interpreted
def test_an_open_group_reaches_to_the_last_age_and_a_byte_order_mark_is_none_of_the_table(
    tmp_path,
):
    """As spreadsheets save it; people of 65+ were all 65, and so in working age."""
    path = tmp_path / "ages.csv"
    path.write_text("age,male,female\n12-64,53,0\n65+,36,0\n", encoding="utf-8-sig")
    assert age_shares(path) == pytest.approx(1 / 89)


def test_a_missing_age_table_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.csv: cannot read"):
        age_shares(tmp_path / "absent.csv")
