"""Runs of several tiles: the apps of a whole country, and what no more than one tile costs."""

from copy import deepcopy

import numpy as np
import pytest

from sim import compare, load_config
from sim.base.errors import ConfigError
from sim.config.compose import load_tree
from sim.config.validation import validate
from sim.rules.ceilings import KINDS, MESSENGERS, MOST_TILES, ROOM, SEGMENTS, STORIES, tiles_for
from sim.rules.records import PARAMS, STEP_RECORD, USER, layout
from tests.helpers.country import DOMESTIC, SMALL, country


def tables(config):
    """Return the tables of a run, as values by key."""
    found = compare(config)
    for name in ("timeseries", "effects", "flows"):
        table = getattr(found, name)
        keys = [c for c in table.columns if table[c].dtype.kind not in "f"]
        yield table.set_index(keys).sort_index()


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.index.equals(other.index)
        assert one.to_numpy().tobytes() == other.to_numpy().tobytes()


@pytest.mark.slow
def test_the_apps_of_a_country_run_with_both_engines_to_the_same_bits():
    compiled, mesa = country("compiled"), country("mesa")
    assert (len(compiled.messengers), compiled.tiles) == (12, 2)
    found = [*tables(compiled)]
    same(found, tables(mesa))
    series = found[0].reset_index()
    reach = series[(series["measure"] == "dau") & (series["group"] == "all")]
    last = reach[reach["date"] == reach["date"].max()].groupby("platform")["value"].mean()
    assert (last[DOMESTIC] > 0).all()
    assert last[DOMESTIC].nunique() == len(DOMESTIC)


@pytest.mark.slow
def test_an_tile_more_that_nothing_is_in_changes_nothing():
    """But last digits of sums over platforms: numpy adds more columns, of 0, in another order."""
    one, two = (load_config(*SMALL) for _ in range(2))
    two._tiles = 2
    for found, expected in zip(tables(two), tables(one), strict=True):
        assert found.index.equals(expected.index)
        assert found.to_numpy() == pytest.approx(
            expected.to_numpy(), rel=1e-9, abs=1e-12, nan_ok=True
        )


def test_records_of_one_tile_hold_no_more_than_six_messengers_need():
    assert (layout(1).user, layout(1).step_record, layout(1).params) == (USER, STEP_RECORD, PARAMS)
    assert USER["installed"] == np.uint8
    assert USER["habit"].shape == (6,)
    assert layout(3).user["installed"] == np.uint32
    assert layout(3).user["habit"].shape == (18,)


@pytest.mark.parametrize(
    ("numbers", "tiles"),
    [
        ({MESSENGERS: 1}, 1),
        ({MESSENGERS: 6, STORIES: 8, SEGMENTS: 8, KINDS: 2}, 1),
        ({MESSENGERS: 7, STORIES: 0}, 2),
        ({MESSENGERS: 14, STORIES: 32, SEGMENTS: 16, KINDS: 6}, 4),
        ({MESSENGERS: 5, KINDS: 6}, 3),
    ],
)
def test_a_run_takes_the_tiles_that_it_needs(numbers, tiles):
    assert tiles_for(numbers) == tiles


@pytest.mark.parametrize(
    ("group", "kind", "what", "key"),
    [("population", "segments", SEGMENTS, "population.segments"), ("", "abuse", KINDS, "abuse")],
)
def test_what_no_run_has_room_for_is_refused_with_the_number_allowed(group, kind, what, key):
    tree = deepcopy(load_tree())
    held, most = (tree[group] if group else tree)[kind], MOST_TILES * ROOM[what][0]
    first = next(iter(held.values()))
    held |= {f"more_{k}": first for k in range(most + 1 - len(held))}
    with pytest.raises(ConfigError, match=f"{key}: {most + 1} {what}; allowed: up to {most}, as"):
        validate(tree)


def test_stories_beyond_one_tile_are_taken_and_beyond_all_refused():
    tree, most = deepcopy(load_tree(*SMALL)), MOST_TILES * ROOM[STORIES][0]
    story = {"kind": "information_event", "platform": "vk", "start": "2025-07-01"}
    story |= {"shock": {"state_averse": 1.0, "indifferent": 0.2, "foreign_averse": -0.5}}
    story |= {"awareness_rate": 0.02}
    tree["policies"] |= {f"story_{k}": story for k in range(most)}
    assert validate(tree).tiles == MOST_TILES
    tree["policies"]["one_more"] = story
    with pytest.raises(ConfigError, match=f"{most + 1} stories; allowed: up to {most}, as a set"):
        validate(tree)
