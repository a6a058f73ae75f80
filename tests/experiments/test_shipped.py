"""The posterior that ships, over its prior; and sweeps taken from Python."""

import numpy as np
import pytest

from experiments import base_study
from experiments.base_study import take
from experiments.shipped import Shipped
from sim.base.errors import ConfigError
from sim.plotting.posterior import contraction
from sim.sweeps.driver import Ended
from sim.sweeps.request import Request

TOY = ("design=grade_and_push", "design.overrides=['population.n_users=100','dur_days=91']",
       "design.scenarios=[call_ban_only]", "design.replications=1", "executor=serial")  # fmt: skip


def test_draws_lie_in_the_prior_and_can_be_drawn():
    shipped = Shipped("russia_2025")
    places, ranges = shipped.over_prior()
    assert places.to_numpy().min() > 0
    assert places.to_numpy().max() < 1
    assert list(places) == list(ranges.index)
    assert np.isfinite(ranges["ratio"]).all()
    assert len(contraction(places, ranges).axes) == len(ranges)


def test_a_case_that_was_not_fitted_is_refused():
    with pytest.raises(ConfigError, match=r"uae_calls: no posterior.*allowed: russia_2025"):
        Shipped("uae_calls")


def request(folder):
    tree = Request.of([*TOY, f"folder={folder}"]).model_dump(mode="json")
    tree["design"]["factors"] = {"policies.call_restriction.grade": {"levels": [0.2, 0.5]}}
    return Request.read(tree)


def test_a_sweep_is_taken_to_its_end(tmp_path):
    folder = take(request(tmp_path / "sweep"), "toy")
    assert (folder.records()["status"] == "done").sum() == len(folder.runs) == 2


def test_a_sweep_with_runs_that_failed_is_no_sweep_to_go_on_with(tmp_path, monkeypatch):
    monkeypatch.setattr(base_study, "drive", lambda *_: Ended(2, 1, 1, "done"))
    with pytest.raises(ConfigError, match="1 of 2 runs are done"):
        take(request(tmp_path / "sweep"), "toy")
