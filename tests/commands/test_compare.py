"""The command that compares runs: what it runs first, what it leaves, what it refuses."""

import pytest

from sim.commands.compare import main
from tests.helpers.cli import called

SMALL = ("population.n_users=200", "replications=2", "dur_days=63", "compare_to=[]")


def test_scenarios_are_run_and_compared_with_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = called(main, "call_ban_only", "baseline", *SMALL, "--into", "page")
    assert done.returncode == 0, done.stderr
    for name in ("comparison.html", "comparison.csv", "comparison.svg", "comparison.png"):
        assert (tmp_path / "page" / name).is_file()
    (folder,) = tmp_path.glob("outputs/call_ban_only/*")
    again = called(main, folder, "baseline", *SMALL, "--into", "other")
    assert again.returncode == 0, again.stderr
    tables = [(tmp_path / name / "comparison.csv").read_text() for name in ("page", "other")]
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["call_ban"], "1 to compare"),
        (["call_ban", "n_users=5"], "1 to compare"),
        (["call_ban", "cal_ban"], "call_ban"),
        (["call_ban", "outputs/none"], "outputs/none: no such folder"),
        (["call_ban", "baseline", "hydra.run.dir=x"], "--into"),
        ([".", ".", "seed=2"], "seed=2"),
        ([".", "."], "no run here"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_run(
    words, said, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    done = called(main, *words)
    assert done.returncode != 0
    assert said in done.stderr
    assert not list(tmp_path.iterdir())
