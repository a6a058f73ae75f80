"""Somebody who does to the letter what a how-to page says gets it to work, in few files."""

import pytest

from tests.helpers.howto import FOLLOWED, MOST, Follower


@pytest.mark.slow
@pytest.mark.parametrize("page", FOLLOWED, ids=[page.stem for page in FOLLOWED])
def test_a_page_leads_to_its_end_in_few_files(page, tmp_path):
    reader = Follower(tmp_path)
    reader.follow(page)
    touched = reader.touched()
    assert 0 < len(touched) <= MOST[page.stem], touched
