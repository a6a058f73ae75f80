"""Runs from Python: tables, shared random numbers, differences taken pair by pair."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from sim import load_config
from sim.config.conf import CONF
from sim.measures.registry import measures
from sim.measures.series import AT_ONCE
from sim.model.model import MigrationModel
from sim.rules.fixed_point import OPENED_STEPS
from sim.runs.results import Tables
from sim.runs.run import compare, run
from tests.helpers.worlds import advanced, different, outcome, simulation, world

SIZE = ("population.n_users=200", "replications=3")
MEASURES = (CONF.parent / "docs/measures.md").read_text(encoding="utf-8")
KEY = ["date", "group", "platform", "channel", "measure"]
PAIRED = ["scenario", "replication", *KEY]
CHANGES = ["newly_exposed", "no_longer_exposed"]  # of the same user in both worlds: effects alone


@pytest.fixture(scope="module")
def result():
    return compare(load_config("+scenario=call_ban", *SIZE))


def own(table):
    """Return the rows of measures that a run has without a counterfactual."""
    return table[~table["measure"].isin([one.name for one in measures() if one.is_paired])]


def of(table, **wanted):
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def test_results_have_their_documented_columns(result):
    assert isinstance(result, Tables)
    assert list(result.timeseries) == [*PAIRED, "value"]
    assert list(result.effects) == ["scenario", "counterfactual", *KEY, "median", "low", "high"]
    assert list(result.flows) == [
        "scenario", "replication", "from_date", "to_date", "from_platform", "to_platform", "share",
    ]  # fmt: skip
    for name in ("timeseries", "effects", "flows"):
        assert f"| `{name}` | {', '.join(getattr(result, name))} |" in MEASURES


def test_every_measure_is_documented(result):
    for name in result.timeseries["measure"].unique():
        kind, _, ending = name.rpartition("_")
        documented = f"KIND_{ending}" if kind in result.config.abuse else name
        assert f"`{documented}`" in MEASURES


def test_the_table_holds_every_combination_once(result):
    table, config = result.timeseries, result.config
    assert not table.duplicated(PAIRED).any()
    assert set(table["scenario"]) == {"call_ban", "mandate_only", "baseline"}
    assert set(table["replication"]) == {0, 1, 2}
    weekly = of(table, measure="dau")["date"].unique()
    assert list(weekly) == list(pd.date_range(config.start, periods=52, freq="7D"))
    monthly = of(table, measure="mau")["date"].unique()
    assert list(monthly) == list(pd.date_range("2025-06-01", periods=12, freq="MS"))
    per_scenario = table.groupby(["scenario", "replication"], observed=True).size()
    assert len(set(per_scenario)) == 1


def test_the_same_configuration_gives_the_same_bits(result):
    again = compare(load_config("+scenario=call_ban", *SIZE))
    for name in ("timeseries", "effects", "flows"):
        assert_frame_equal(getattr(result, name), getattr(again, name), check_exact=True)


def test_a_run_is_the_first_part_of_a_comparison(result):
    alone = run(result.config)
    assert alone.effects.empty
    mine = of(own(result.timeseries), scenario="call_ban")
    assert set(alone.timeseries["scenario"]) == {"call_ban"}
    assert alone.timeseries["value"].to_numpy().tobytes() == mine["value"].to_numpy().tobytes()


def test_another_seed_or_replication_has_other_draws(result):
    config = result.config.model_copy(update={"seed": 2, "replications": 1})
    other = of(run(config).timeseries, measure="dau")["value"].to_numpy()
    mine = of(result.timeseries, scenario="call_ban", measure="dau")
    first, second, third = (of(mine, replication=r)["value"].to_numpy() for r in range(3))
    assert not np.array_equal(other, first)
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)


def test_more_replications_leave_the_first_ones_as_they_were(result):
    config = result.config.model_copy(update={"replications": 1})
    one = run(config).timeseries["value"].to_numpy()
    first = of(own(result.timeseries), scenario="call_ban", replication=0)["value"].to_numpy()
    assert np.array_equal(one, first, equal_nan=True)


def test_effects_are_quantiles_of_paired_differences(result):
    table = result.timeseries
    mine = of(table, scenario="call_ban").set_index(["replication", *KEY])["value"]
    for other in result.config.compare_to:
        theirs = of(table, scenario=other).set_index(["replication", *KEY])["value"]
        pairs = (mine - theirs).rename("difference").reset_index()
        pairs = pairs.pivot_table(
            index=KEY, columns="replication", values="difference", observed=True
        )
        assert len(pairs) > 10_000
        effects = of(result.effects, scenario="call_ban", counterfactual=other)
        effects = effects[~effects["measure"].isin(CHANGES)].set_index(KEY)
        assert len(effects) == len(mine) / 3
        for name, at in (("low", 0.05), ("median", 0.5), ("high", 0.95)):
            expected = np.quantile(pairs.to_numpy(), at, axis=1)
            assert effects.loc[pairs.index, name].to_numpy() == pytest.approx(expected, abs=1e-15)


def test_changes_of_exposure_add_up_to_the_difference_of_its_shares(result):
    """Medians do not add up: one replication has no quantiles but itself."""
    one = compare(result.config.model_copy(update={"replications": 1}))
    table = of(one.timeseries, measure="exposed").set_index(["date", "group"])
    for other in result.config.compare_to:
        mine, theirs = (of(table, scenario=s)["value"] for s in ("call_ban", other))
        effects = of(one.effects, counterfactual=other).set_index(["date", "group"])
        more, less = (of(effects, measure=name)["median"].dropna() for name in CHANGES)
        assert len(more) == len(less) > 12 * 10
        assert more.between(0, 1).all()
        assert less.between(0, 1).all()
        net = (mine - theirs).loc[more.index]
        assert (more - less).to_numpy() == pytest.approx(net.to_numpy(), abs=1e-12)
        assert (more > 0).any()


def test_everybody_is_somewhere_at_both_ends_of_a_flow(result):
    ends = ["scenario", "replication", "from_date", "to_date"]
    sums = result.flows.groupby(ends)["share"].sum()
    assert sums.to_numpy() == pytest.approx(1)
    assert len(sums) == 3 * 3 * (12 + 1)  # months, and from the start to the end
    first = of(result.flows, from_date=pd.Timestamp(result.config.start))
    primary = of(
        result.timeseries, measure="primary", group="all", date=pd.Timestamp(result.config.start)
    )
    left = first.groupby(["scenario", "replication", "to_date", "from_platform"])["share"].sum()
    shares = primary.set_index(["scenario", "replication", "platform"])["value"]
    for (scenario, replication, _, platform), share in left.items():
        assert share == pytest.approx(shares[scenario, replication, platform])


@pytest.mark.parametrize(
    ("one", "other", "first_policy"),
    [
        ("call_ban", "mandate_only", "2025-08-13"),
        ("call_ban", "baseline", "2025-06-24"),
        ("mandate_only", "baseline", "2025-06-24"),
    ],
)
def test_worlds_are_one_until_their_policies_part(result, one, other, first_policy):
    table = result.timeseries
    table = own(table[(table["measure"] != "mau") & (table["group"] == "all")])
    mine, theirs = (of(table, scenario=s).set_index(["replication", *KEY]) for s in (one, other))
    differ = (mine["value"] != theirs["value"]).groupby("date").any()
    last_common = pd.Timestamp(first_policy) - pd.Timedelta(days=7)
    assert not differ[differ.index <= last_common].any()
    assert differ[differ.index > pd.Timestamp(first_policy)].all()


def test_values_are_the_same_bits_whether_worked_out_step_by_step_or_together():
    config, start = world("+scenario=full_block")
    together, alone = simulation(config, start), simulation(config, start)
    advanced(together, AT_ONCE + 3)
    for _ in range(AT_ONCE + 3):
        assert len(advanced(alone, 1).recorder.observations.steps) == alone.n_done
    assert not different(outcome(together), outcome(alone))


@pytest.mark.parametrize(
    ("start", "before", "days", "length"),
    [
        ("2025-06-02", 0, (3.5, 7, 7, 7, 4.5), 30),  # June but for a day, the last step shared
        ("2025-06-16", 2, (2.5, 7, 7, 7, 7.5), 31),  # July; of June too little is seen
    ],
)
def test_monthly_reach_is_the_chance_of_any_opening_in_the_month(start, before, days, length):
    weeks = before + len(days)
    config = load_config(
        f"start={start}", "population.n_users=200", "replications=1", f"dur_days={7 * weeks}"
    )
    engine = config.engine.model_copy(update={"name": "mesa"})  # which keeps what users did
    by_hand = MigrationModel(config.model_copy(update={"engine": engine}))
    opened, unit = 0.0, 1 / OPENED_STEPS  # what is carried on is rounded to a unit
    for _ in range(before):
        by_hand.step()
    for some in days:
        by_hand.step()
        opened = np.minimum(np.rint(opened / unit), 2**16 - 1) * unit
        opened = opened + by_hand.step_records.openings.astype(float) * some
    expected = (1 - np.exp(-opened * length / sum(days))).mean(axis=0)
    found = of(run(config).timeseries, measure="mau", group="all").set_index("platform")["value"]
    for p, name in enumerate(config.messengers):
        assert found[name] == pytest.approx(expected[p], rel=1e-5)
    assert len(found) == len(config.messengers)  # of other months too few days are seen
