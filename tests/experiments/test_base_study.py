"""A study's page and folder: tables, names, and the question that may not change."""

import json

import pytest

from experiments.base_study import KEPT, Study, markdown, named, numbers, parser
from sim.base.errors import ConfigError


def study(*arguments):
    return Study("sensitivity", parser("sensitivity", "what"), list(map(str, arguments)))


@pytest.fixture
def begun(tmp_path):
    """Return the folder of a study that was begun."""
    (tmp_path / KEPT).write_text(
        json.dumps({"arguments": ["design=x", "folder=there", "executor=dask", "--quick"]})
    )
    return tmp_path


def test_a_study_is_gone_on_with_as_it_was_asked_but_for_who_works_and_where_its_page_goes(begun):
    found = study("--resume", begun, "executor=serial", "--page", begun / "docs")
    assert found.path == begun
    assert found.overrides == ["design=x", "executor=dask", "executor=serial"]  # the last holds
    assert found.options.quick
    assert found.options.page == begun / "docs"
    assert study("--resume", begun).options.page is None


def test_options_may_stand_between_words():
    found = study("seed=2", "--page", "docs", "replications=3", "--quick", "folder=there")
    assert found.overrides == ["seed=2", "replications=3"]
    assert (str(found.options.page), found.options.quick) == ("docs", True)


def test_another_question_is_refused(begun):
    with pytest.raises(ConfigError, match="design=y: the study is begun"):
        study("--resume", begun, "design=y")


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no study here"):
        study("--resume", tmp_path)


@pytest.mark.parametrize("page", [["--page", "docs"], ["--page=docs"], []])
def test_the_line_under_a_title_is_the_same_wherever_page_and_tables_go(page):
    said = study("design=x", "seed=2", "folder=there", "executor=dask", *page).made_by()
    assert said == "Made by `python -m experiments.sensitivity design=x seed=2`; ."


def test_numbers_are_aligned_to_the_right_and_their_names_to_the_left():
    rows = [("a", "1.0", "2.0")]
    assert markdown(["", "x", "y"], rows) == "|  | x | y |\n|---|---|---|\n| a | 1.0 | 2.0 |"
    assert numbers(["", "x", "y"], rows) == "|  | x | y |\n|---|---:|---:|\n| a | 1.0 | 2.0 |"


def test_parameters_have_their_units():
    assert named("behaviour.habit_value") == "habit_value, utils"
    assert named("policies.call_restriction.grade").endswith("share of attempts that fail")
    assert named("platforms.max.message_value") == "max.message_value"
