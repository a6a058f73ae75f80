"""The trace of one user, step by step: apps, communication, beliefs, reachable contacts."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from sim.config.platforms import CELLULAR, CHANNELS
from sim.engine.accumulators import is_exposed, primary
from sim.model.agents import User
from sim.model.model import MigrationModel


class UserTrace(NamedTuple):
    """The trace of one user, one entry per step.

    Attributes
    ----------
    days : DataFrame, a row a step
        date (its first day); primary (messenger that carried most communication, cellular: used
        none); exposed (docs/glossary.md); vpn (at the end of
        the step); welfare [utils]; for `message` and `call` (docs/measures.md):
        reachable_CHANNEL, secure_CHANNEL [share of attempts].
    platforms : DataFrame, a row a step and platform
        date, platform; message and call: share of the user's communication on that channel [1];
        in the end of the step: has, mandated, habit [1], belief that the state reads it [1],
        contacts (share of the user's contacts who have it) [1]. Of cellular only the shares.
    """

    days: pd.DataFrame
    platforms: pd.DataFrame


def trace_user(model: MigrationModel, user: User, n_steps: int) -> UserTrace:
    """Take steps with all users, and record one of them.

    Parameters
    ----------
    model : MigrationModel
        With ``engine=mesa``, which keeps what everybody did in a step.
    user : User
        One of ``model.users``.
    n_steps : int
        Steps to take from the present state of the model.
    """
    days, platforms = [], []
    for _ in range(n_steps):
        date = model.config.step_begins(model.simulation.n_done)
        model.step()
        days.append({"date": date, **_day(model, user)})
        platforms += [{"date": date, **entry} for entry in _platforms(model, user)]
    tables = (pd.DataFrame(rows) for rows in (days, platforms))
    return UserTrace(*(table.astype({"date": "datetime64[ms]"}) for table in tables))


def _day(model: MigrationModel, user: User) -> dict[str, Any]:
    simulation, step_record = model.simulation, user.step_record
    params, names = simulation.state.params, model.config.carriers
    most = primary(user.record, step_record, params)
    return {
        "primary": names[min(most, len(names) - 1)],
        "exposed": bool(is_exposed(user.record, step_record, simulation.env, params)),
        "vpn": user.vpn,
        "welfare": float(step_record.welfare),
        **{
            f"reachable_{name}": float(step_record.reachable[c]) for c, name in enumerate(CHANNELS)
        },
        **{f"secure_{name}": float(step_record.secure[c]) for c, name in enumerate(CHANNELS)},
    }


def _platforms(model: MigrationModel, user: User) -> list[dict[str, Any]]:
    contacts = [contact.messengers for contact in user.contacts]
    use, habits, beliefs = user.step_record.use, user.habits, user.beliefs
    rows: list[dict[str, Any]] = [
        {
            "platform": name,
            **{channel: float(use[c][p]) for c, channel in enumerate(CHANNELS)},
            "has": name in user.messengers,
            "mandated": name in user.mandated,
            "habit": habits[name],
            "belief": beliefs[name],
            "contacts": sum(name in one for one in contacts) / max(len(contacts), 1),
        }
        for p, name in enumerate(model.config.messengers)
    ]
    plain = {channel: float(use[c][-1]) for c, channel in enumerate(CHANNELS)}
    return [*rows, {"platform": CELLULAR, **plain}]
