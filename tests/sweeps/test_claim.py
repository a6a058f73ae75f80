"""A worker's claim: it tells at what run a living worker is, and at what run a dead one died."""

import json

import pytest

from sim.sweeps.claim import Claim, claimed, running


def never():
    return False


@pytest.fixture
def path(tmp_path):
    return tmp_path / "00000.json"


def said(path):
    return json.loads(path.read_text())


def test_a_worker_s_run_is_on_the_disk_as_soon_as_it_is_begun(path):
    """A worker that is killed at once has no time to write."""
    with claimed(path, never) as claim:
        claim.at(7)
        assert said(path)["run"] == 7


def test_what_is_shorter_than_before_leaves_nothing_of_it(path):
    with claimed(path, never) as claim:
        for run in (123_456, 7):
            claim.at(run)
            assert said(path)["run"] == run


def test_a_worker_is_at_a_run_while_it_lives(path):
    with claimed(path, never) as claim:
        claim.at(7)
        assert running(path) == 7
    assert running(path) is None


def test_who_has_died_is_at_no_run_and_that_is_counted(path):
    path.write_text(json.dumps({"run": 7, "deaths": {"7": 1, "3": 2}}))
    assert running(path) is None
    with claimed(path, never) as claim:
        assert claim.deaths == {3: 2, 7: 2}
        claim.at(3)
    with claimed(path, never) as claim:  # it left in good order
        assert claim.deaths == {3: 2, 7: 2}


@pytest.mark.parametrize("left", ["", '{"run": 7, "dea', "[7]", "null"])
def test_a_claim_that_was_cut_short_says_nothing(path, left):
    path.write_text(left)
    with path.open("a+") as file:
        assert Claim(file).deaths == {}


def test_who_is_to_stop_does_not_wait_for_another_s_shard(path):
    with claimed(path, never), claimed(path, lambda: True) as claim:
        assert claim is None
