"""A case is opened with case_dir=FOLDER: what it brings, and what cannot be meant."""

import shutil

import pytest

from sim import load_config
from sim.base.errors import ConfigError
from sim.config.case_dir import closed, open_case, searching
from sim.config.conf import CASES as SHIPPED

MINE = "russia_instagram_2022"


@pytest.fixture
def folder(tmp_path):
    """Return a copy of a case, in a folder whose name is not easy."""
    return shutil.copytree(SHIPPED / MINE, tmp_path / "my case, too")


def test_a_case_brings_its_own_world_and_leaves_behaviour_alone():
    here, there = load_config(), load_config(f"case_dir={MINE}")
    assert there.case.data == SHIPPED / MINE / "data"
    assert there.messengers == ("instagram", "telegram", "whatsapp", "vk")
    assert (str(there.start), there.regions, there.abuse) == ("2022-01-31", ("russia",), {})
    assert there.behaviour == here.behaviour


def test_overrides_stand_above_the_case():
    config = load_config(f"case_dir={MINE}", "start=2022-02-07", "case.persons=100", "abuse=none")
    assert (str(config.start), config.case.persons) == ("2022-02-07", 100.0)


def test_counterfactuals_are_of_the_same_case():
    config = load_config(f"case_dir={MINE}", f"+scenario={MINE}")
    assert config.compare_to == ("baseline",)
    assert config.counterfactual("baseline").messengers == config.messengers


def test_hydra_searches_the_folder_where_it_is_named(folder):
    there = (f"++case.folder='{folder}'", "--cfg", "job")
    assert searching(there) == (f"hydra.searchpath=['file://{folder}/conf']", *there)
    assert searching(("seed=1",)) == ("seed=1",)


@pytest.mark.parametrize("case", ["uae_calls", "OWN"])
def test_what_was_opened_is_reported_as_it_was_given(case, folder):
    name = str(folder) if case == "OWN" else case
    given = ["seed=2", f"case_dir={name}", "+scenario=baseline"]
    assert closed(open_case(given)) == given
    assert closed(given[::2]) == given[::2]


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["case_dir=nowhere"], "no such folder; allowed: one of your own, or .*russia_instagram"),
        (["case_dir="], "no such folder"),
        (["abuse=typo"], "abuse=typo: allowed: none, russia_2025"),
        (["case_dir=uae_calls", "case=russia_2025"], "case=russia_2025: allowed: one case"),
        (["case=russia_2025", "case_dir=uae_calls"], "case_dir=uae_calls: allowed: one case"),
        (["case_dir=uae_calls", "case_dir=saudi_calls_2017"], "allowed: one case"),
        ([f"case_dir={'a' * 300}"], "no such folder"),
        (["case_dir=uae_calls", "case.happened=nope"], "case.happened=nope: .*uae_calls"),
        (["case_dir=uae_calls", "+scenario=typo"], "uae_calls"),
        (["case_dir=uae_calls", "case.typo=1"], "unknown key"),
    ],
)
def test_what_cannot_be_meant_is_refused(overrides, reason):
    with pytest.raises(ConfigError, match=reason):
        load_config(*overrides)
