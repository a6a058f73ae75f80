"""The trace of one user says what the run says, and its figure shows it."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from sim import load_config
from sim.config.platforms import CELLULAR
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.exports.user_snapshots import user_snapshots
from sim.exports.user_trace import trace_user
from sim.model.model import MigrationModel
from sim.plotting.palette import PLATFORMS
from sim.plotting.user_trace import user_trace as draw
from tests.helpers.ties import csr

N_STEPS = 24
ROW = 53  # has three messengers, a VPN and a mandate


@pytest.fixture(scope="module")
def config():
    return load_config("+scenario=call_ban", "population.n_users=200", "engine=mesa")


@pytest.fixture(scope="module")
def trace(config):
    model = MigrationModel(config)
    return trace_user(model, model.users[ROW], N_STEPS)


def test_an_entry_a_step_and_one_a_platform(config, trace):
    assert len(trace.days) == N_STEPS
    assert len(trace.platforms) == N_STEPS * len(config.platforms)
    assert trace.days["date"].is_monotonic_increasing
    assert trace.days["date"].iloc[0] == pd.Timestamp(config.start)


def test_shares_of_a_user_with_contacts_add_up(config, trace):
    """Messages that no messenger carries are sent as SMS in part, the others not at all."""
    sums = trace.platforms.groupby("date")[["message", "call"]].sum()
    sms = trace.platforms[trace.platforms["platform"] == CELLULAR].set_index("date")["message"]
    unsent = sms * (1 / config.behaviour.sms_share - 1)
    assert (unsent > 0.01).any()
    np.testing.assert_allclose(sums["message"] + unsent, 1.0, atol=1e-5)
    np.testing.assert_allclose(sums["call"], 1.0, atol=1e-5)


def test_the_trace_says_what_the_snapshots_say(config, trace):
    """The snapshots take the compiled engine and look at all users at once."""
    date = trace.days["date"].iloc[-1]
    found = user_snapshots(config, [date.date()])
    mine = found.users.loc[ROW]
    written = trace.days.iloc[-1]
    for column in (
        "primary", "exposed", "welfare", "reachable_message", "reachable_call",
        "secure_message", "secure_call",
    ):  # fmt: skip
        assert mine[column] == written[column], column
    here = found.platforms[found.platforms["user"] == ROW].set_index("platform")
    there = trace.platforms[trace.platforms["date"] == date].set_index("platform")
    for channel in ("message", "call"):
        assert (here[channel] == there[channel]).all()
    # what users have and believe is seen as they begin the step: as they were left before
    assert mine["vpn"] == trace.days["vpn"].iloc[-2]
    before = trace.platforms[trace.platforms["date"] == trace.days["date"].iloc[-2]]
    mine, written = here.drop(CELLULAR), before.set_index("platform").drop(CELLULAR)
    assert mine["in_use"].tolist() == written["has"].tolist()
    assert mine["mandated"].tolist() == written["mandated"].tolist()
    for column in ("habit", "belief"):
        np.testing.assert_allclose(mine[column], written[column].astype(float), rtol=1e-6)
        assert np.ptp(mine[column]) > 0
    indptr, indices = csr(prepare(config, Threads(1)).ties)
    rows = found.platforms[found.platforms["platform"] != CELLULAR].astype({"platform": str})
    contacts = rows[rows["user"].isin(indices[indptr[ROW] : indptr[ROW + 1]])]
    shares = contacts.groupby("platform")["in_use"]
    assert shares.mean().to_dict() == pytest.approx(written["contacts"].to_dict())


def test_the_figure_shows_every_platform_and_the_date(trace):
    ban = pd.Timestamp("2025-08-13")
    figure = draw(trace.days, trace.platforms, "somebody", ban, "calls are restricted")
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles == [
        "Has it", "Contacts who have it", "Messages", "Calls", "Believes that the state reads it",
        "Reachable by app",
    ]  # fmt: skip
    has, calls = figure.axes[0], figure.axes[3]
    heights = {text.get_text(): text.get_position()[1] for text in has.texts}
    assert [heights[PLATFORMS[name].label] for name in ("whatsapp", "max", "vk")] == [4, 2, 0]
    colours = {to_hex(line.get_color()) for line in calls.get_lines()}
    assert {PLATFORMS[name].colour for name in (CELLULAR, "whatsapp", "max")} <= colours
    assert all(axes.get_ylabel() for axes in figure.axes[1:])
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "calls are restricted" in texts
    assert "somebody" in figure.get_label()


def test_bars_last_as_long_as_a_messenger_is_had(trace):
    figure = draw(trace.days, trace.platforms, "somebody", pd.Timestamp("2025-08-13"), "a ban")
    had = trace.platforms[trace.platforms["has"].fillna(value=False).astype(bool)]
    drawn = sum(
        path.vertices[:, 0].max() - path.vertices[:, 0].min()
        for bars in figure.axes[0].collections[::2]
        for path in bars.get_paths()
    )
    assert drawn == pytest.approx(7 * len(had))
