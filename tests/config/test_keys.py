"""Keys of a configuration, and the overrides that set them."""

import pytest

from sim.config.keys import close_key, open_key


@pytest.mark.parametrize("override", ["policies.x.grade=1", "seed=2", "++seed=2", "+policy=x"])
def test_an_override_that_was_opened_is_reported_as_it_was_given(override):
    assert close_key(open_key(override)) == override
