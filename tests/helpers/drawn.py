"""Small tables of a run, and the figures drawn of them."""

import numpy as np
import pandas as pd

PLATFORMS = ["whatsapp", "telegram", "max", "imo", "vk"]
WEEKS = pd.date_range("2025-06-02", periods=52, freq="7D")
MONTHS = pd.date_range("2025-06-01", periods=12, freq="MS")
HARMS = (
    ("any", "unsent"),
    *(("any", f"exposure_{by}") for by in ("phone", "apps")),
    *(
        (channel, measure)
        for measure in ("displaced", "no_means")
        for channel in ("call", "message")
    ),
    ("any", "welfare"),
)


def rows(scenario, platform, channel, measure, dates, level):
    noise = np.random.default_rng(len(platform)).normal(0.0, 0.02, 8)
    return pd.DataFrame(
        [
            (scenario, r, date, "all", platform, channel, measure, level * (1 + at / 99) * (1 + e))
            for r, e in enumerate(noise)
            for at, date in enumerate(dates)
        ],
        columns=[
            *("scenario", "replication", "date", "group"),
            *("platform", "channel", "measure", "value"),
        ],
    )


def line(axes, label):
    found = [drawn for drawn in axes.get_lines() if drawn.get_label() == label]
    assert len(found) == 1, label
    return found[0]


def texts(axes):
    return [text.get_text() for text in axes.texts]
