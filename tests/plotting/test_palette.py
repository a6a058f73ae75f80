"""The looks of platforms: those of the shipped case are fixed, other countries' are told apart."""

import pytest

from sim import load_config, run
from sim.plotting.figures import figures
from sim.plotting.groups import by_group
from sim.plotting.palette import PLATFORMS, in_order, looks_of, platform


def test_the_shipped_case_looks_as_ever():
    config = load_config()
    labels = {name: config.platforms[name].label for name in config.messengers}
    assert looks_of(labels) == PLATFORMS
    assert list(looks_of(labels)) == list(PLATFORMS)


def test_six_messengers_of_another_country_are_distinguished():
    names = ("telegram", "soroush", "eitaa", "bale", "rubika", "igap")
    looks = looks_of({name: name.title() for name in names})
    assert [look.label for look in looks.values()] == [*map(str.title, names), "ordinary phone"]
    assert looks["telegram"].colour == PLATFORMS["telegram"].colour
    for what in ("colour", "marker"):
        assert len({getattr(look, what) for look in looks.values()}) == 7
    assert in_order({"cellular", "bale", "none"}, looks) == ["bale", "cellular", "none"]
    assert platform("none", looks).label == "none"


@pytest.mark.slow
def test_figures_of_another_country_have_its_names():
    """BiP is called `bip` in the case's files, and was in its figures."""
    config = load_config(
        "case_dir=turkey_whatsapp_2021", "+scenario=turkey_whatsapp_2021", "compare_to=[]",
        "population.n_users=300", "replications=1",
    )  # fmt: skip
    result = run(config)
    drawn = figures(result)
    for name in ("reach", "use", "flows"):
        written = {text.get_text() for axes in drawn[name].axes for text in axes.texts}
        words = {word for text in written for word in text.split()}
        assert "BiP" in words
        assert not {"bip", "Max"} & words
        assert "bip" not in drawn[name].get_label()
    labels = {name: config.platforms[name].label for name in config.messengers}
    groups = by_group(result.timeseries, config.scenario, "age", looks_of(labels))
    assert {"BiP", "ordinary phone"} & {text.get_text() for text in groups.legends[0].texts} == {
        "BiP"
    }
