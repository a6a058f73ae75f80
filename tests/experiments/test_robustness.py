"""Robustness: the rule of verdicts, the study of sizes, and the command from end to end."""

import numpy as np
import pandas as pd
import pytest

from experiments import robustness
from experiments.effects import ALL_OUTCOMES, EFFECTS, SCENARIOS
from experiments.modelling_choices import named_points
from experiments.robustness_criteria import HOLDS, SIGN, SIZE, Band, judged, verdict
from experiments.run_outcomes import OUTCOMES
from experiments.sizes import by_size, slope, slopes
from sim import load_config
from sim.config.keys import set_key
from sim.plotting.palette import ALONE, WHOLE
from sim.plotting.robustness import Column, forest
from sim.sweeps.request import Request

MONTH = pd.Timestamp("2025-12-01")
NONE = 0.5


def band(median, half=0.1):
    return Band(median - half, median, median + half)


@pytest.mark.parametrize(
    ("default", "other", "told"),
    [
        (band(-4), band(-4), HOLDS),
        (band(-4), band(-2.7), HOLDS),  # within a factor of 1.5
        (band(-4), band(-2.6), SIZE),
        (band(-4), band(-6.0), HOLDS),
        (band(-4), band(-6.1), SIZE),
        (band(-4), band(-2, half=2), HOLDS),  # bands overlap
        (band(1, half=0), band(1.4, half=0), HOLDS),  # less than half a point apart
        (band(0.8, half=0), band(1.4, half=0), SIZE),
        (band(4), band(-4), SIGN),
        (band(0.6), band(-0.1), SIGN),
        (band(0.6, half=3), band(-0.6, half=3), SIGN),  # bands that overlap do not mend a sign
        (band(0.4), band(-0.4), HOLDS),  # none is none
        (band(0.0), band(0.0), HOLDS),
        (band(0.0), band(1.0), SIGN),
    ],
)
def test_an_effect_holds_by_sign_and_size(default, other, told):
    assert verdict(default, other, NONE) == told


def test_the_rule_does_not_ask_which_of_both_is_the_default_nor_which_way_is_up():
    for a, b in [(-4, -2.7), (-4, -6.1), (4, -4), (0.8, 1.4), (0.0, 1.0), (0.4, -0.4)]:
        told = verdict(band(a), band(b), NONE)
        assert verdict(band(b), band(a), NONE) == told
        assert verdict(band(-a), band(-b), NONE) == told


def test_every_effect_is_set_beside_that_of_the_first_point():
    rows = [
        (point, "ban", MONTH, outcome, value, value, value)
        for point, welfare, share in ((0, -0.1, -4.0), (1, -0.11, 4.0), (2, -0.2, -4.5))
        for outcome, value in (("welfare", welfare), ("whatsapp_daily", share))
    ]
    columns = ["point", "effect", "month", "outcome", "low", "median", "high"]
    table = judged(pd.DataFrame(rows, columns=columns)).set_index(["point", "outcome"])
    assert (table["verdict"].loc[0] == HOLDS).all()
    assert table["verdict"].loc[1].to_dict() == {"welfare": HOLDS, "whatsapp_daily": SIGN}
    assert table["verdict"].loc[2].to_dict() == {"welfare": SIZE, "whatsapp_daily": HOLDS}
    assert table["ratio"].loc[(2, "welfare")] == pytest.approx(2.0)
    assert (table["default"].xs("whatsapp_daily", level="outcome") == -4.0).all()


def test_what_counts_as_none_is_smaller_in_utils():
    rows = [(p, "ban", MONTH, "welfare", v, v, v) for p, v in ((0, 0.01), (1, -0.4))]
    columns = ["point", "effect", "month", "outcome", "low", "median", "high"]
    assert judged(pd.DataFrame(rows, columns=columns))["verdict"].tolist() == [HOLDS, SIGN]


@pytest.mark.parametrize("exponent", [-0.5, -0.25, 0.0])
def test_the_slope_of_a_power_law_is_its_exponent(exponent):
    n = np.array([1e3, 1e4, 1e5])
    assert slope(n, 7.0 * n**exponent) == pytest.approx((exponent, 0.0), abs=1e-9)


def test_spread_bias_and_slope_of_made_up_runs_are_found():
    rng, rows = np.random.default_rng(1), []
    for n in (100, 400, 1600, 6400):
        for society in range(200):
            own = rng.normal(2.0 + 100 / n, 30 / np.sqrt(n))
            rows += [
                (n, society, r, "ban", MONTH, "exposure", own + rng.normal(0, 40 / np.sqrt(n)))
                for r in range(2)
            ]
    columns = ["n", "society", "replication", "effect", "month", "outcome", "value"]
    sizes = by_size(pd.DataFrame(rows, columns=columns))
    root = np.sqrt(sizes["n"].to_numpy())
    for column, sd in (("society", 30), ("chance", 40), ("sd", 50)):
        assert sizes[column].to_numpy() * root == pytest.approx(np.full(4, sd), rel=0.2)
    off = sizes["bias"] - (100 / sizes["n"] - 100 / 6400)
    assert (off.abs() < 4 * sizes["bias_error"]).iloc[:3].all()
    assert sizes["bias"].iloc[-1] == 0
    (row,) = slopes(sizes).itertuples()
    assert row.exponent == pytest.approx(-0.5, abs=0.05)


def test_adoption_never_stands_without_what_it_costs():
    asked = {outcome.name for outcome in ALL_OUTCOMES}
    assert {outcome.name for outcome in OUTCOMES} <= asked
    assert {"exposure_phone", "exposure_apps", "no_means", "welfare", "vpn"} <= {
        o.measure for o in ALL_OUTCOMES
    }
    assert set(robustness.DRAWN) <= asked
    assert {"exposure_apps", "displaced_calls", "no_means", "welfare"} <= set(robustness.DRAWN)


def test_the_first_level_of_every_choice_is_the_default():
    design = Request.of([f"design={robustness.DESIGN}"]).design
    tree = load_config().model_dump(mode="json")
    tree["network"] = tree["network"]["kind"]
    for name, factor in design.factors.items():
        before = str(tree)
        set_key(tree, name, factor.grid()[0])
        assert str(tree) == before, name
    assert set(design.scenarios) == SCENARIOS


def test_an_effect_is_reported_against_what_its_scenario_is_compared_with():
    for effect in EFFECTS:
        assert load_config(f"+scenario={effect.scenario}").compare_to[0] == effect.counterfactual


def test_points_are_called_by_what_is_varied():
    design = Request.of([f"design={robustness.DESIGN}"]).design
    named, points = named_points(design), design.points()
    assert len(named) == len(points)
    for row in named.iloc[1:].itertuples():
        varied = points.loc[row.point] != points.loc[0]
        assert varied[varied].index.tolist() == [row.factor]
    choices = named["choice"].tolist()
    assert choices[0] == "default"
    assert {"graph erdos renyi", "users 100,000", "step 3.5", "network_value 0"} <= set(choices)


def test_what_does_not_hold_is_drawn_apart():
    rows = [("default", -1.0, False), ("step 1", -1.1, False), ("step 14", 2.0, True)]
    effects = pd.DataFrame(rows, columns=["choice", "median", "missed"]).assign(outcome="exposure")
    effects = effects.assign(low=effects["median"] - 0.1, high=effects["median"] + 0.1)
    (axes,) = forest(effects, [Column("exposure", "Exposure", "points")], 1.5, "Title").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [row[0] for row in rows]
    drawn = {line.get_color(): list(line.get_xdata()) for line in axes.get_lines()[2:]}
    assert drawn == {WHOLE.colour: [-1.0, -1.1], ALONE.colour: [2.0]}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--sizes", "100", "200", "folder=x"], "2 sizes"),
        (["--societies", "1"], "1 societies"),
        (["design=grade_and_push"], "design.method=factorial; allowed: one_at_a_time"),
        (["design.scenarios=[baseline]"], "call_ban, call_ban_only, mandate_only, throttle"),
        (["design.nonsense=1"], "nonsense"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_any_run(arguments, told, tmp_path, capsys):
    folder = tmp_path / "study"
    words = [word for word in arguments if word != "folder=x"]
    with pytest.raises(SystemExit):
        robustness.main([f"folder={folder}", *words])
    assert told in capsys.readouterr().err
    assert not folder.exists()


@pytest.mark.slow
def test_the_command_leaves_a_page_and_goes_on(tmp_path):
    folder, pages = tmp_path / "study", tmp_path / "docs"
    robustness.main(["--quick", f"folder={folder}", "executor=serial"])
    page = (folder / "robustness.md").read_text()
    assert page.index("What does not hold") < page.index("In plain words")
    for outcome in ALL_OUTCOMES:
        assert page.count(outcome.label) >= len(EFFECTS)
    for name in (*(effect.name for effect in EFFECTS), "sizes"):
        assert (folder / f"figures/robustness_{name}.svg").is_file()
    table = pd.read_csv(folder / "effects.csv")
    assert len(table) == table["choice"].nunique() * len(EFFECTS) * len(ALL_OUTCOMES)  # a month
    assert pd.read_csv(folder / "sizes.csv")["n"].nunique() == 3
    robustness.main(["--resume", str(folder), "--page", str(pages)])
    assert (pages / "robustness.md").read_text() == page
