"""What docs/scale.md reckons with: the bytes of the arrays, and how much changes in a step."""

import re

import numpy as np
import pytest

from experiments import changes
from experiments.bytes import N_USERS, parts, table
from sim import load_config
from sim.rules.networks import Ties
from tests.helpers.cli import REPO


def test_bytes_are_those_of_a_user_however_many_there_are():
    few = parts(load_config("population.n_users=2000", "network=watts_strogatz"))
    more = parts(load_config("population.n_users=8000", "network=watts_strogatz"))
    for (name, size, _), (_, other, _) in zip(few, more, strict=True):
        assert size == pytest.approx(other, rel=0.2), name


def test_the_page_says_what_the_arrays_take():
    page = (REPO / "docs" / "scale.md").read_text(encoding="utf-8")
    written = re.search(r"<!-- bytes -->\n(.*?)\n<!-- /bytes -->", page, re.DOTALL)[1]
    assert (
        table(parts(load_config(f"population.n_users={N_USERS}", "+scenario=as_happened")))
        == written
    )


def test_a_tie_stays_if_neither_end_has_changed():
    """Three users in a row, in the first lanes of one slice of two ranks; 3 is nobody."""
    order = np.array([1, 0, 2, *[3] * 13], np.uint32)
    indices = np.full((2, 16), 3, np.uint32)
    indices[0, :3], indices[1, 0] = [0, 1, 1], 2
    ties = Ties(order, np.array([0, 32]), indices.ravel(), *[np.empty(0)] * 4)
    changed = np.array([True, False, False, False])
    assert changes.shares(changed, ties) == pytest.approx((1 / 3, 2 / 4, 1 / 2))


@pytest.mark.slow
def test_the_page_says_how_much_changes():
    page = (REPO / "docs" / "scale.md").read_text(encoding="utf-8")
    written = re.search(r"<!-- changes -->\n(.*?)\n<!-- /changes -->", page, re.DOTALL)[1]
    config = load_config(changes.SHOWN, f"population.n_users={changes.N_USERS}")
    assert changes.table(changes.steps(config)) == written
