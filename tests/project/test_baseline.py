"""The numbers of small runs stay what they are, unless a change of results is intended."""

import pytest

from tests.baseline import RENEW, kept, measure, moves, table

RUNS = kept()


@pytest.mark.parametrize("run", RUNS)
def test_no_number_moves_unnoticed(run):
    overrides, old = RUNS[run]["overrides"], RUNS[run]["numbers"]
    moved = moves(run, old, measure(overrides, list(old)))
    assert not moved, f"\n{table(moved)}\nIf intended, renew tests/baseline.yaml: {RENEW}"


def test_what_moved_is_listed_with_its_change():
    moved = moves("toy", {"a": 1.0, "b": 2.0, "c": None}, {"a": 1.5, "b": 2.0, "c": 3.0})
    assert [(move.number, move.kept, move.new) for move in moved] == [
        ("a", 1, 1.5),
        ("c", None, 3),
    ]
    assert "+50.00%" in table(moved)
