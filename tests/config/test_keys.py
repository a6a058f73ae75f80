"""Keys of a configuration, and the overrides that set them."""

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.config.keys import as_override, close_key, open_key


@pytest.mark.parametrize("override", ["policies.x.grade=1", "seed=2", "++seed=2", "+policy=x"])
def test_an_override_that_was_opened_is_reported_as_it_was_given(override):
    assert close_key(open_key(override)) == override


@pytest.mark.parametrize(
    ("key", "value", "override"),
    [
        ("scenario", "call_ban", "+scenario=call_ban"),
        ("scenario", ["call_ban", "vpn_support"], "+scenario=[call_ban,vpn_support]"),
        ("n_users", 500, "population.n_users=500"),
        ("compare_to", [], "compare_to=[]"),
        ("seed", 2, "seed=2"),
        ("engine", {"threads": None}, "engine={threads: null}"),
    ],
)
def test_keywords_are_overrides(key, value, override):
    assert as_override(key, value) == override


def test_a_configuration_of_keywords_is_that_of_overrides():
    asked = load_config(scenario="call_ban", n_users=500, seed=2, compare_to=["baseline"])
    overrides = ("+scenario=call_ban", "population.n_users=500", "seed=2", "compare_to=[baseline]")
    assert asked == load_config(*overrides)
    assert load_config("seed=3", seed=2).seed == 3
    with pytest.raises(ConfigError, match=r"replication.*did you mean replications"):
        load_config(replication=2)
