"""The bytes that docs/scale.md reckons with are those of the arrays."""

import re

from experiments.bytes import N_USERS, parts, table
from sim import load_config
from tests.cli import REPO


def test_the_page_says_what_the_arrays_take():
    page = (REPO / "docs" / "scale.md").read_text(encoding="utf-8")
    written = re.search(r"<!-- bytes -->\n(.*?)\n<!-- /bytes -->", page, re.DOTALL)[1]
    assert (
        table(parts(load_config(f"population.n_users={N_USERS}", "+scenario=as_happened")))
        == written
    )
