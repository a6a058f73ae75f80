"""How often a user opens a messenger, and whom a panel then counts (docs/model.md, 2.13).

Openings are not proportional to traffic: groups, channels and notifications bring some as well.
"""

from __future__ import annotations

from sim.kernel.compiled import rule
from sim.kernel.octets import Octet, exp, flags, read, where, write
from sim.rules.fixed import habits, intensity
from sim.rules.records import CALL, MESSAGE, Now, Record
from sim.rules.word import in_use


@rule
def openings(user: Record, talk: Record, now: Now, rules: Record) -> Octet:
    """Return openings a day of each messenger, for who has it and is of average intensity."""
    traffic = rules.channel_share[MESSAGE] * read(talk.use[MESSAGE])
    traffic = traffic + rules.call_openings * rules.channel_share[CALL] * read(talk.use[CALL])
    works = read(now.availability[user.place, MESSAGE])
    n = rules.traffic_openings * traffic
    n = n + read(rules.base_openings) * read(now.force.trend_openings) * works
    n = n + where(flags(user.mandated), read(rules.mandate_openings), 0.0)
    return n + read(rules.habit_openings) * habits(user)


@rule
def p_seen(n_openings: Octet) -> Octet:
    """Return the chances of at least one opening, given their expected numbers (Poisson)."""
    return 1.0 - exp(0.0 - n_openings)


@rule
def open_apps(user: Record, talk: Record, now: Now, rules: Record) -> None:
    """Write the openings a day of `user`; a second phone is opened for the institution alone."""
    n = where(flags(user.second), read(rules.mandate_openings), 0.0)
    n = where(flags(in_use(user)), openings(user, talk, now, rules), n)
    write(talk.openings, intensity(user) * n)
