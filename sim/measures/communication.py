"""Measures of communication: how much goes over which platform, and what the state can read."""

from __future__ import annotations

import numpy as np

from sim.config.platforms import CELLULAR
from sim.kernel.arrays import F64
from sim.measures.measure import Measure
from sim.measures.sums import Sums
from sim.rules.records import MESSAGE, layout

_ALL, _APPS, _PHONE = slice(None), slice(-1), slice(-1, None)  # of platforms: cellular is last


def _exposure(sums: Sums, by: slice = _ALL) -> F64:
    """Return the share of communication that the state can read on some platforms.

    By channel, and in all.
    """
    access = np.array([env.effects.access for env in sums.envs])
    use = sums.of("use")[..., : access.shape[1]].copy()
    pairs = zip(use[..., by], access[:, by], strict=True)
    visible = np.array([shares @ one for shares, one in pairs])
    total = use.sum(axis=-1)
    in_all = visible.sum(-1) / total.sum(-1)
    return np.concatenate([visible / total, in_all[..., None]], axis=-1)


def _unsent(sums: Sums) -> F64:
    """Return messages that are not sent: SMS are `sms_share` of what no messenger carries."""
    sms = sums.config.behaviour.sms_share
    return np.asarray(
        sums.mean("use")[..., MESSAGE, layout(sums.config.tiles).messengers] * ((1.0 - sms) / sms)
    )


def _displaced(here: F64, there: F64) -> F64:
    """Return the share of use that left its platform, from use in two scenarios (..., P + 1)."""
    gone = np.maximum(there - here, 0.0)
    return np.asarray(gone.sum(axis=-1) / there.sum(axis=-1))


MEASURES = (
    Measure(
        "use", "1", "communication a day; all of the average person is 1",
        platform="carrier", channel="each",
        value=lambda sums: sums.mean("use"),
        lines={(CELLULAR, "call"): "Ordinary phone calls"},
        definition=(
            "communication per person and day, as a share of what a person would say in all on "
            "average. With `unsent`, all platforms and both channels sum to the mean of how much "
            "these users happen to talk: to 1.00 among 10,000 users, to 0.96 among 600, to less "
            "or more in a small group. That sum is the same in every step and scenario, so divide "
            "by it to compare groups"
        ),
    ),
    Measure(
        "unsent", "1", "messages a day that are not sent; all of the average person is 1",
        value=_unsent,
        lines={("any", "any"): "Unsent messages"}, axis="messages a person a day", is_harm=True,
        definition=(
            "messages per person and day that no messenger carries and that nobody sends as SMS "
            "(`behaviour.sms_share`), in the unit of `use`. Above 0 without any restriction, as "
            "contacts who share no messenger write few SMS: compare it with another scenario"
        ),
        word="unsent messages",
        words="messages that people would send and do not. Some are not sent in any scenario: "
        "contacts who share no messenger write few SMS.",
    ),
    Measure(
        "exposure", "1", "communication that the state can read, of all communication",
        channel="each and any",
        value=_exposure,
        definition=(
            "share of communication on platforms that the state can read, weighted by how much "
            "of it the state can read there (`state_access`; once a platform complies, the degree "
            "of its compliance): the sum of the next two"
        ),
    ),
    Measure(
        "exposure_phone", "1", "communication that the state can read on the phone network",
        channel="each and any",
        value=lambda sums: _exposure(sums, _PHONE),
        lines={("any", "any"): "Readable by phone"}, form="percent",
        axis="% of communication", is_harm=True,
        definition=(
            "the part of `exposure` by cellular calls and SMS. It grows where people go back to "
            "the phone, whoever reads there"
        ),
        word="readable by phone",
        words="% of communication that the state can read as ordinary calls and SMS.",
    ),
    Measure(
        "exposure_apps", "1", "communication that the state can read on messengers",
        channel="each and any",
        value=lambda sums: _exposure(sums, _APPS),
        lines={("any", "any"): "Readable on apps"}, form="percent",
        axis="% of communication", is_harm=True,
        definition="the part of `exposure` by the state's messenger and by those that comply",
        word="readable on apps",
        words=(
            "% of communication that the state can read on its own messenger, and on messengers "
            "that do what it demands."
        ),
    ),
    Measure(
        "displaced", "1", "communication by other means than in the counterfactual",
        channel="each", every="paired step",
        value=_displaced,
        lines={("any", "call"): "Displaced calls", ("any", "message"): "Displaced messages"},
        form="percent", axis="% of calls or messages", is_harm=True,
        definition=(
            "share of a channel that had to change means: over messengers and cellular, what "
            "each carries less of than in the first counterfactual, by all of what is said there. "
            "It counts for a group as a whole, so it has no noise of its own, and those who "
            "change means in opposite directions do not count"
        ),
        word="displaced",
        words=(
            "% of calls, or of messages, that go by other means than they would otherwise: by "
            "another app or by phone. Otherwise means in the first scenario that this one is "
            "compared with."
        ),
    ),
)  # fmt: skip
