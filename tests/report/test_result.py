"""What a result shows of itself: answer, figures, folder, and a table for notebooks."""

import pytest

from sim import compare, load_config, read_result
from sim.base.errors import ConfigError
from sim.report.facts import facts


@pytest.fixture(scope="module")
def result():
    return compare(load_config(scenario="call_ban", n_users=200, replications=2))


def test_the_answer_is_that_of_the_report(result):
    found = facts(result)
    assert result.answer.splitlines() == [f"{found.finding}.", *found.answer]


def test_a_figure_can_be_drawn_on(result):
    axes = result.plot("reach")
    assert len(axes) == 2
    assert axes[0].get_position().y0 > axes[1].get_position().y0
    assert "monthly" in axes[0].get_ylabel()
    axes[0].axhline(50.0)
    assert axes._repr_png_().startswith(b"\x89PNG")
    assert result.plot("effects")[0].get_figure().get_label().endswith("ordinary phone calls.")


def test_a_figure_that_is_not_there_is_answered_with_the_nearest(result):
    with pytest.raises(
        ConfigError, match=r"plot\('reech'\): .* did you mean reach\? allowed: harms"
    ):
        result.plot("reech")


def test_a_saved_result_is_read_again_as_it_was(result, tmp_path):
    folder = result.save(tmp_path / "run")
    again = read_result(folder)
    assert again.answer == result.answer
    assert (folder / "report.html").is_file()
    assert (folder / "reach.png").is_file()


def test_a_notebook_shows_finding_and_table_and_a_line_the_size(result):
    shown = result._repr_html_()
    assert facts(result).finding in shown
    assert "Worse off" in shown
    assert "call_ban, compared with mandate_only, baseline: 200 users, 2 rep" in repr(result)
    assert len(repr(result)) < 200


def test_a_run_without_a_whole_month_says_so():
    short = compare(load_config(n_users=200, replications=1, dur_days=14))
    assert "no whole month" in short.answer
    assert "no whole month" in short._repr_html_()
