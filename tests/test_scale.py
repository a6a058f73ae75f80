"""The bytes that docs/scale.md reckons with are those of the arrays."""

import re

import pytest

from experiments.bytes import N_USERS, parts, table
from sim import load_config
from tests.cli import REPO


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
