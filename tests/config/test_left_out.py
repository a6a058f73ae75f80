"""Platforms that are left out take with them what belongs to them."""

import logging

import pytest

from sim import compare, load_config, observations
from sim.base.errors import ConfigError
from sim.config.draws import drawn
from sim.config.validation import validate

SHORT = ("population.n_users=60", "dur_days=28", "replications=1")


@pytest.mark.parametrize("name", ["whatsapp", "telegram", "max", "imo", "vk"])
def test_what_belongs_to_a_platform_goes_with_it(name):
    usual, config = load_config(), load_config(f"~platforms.{name}")
    assert config.messengers == tuple(p for p in usual.messengers if p != name)
    starts = {*config.case.observed_shares, *config.case.seeds}
    assert starts == set(config.messengers)
    for kind, abuse in config.abuse.items():
        before = usual.abuse[kind].shares
        assert abuse.shares.keys() == before.keys() - {name}
        ratios = [share / before[p] for p, share in abuse.shares.items()]
        assert ratios == pytest.approx([ratios[0]] * len(ratios))
        assert name not in abuse.conversion
    observed = observations(usual)
    assert len(observations(config)) == (observed["platform"] != name).sum()
    assert validate(config.model_dump(mode="json")) == config


def test_figures_of_several_platforms_go_with_each_of_them():
    case = "case_dir=india_tiktok_2020"
    observed = observations(load_config(case))["platform"]
    assert observed.str.contains("takatak").sum() > (observed == "takatak").sum()
    without = observations(load_config(case, "~platforms.takatak"))["platform"]
    assert len(without) == (~observed.str.contains("takatak")).sum()


def test_a_run_without_a_platform_comes_to_its_end():
    table = compare(load_config("~platforms.imo", "~platforms.vk", *SHORT)).timeseries
    assert set(table["platform"]) >= {"whatsapp", "telegram", "max"}
    assert not set(table["platform"]) & {"imo", "vk"}


def test_draws_of_the_posterior_skip_it():
    worlds = [
        load_config("+scenario=as_happened", "parameters=posterior", *gone)
        for gone in ((), ("~platforms.imo",))
    ]
    usual, without = (drawn(config, 1) for config in worlds)
    assert without.messengers == ("whatsapp", "telegram", "max", "vk")
    assert without.platforms["max"] == usual.platforms["max"]
    assert without.behaviour == usual.behaviour


def test_it_is_said_in_one_line(caplog):
    with caplog.at_level(logging.WARNING, logger="sim"):
        load_config("~platforms.imo", "~platforms.vk")
    (line,) = caplog.messages
    assert line.startswith("Left out: imo, vk, with start, observed figures")


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (
            ["~platforms.telegram", "+scenario=call_ban"],
            r"~platforms.telegram: named by call_restriction; allowed: with "
            r"~policies.call_restriction, or",
        ),
        (
            ["~platforms.telegram", "compare_to=[call_ban]"],
            "named by call_restriction in call_ban; allowed: without call_ban in compare_to",
        ),
        (
            [
                "~platforms.imo",
                "abuse.fraud.shares={imo: 1, cellular: 0, whatsapp: 0, telegram: 0}",
            ],
            "~platforms.imo: abuse.fraud arrives over it alone; allowed: ~abuse.fraud",
        ),
        (["~platforms.cellular"], "cellular is missing; it is the outside option"),
        (["~platforms.nope"], "~platforms.nope: unknown key; allowed: whatsapp"),
        (["+left_out=[imo]"], r"not to be set; use .*~platforms\.NAME"),
        (["case.seeds.nope={users: 0.1, pattern: single, aware: 0}"], "unknown platform 'nope'"),
    ],
)
def test_what_cannot_be_left_out_is_refused(overrides, reason):
    with pytest.raises(ConfigError, match=reason):
        load_config(*overrides)


def test_without_the_policy_that_names_it_or_with_others_in_it_a_platform_can_go():
    for change in ("~policies.call_restriction", "policies.call_restriction.platforms=[whatsapp]"):
        config = load_config("~platforms.telegram", "+scenario=call_ban", change)
        assert "telegram" not in config.messengers
