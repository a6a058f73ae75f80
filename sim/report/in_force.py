"""Policies in force on a day, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pandas as pd

from sim.config.sim_config import SimConfig
from sim.policies.policy import Labels, Policy, plain


def in_force(config: SimConfig, step: int, complying: Collection[str]) -> list[str]:
    """Return sentences about the policies in force in a step, those of one effect together.

    Parameters
    ----------
    config : SimConfig
    step : int
        From 0.
    complying : collection of str
        Policies of platforms that waited for losses before they complied, and comply now.
    """
    span = config.step_span(step)
    sentences: dict[str, list[str]] = {}
    now = [
        policy
        for name, policy in config.policies.items()
        if policy.days_in(*span) > 0 and (policy.waits_for() is None or name in complying)
    ]
    left = _left(now)
    for policy in (part for whole in now for part in whole.relieved(left)):
        sentence, item = policy.sentence(_labels(config), span)
        sentences.setdefault(sentence, []).append(item)
    return [
        sentence.format(", ".join(dict.fromkeys(items))) for sentence, items in sentences.items()
    ]


def _left(now: Iterable[Policy]) -> dict[str, float]:
    """Return by messenger the share of its restrictions that is left where some fall."""
    left: dict[str, float] = {}
    for messenger, lifted in filter(None, (policy.lifts() for policy in now)):
        left[messenger] = left.get(messenger, 1.0) * (1.0 - lifted)
    return left


def _labels(config: SimConfig) -> Labels:
    return lambda names: " and ".join(config.platforms[name].printed for name in names)


def changes(config: SimConfig) -> pd.DataFrame:
    """Return dates on which policies begin and end, with their names, to be marked in figures.

    Returns
    -------
    DataFrame, columns date, label, apart (False: all are of the scenario); by date
    """
    on: dict[pd.Timestamp, list[str]] = {}
    for name, policy in config.policies.items():
        if not policy.standing:
            on.setdefault(pd.Timestamp(policy.start), []).append(plain(name))
        if policy.stop is not None:
            on.setdefault(pd.Timestamp(policy.stop), []).append(f"{plain(name)} ends")
    rows = [(date, _short(names)) for date, names in sorted(on.items())]
    return pd.DataFrame(rows, columns=["date", "label"]).assign(apart=False)


def _short(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"
