"""A kind of policy that is registered outside the package is as good as a shipped one."""

import datetime as dt
from typing import Literal

import pandas as pd
import pytest

from sim import ConfigError, Policy, compare, load_config, register_policy
from sim.policies import registry
from sim.policies.registry import policy_kinds, unregister_policy
from sim.policies.restrictions import Restriction
from sim.report.in_force import in_force

SMALL = ("population.n_users=200", "replications=1", "dur_days=56", "compare_to=[]")
START = dt.date(2025, 6, 9)


class Giveaway(Policy):
    """Everybody is given a messenger, and VPNs cost nothing."""

    kind: Literal["giveaway"] = "giveaway"
    platform: str  # messenger
    rate: float  # hazard of getting it [1/day]

    def act(self, step):
        step.effects.preinstall[step.column(self.platform)] += self.rate * step.days(self)

    def named(self):
        return (self.platform,)

    def sentence(self, labels, span):  # noqa: ARG002
        return "everybody is given {}", labels([self.platform])


GIVEN = Giveaway(platform="imo", rate=0.2, start=START)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(registry, "_KINDS", policy_kinds())
    return register_policy(Giveaway)


def test_both_engines_give_the_same_tables_in_which_it_shows():
    tables = {}
    for name in ("compiled", "mesa"):
        plain = load_config(*SMALL, f"engine={name}")
        tables[name] = compare(plain.with_policies(gift=GIVEN)).timeseries
        if name == "compiled":
            before = compare(plain).timeseries
    pd.testing.assert_frame_equal(tables["compiled"], tables["mesa"])
    assert not tables["compiled"].equals(before)


def test_its_sentence_is_that_of_the_report():
    config = load_config(*SMALL).with_policies(gift=GIVEN)
    assert in_force(config, 0, ()) == []
    assert in_force(config, 1, ()) == ["everybody is given imo"]


def test_an_override_may_name_its_kind_once_it_is_known(monkeypatch):
    text = "+policies.gift={kind: giveaway, platform: imo, rate: 0.2, start: 2025-06-09}"
    assert load_config(text).policies["gift"] == GIVEN
    monkeypatch.setattr(registry, "_KINDS", {"restriction": Restriction})
    with pytest.raises(ConfigError, match=r"gift\.kind=giveaway: unknown; allowed: restriction$"):
        load_config(text)


def test_its_names_are_checked_and_unregistered_kinds_are_refused():
    config = load_config()
    wrong = GIVEN.model_copy(update={"platform": "pigeon"})
    with pytest.raises(ConfigError, match=r"policies\.gift: platform 'pigeon' is unknown"):
        config.with_policies(gift=wrong)
    unregister_policy("giveaway")
    with pytest.raises(ConfigError, match="giveaway"):
        config.with_policies(gift=GIVEN)


def test_a_kind_is_registered_once_and_has_a_name():
    class Other(Policy):
        kind: Literal["giveaway"] = "giveaway"

    with pytest.raises(ConfigError, match=r"Other\.kind=giveaway: taken by Giveaway"):
        register_policy(Other)
    assert register_policy(Giveaway) is Giveaway  # as a cell of a notebook that runs twice
    with pytest.raises(ConfigError, match=r"Policy\.kind: missing"):
        register_policy(Policy)
