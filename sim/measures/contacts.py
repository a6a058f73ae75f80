"""Measures of contacts: whom people can reach, in private or at all, and whom they have lost."""

from __future__ import annotations

from sim.base.units import PEOPLE
from sim.engine.accumulators import are_lost
from sim.measures.measure import Measure
from sim.measures.thresholds import LOST

_OF_PEOPLE = "% of people aged 12+"

MEASURES = (
    Measure(
        "reachable", "1", "attempts to talk by messenger that can succeed",
        channel="each",
        value=lambda sums: sums.mean("reachable"),
        of_user=lambda seen: seen.step_records.reachable,
        definition=(
            "share of attempts to talk by messenger that can succeed: over weighted ties, the "
            "availability of the shared messenger that works best between the two, 0 where none "
            "is shared"
        ),
    ),
    Measure(
        "secure", "1", "the same on a messenger of which the state reads less than half",
        channel="each",
        value=lambda sums: sums.mean("secure"), of_user=lambda seen: seen.step_records.secure,
        definition="the same over messengers of which the state reads less than half",
    ),
    Measure(
        "isolation", PEOPLE, f"people whose reachable ties shrank by over {LOST} since the start",
        channel="each",
        value=lambda sums: sums.mean("isolated"),
        of_user=lambda seen: are_lost(seen.step_records.reachable, seen.at_start.reachable),
        column="isolated",
        lines={("any", "call"): "Isolated, calls", ("any", "message"): "Isolated, messages"},
        form="percent", axis=_OF_PEOPLE, is_harm=True,
        definition=(
            f"share of users for whom `reachable` has shrunk by over {LOST} since the start; "
            "contacts gained on another messenger count, whether the state reads it or not. Some "
            "are isolated without any policy, because people come and go "
            "([howto_report.md](howto_report.md#words)): only differences show what a policy did"
        ),
        word="isolated",
        words=(
            f"% of people who have lost over {LOST} of the contacts that they could reach by app "
            "at the start, each contact weighted by how much they talk. Any app that works "
            "counts; the ordinary phone does not."
        ),
    ),
    Measure(
        "cut_off", PEOPLE, f"people whose secure ties shrank by over {LOST} since the start",
        channel="each",
        value=lambda sums: sums.mean("cut_off"),
        of_user=lambda seen: are_lost(seen.step_records.secure, seen.at_start.secure),
        lines={
            ("any", "call"): "Lost private calls", ("any", "message"): "Lost private messages"
        },
        form="percent", axis=_OF_PEOPLE, is_harm=True,
        definition=(
            f"share of users for whom `secure` has shrunk by over {LOST} since the start: "
            "contacts gained on a messenger that the state reads do not count"
        ),
        word="lost private contact",
        words=(
            "The same, by calls or messages, for apps that the state cannot read. A contact who "
            "can be reached on the state's app alone does not count: a mandate can reduce "
            "isolation while people still lack private contact."
        ),
    ),
    Measure(
        "reachable_abroad", "1", "attempts to reach somebody close abroad that can succeed",
        channel="each",
        value=lambda sums: sums.of("abroad") / sums.of("has_abroad")[..., None],
        definition=(
            "share of attempts to reach somebody close abroad by messenger that can succeed, mean "
            "over those who have one"
        ),
    ),
)  # fmt: skip
