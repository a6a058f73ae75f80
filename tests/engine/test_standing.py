"""A ban that stands at the start: nobody moves under it, people move when it is lifted."""

import pytest

from sim import ConfigError, compare, load_config


@pytest.fixture(scope="module")
def result():
    """Return a case whose ban stands, beside a scenario that lifts it."""
    return compare(
        load_config(
            "case_dir=uae_calls", "+scenario=uae_calls", "population.n_users=4000",
            "replications=2", "dur_days=182",
        )
    )  # fmt: skip


def path(result, scenario, measure):
    table = result.timeseries
    rows = table[(table["scenario"] == scenario) & (table["measure"] == measure)]
    return rows[rows["group"] == "all"].groupby("date", observed=True)["value"].mean()


@pytest.mark.parametrize(("measure", "level"), [("dau", 0.78), ("vpn", 0.236)])
def test_the_ban_stands_and_nothing_moves(result, measure, level):
    """A start that is solved as if there were no ban loses six points, and VPNs gain seven."""
    year = path(result, "uae_calls", measure)
    assert (year - level).abs().max() < 0.02


def test_calls_fail_until_it_is_lifted_and_then_people_come(result):
    before, after = (path(result, "calls_allowed", "dau").iloc[k] for k in (7, -1))
    assert after - before > 0.015
    assert (
        path(result, "calls_allowed", "vpn").iloc[-1] < path(result, "uae_calls", "vpn").iloc[-1]
    )
    without = path(result, "calls_allowed", "no_means")
    assert without.iloc[-1] < without.iloc[7]


def test_the_worlds_of_a_comparison_start_under_the_same_ban():
    with pytest.raises(ConfigError, match=r"instagram_block\.standing=true: not so in baseline"):
        load_config(
            "case_dir=russia_instagram_2022", "+scenario=russia_instagram_2022",
            "policies.instagram_block.start=2021-03-14", "policies.instagram_block.standing=true",
        )  # fmt: skip
    free = load_config("case_dir=uae_calls", "+scenario=baseline", "~policies.calls_banned")
    assert free.standing == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("policies.call_restriction.start=2024-08-13", "standing: true if it was in force by"),
        ("policies.max_pupils.start=2024-08-13", "or drop the policy with"),
        ("policies.max_pupils.standing=true", "nobody can be at rest under mandate; allowed: "),
        ("policies.call_restriction.standing=true", "begins within the run; allowed: up to 2025"),
    ],
)
def test_what_cannot_stand_is_refused_with_what_can(change, reason):
    with pytest.raises(ConfigError, match=reason):
        load_config("+scenario=call_ban", change)
