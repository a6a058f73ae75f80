"""Tables of a small run and the figures drawn of them, for all tests of this folder."""

import pandas as pd
import pytest

from sim.plotting import runs as plotting
from sim.plotting.flows import flows as draw_flows
from tests.helpers.drawn import HARMS, MONTHS, PLATFORMS, WEEKS, rows


@pytest.fixture(scope="module")
def timeseries():
    parts = []
    for scenario in ("ban", "baseline"):
        for place, name in enumerate(PLATFORMS):
            level = 0.6 / (1 + place)
            parts.append(rows(scenario, name, "any", "dau", WEEKS, level))
            parts.append(rows(scenario, name, "any", "mau", MONTHS, level))
        for channel in ("message", "call"):
            parts += [
                rows(scenario, name, channel, "use", WEEKS, 3.0)
                for name in [*PLATFORMS, "cellular"]
            ]
        parts += [rows(scenario, "any", *harm, WEEKS, 0.5) for harm in HARMS]
        parts.append(rows(scenario, "any", "any", "worse_off", MONTHS, 0.2))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def effects():
    keys = [("dau", "any", name) for name in PLATFORMS] + [("use", "call", "cellular")]
    return pd.DataFrame(
        [
            ("ban", "baseline", date, "all", name, channel, measure, 0.01, 0.0, 0.03)
            for measure, channel, name in keys
            for date in WEEKS
        ],
        columns=[
            *("scenario", "counterfactual", "date", "group", "platform", "channel"),
            *("measure", "median", "low", "high"),
        ],
    )


@pytest.fixture(scope="module")
def flows():
    moves = {
        ("whatsapp", "whatsapp"): 0.5,
        ("whatsapp", "max"): 0.2,
        ("telegram", "telegram"): 0.2,
        ("telegram", "imo"): 0.001,
        ("cellular", "cellular"): 0.099,
    }
    ends = [(WEEKS[0], WEEKS[-1], 1.0), (WEEKS[0], WEEKS[9], 0.1)]
    return pd.DataFrame(
        [
            ("ban", r, start, end, source, target, share * scale * (0.9 + 0.2 * r))
            for r in range(2)
            for start, end, scale in ends
            for (source, target), share in moves.items()
        ],
        columns=[
            *("scenario", "replication", "from_date", "to_date"),
            *("from_platform", "to_platform", "share"),
        ],
    )


@pytest.fixture(scope="module")
def observed():
    return pd.DataFrame(
        [
            (pd.Timestamp("2025-08-01"), "max", "mau", 0.26, "measured"),
            (pd.Timestamp("2025-12-01"), "max", "mau", 0.57, "measured"),
            (pd.Timestamp("2026-01-01"), "max", "dau", 0.45, "company"),
            (pd.Timestamp("2024-01-01"), "max", "dau", 0.99, "measured"),  # before the run
        ],
        columns=["date", "platform", "measure", "value", "quality"],
    ).assign(apart=[False, False, True, False])


@pytest.fixture(scope="module")
def events():
    dates = ["2025-08-13", "2026-02-10", "2026-02-11", "2027-01-01"]
    labels, apart = ["ban", "slow", "off", "later"], [False, True, False, False]
    return pd.DataFrame({"date": pd.to_datetime(dates), "label": labels, "apart": apart})


@pytest.fixture(scope="module")
def figures(timeseries, effects, flows, observed, events):
    return {
        "reach": plotting.reach(timeseries, "ban", observed, events, "baseline"),
        "effects": plotting.effects(effects, "ban", "baseline"),
        "use": plotting.use(timeseries, "ban"),
        "flows": draw_flows(flows, "ban"),
        "harms": plotting.harms(timeseries, ["ban", "baseline"]),
    }
