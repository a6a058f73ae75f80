"""The tiles of a report: its numbers of 100, with what is not clear said to be so."""

from sim.report.facts import facts
from sim.report.tiles import beside, tiles
from tests.helpers.written import written

EFFECTS = {
    ("whatsapp", "any", "dau"): -0.101, ("max", "any", "dau"): 0.053,
    ("any", "call", "displaced"): 0.174, ("any", "any", "worse_off"): 0.294,
    ("any", "any", "exposure_phone"): 0.066, ("any", "any", "exposure_apps"): -0.004,
    ("any", "call", "no_means"): 0.013, ("any", "any", "welfare"): -0.114,
}  # fmt: skip


def value(at):
    effect = EFFECTS.get((at.platform, at.channel, at.measure), 0.0)
    is_paired = at.measure in ("displaced", "worse_off")
    return (0.0 if is_paired else 0.3) + effect * (at.scenario == "call_ban")


def test_who_left_who_came_what_goes_otherwise_and_who_is_worse_off():
    left, came, displaced, worse = tiles(facts(written(value)))
    assert (left.number, left.of, left.clause) == (
        "10",
        "fewer of 100 people",
        "open WhatsApp daily",
    )
    assert (came.number, came.of, came.clause) == ("5", "more of 100 people", "open Max daily")
    assert (displaced.number, displaced.of) == ("17", "of 100 calls")
    assert (worse.number, worse.clause) == ("29", "are worse off")


def test_bars_are_where_the_interval_is():
    def spread(at):
        return value(at) - 0.1 * at.replication * (at.measure == "dau") * (
            at.scenario == "call_ban"
        )

    left = tiles(facts(written(spread)))[0]
    assert left.interval == "11 to 29"  # 5 % and 95 % of 10.1, 20.1 and 30.1
    assert abs(left.low_end - 11.1) < 0.1
    assert abs(left.width - 18.0) < 0.1


def test_costs_stand_beside_adoption():
    said = beside(facts(written(value)))
    for words in (
        "the state can read 7 more by phone and under 1 fewer on apps",
        "1 more have no means of calling",
        "welfare index falls by 0.11",
    ):
        assert words in said


def test_what_chance_could_do_is_not_told_as_a_direction():
    def chance(at):
        return 0.3 + (-0.02, 0.01, 0.02)[at.replication] * (at.scenario == "call_ban")

    found = facts(written(chance))
    assert all("not clear" in tile.clause for tile in tiles(found)[:2])
    assert beside(found).count("no clear") == 4
