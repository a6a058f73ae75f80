"""What a case does not know of a platform is taken from its kind, and noted."""

import shutil

import pytest
import yaml

from experiments.kinds import LIKE
from sim import ConfigError, load_config
from sim.config.conf import CASES
from sim.config.platform_kinds import PRIORS
from sim.config.settings import BANDS

KINDS = yaml.safe_load(PRIORS.read_text(encoding="utf-8"))
CASE = "india_arattai_2025"


def with_newcomer(folder, **values):
    """Return a copy of a case whose newcomer has other values."""
    shutil.copytree(CASES / CASE, folder)
    path = folder / f"conf/platforms/{CASE}.yaml"
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    tree["arattai"] |= values
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path):
    """Return a copy of a case whose newcomer says its kind instead of values."""
    return with_newcomer(tmp_path / "mine", kind="niche", standalone=None, openings=None)


def test_an_unknown_newcomer_has_the_values_of_its_kind_and_its_own_seeds(folder):
    config = load_config(f"case_dir={folder}")
    arattai = config.platforms["arattai"]
    assert arattai.standalone == KINDS["niche"]["standalone"]
    assert arattai.openings == KINDS["niche"]["openings"]
    assert config.case.seeds == load_config(f"case_dir={CASE}").case.seeds
    assert config.from_kinds == ("platforms.arattai.standalone", "platforms.arattai.openings")


def test_without_seeds_of_its_own_it_has_those_of_its_kind(folder):
    path = folder / f"conf/case/{CASE}.yaml"
    text = path.read_text(encoding="utf-8")
    at = text.index("    arattai: {users")
    path.write_text(text[:at] + "    {}\n" + text[text.index("\n", at) :], encoding="utf-8")
    config = load_config(f"case_dir={folder}")
    assert config.case.seeds["arattai"].users == KINDS["niche"]["seeds"]["users"]
    assert "case.seeds.arattai" in config.from_kinds


def test_what_is_observed_or_given_is_not_taken_from_a_kind(tmp_path):
    known = {"kind": None, "standalone": dict.fromkeys(BANDS, -1.5), "openings": 0.7}
    folder = with_newcomer(tmp_path / "mine", **known)
    given = load_config(f"case_dir={folder}")
    assert given.platforms["arattai"].standalone == known["standalone"]
    for kind in KINDS:
        names = [f"platforms.{name}.kind={kind}" for name in given.messengers]
        config = load_config(f"case_dir={folder}", *names)
        assert config.from_kinds == ()
        for name in given.messengers:
            kept = config.platforms[name].model_copy(update={"kind": None})
            assert kept == given.platforms[name]


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"platforms\.imo\.kind=app: must be 'incumbent'"):
        load_config("platforms.imo.kind=app")
    with pytest.raises(ConfigError, match=r"from_kinds=.*: not to be set"):
        load_config("+from_kinds=[a]")


def test_no_value_of_a_kind_is_russias():
    assert set(LIKE) == set(KINDS)
    assert not any("russia" in one for some in LIKE.values() for one in some)
