"""A run to watch: its days and policies, and the random numbers of its counterfactual."""

import numpy as np
import pandas as pd
import pytest

from sim import load_config
from sim.app.model import LiveModel

SMALL = ("population.n_users=100", "engine.threads=1")
BEFORE = 10  # whole weeks before that of 13 August


@pytest.fixture(scope="module")
def played():
    """Return a model in its second replication, with its days and policies after each step."""
    model = LiveModel(load_config("+scenario=call_ban_only", *SMALL), replication=1)
    played = [(model.days, model.in_force)]
    for _ in range(BEFORE):
        model.step()
        played.append((model.days, model.in_force))
    return model, played


def test_what_is_reported_is_of_the_step_last_taken(played):
    days, in_force = zip(*played[1], strict=True)
    assert days[0] == (pd.Timestamp("2025-06-02"), pd.Timestamp("2025-06-08"))
    assert days[BEFORE] == (pd.Timestamp("2025-08-11"), pd.Timestamp("2025-08-17"))
    assert in_force[:BEFORE] == ([],) * BEFORE
    assert in_force[BEFORE] == ["97% of calls on WhatsApp and Telegram fail"]


def test_the_counterfactual_has_the_random_numbers_of_the_model(played):
    model, counterfactual = (
        one.simulation.recorder for one in (played[0], *played[0].counterfactuals)
    )
    for ours, theirs in zip(
        model.observations.steps[:BEFORE], counterfactual.observations.steps[:BEFORE], strict=True
    ):
        assert np.array_equal(ours, theirs, equal_nan=True)


def test_the_last_day_of_a_step_of_half_a_day_is_its_first():
    half = ("step_days=0.5", "dur_days=1")
    model = LiveModel(load_config("+scenario=baseline", *half, *SMALL))
    model.step()
    assert model.days == (pd.Timestamp("2025-06-02 12:00"), pd.Timestamp("2025-06-02 12:00"))
