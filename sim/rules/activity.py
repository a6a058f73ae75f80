"""How often a user opens a messenger, and whom a panel then counts (docs/model.md, 2.13).

Openings are not proportional to traffic: groups, channels and notifications bring some as well.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import rule
from sim.rules.records import CALL, MESSAGE, Int, Now, Record
from sim.rules.word import in_use


@rule
def openings(user: Record, talk: Record, p: Int, now: Now, rules: Record) -> float:
    """Return openings a day of messenger `p`, for a user who has it and of average intensity."""
    traffic = rules.channel_share[MESSAGE] * talk.use[MESSAGE, p]
    traffic += rules.call_openings * rules.channel_share[CALL] * talk.use[CALL, p]
    n = rules.traffic_openings * traffic
    n += (
        rules.base_openings[p]
        * now.force.trend_openings[p]
        * (now.availability[user.place, MESSAGE, p])
    )
    n += rules.mandate_openings[p] * (user.mandated >> p & 1)
    return float(n + rules.habit_openings[p] * user.habit[p])


@rule
def p_seen(n_openings: float) -> float:
    """Return the chance of at least one opening, given their expected number (Poisson)."""
    return float(1.0 - np.exp(-n_openings))


@rule
def open_apps(user: Record, talk: Record, now: Now, rules: Record) -> None:
    """Write the openings a day of `user`; a second phone is opened for the institution alone."""
    for p in range(rules.n_messengers):
        n = 0.0
        if in_use(user) >> p & 1:
            n = user.intensity * openings(user, talk, p, now, rules)
        elif user.second >> p & 1:
            n = user.intensity * rules.mandate_openings[p]
        talk.openings[p] = n
