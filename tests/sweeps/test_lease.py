"""A lease shows at which run a living worker is, and at which run a dead one died."""

import json

import pytest

from sim.sweeps.lease import Lease, leased, running


def never():
    return False


@pytest.fixture
def path(tmp_path):
    return tmp_path / "00000.json"


def said(path):
    return json.loads(path.read_text())


def test_a_worker_s_run_is_on_the_disk_as_soon_as_it_is_begun(path):
    """A worker that is killed at once has no time to write."""
    with leased(path, never) as lease:
        lease.at(7)
        assert said(path)["run"] == 7


def test_what_is_shorter_than_before_leaves_nothing_of_it(path):
    with leased(path, never) as lease:
        for run in (123_456, 7):
            lease.at(run)
            assert said(path)["run"] == run


def test_a_worker_is_at_a_run_while_it_lives(path):
    with leased(path, never) as lease:
        lease.at(7)
        assert running(path) == 7
    assert running(path) is None


def test_who_has_died_is_at_no_run_and_that_is_counted(path):
    path.write_text(json.dumps({"run": 7, "crashes": {"7": 1, "3": 2}}))
    assert running(path) is None
    with leased(path, never) as lease:
        assert lease.crashes == {3: 2, 7: 2}
        lease.at(3)
    with leased(path, never) as lease:  # it left in good order
        assert lease.crashes == {3: 2, 7: 2}


@pytest.mark.parametrize("left", ["", '{"run": 7, "dea', "[7]", "null"])
def test_a_claim_that_was_cut_short_says_nothing(path, left):
    path.write_text(left)
    with path.open("a+") as file:
        assert Lease(file).crashes == {}


def test_who_is_to_stop_does_not_wait_for_another_s_shard(path):
    with leased(path, never), leased(path, lambda: True) as lease:
        assert lease is None
