"""Grades of restrictions in one step, and the efficacy of VPNs (docs/model.md, 2.2 and 2.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

import numpy as np

from sim.config.platforms import CHANNELS
from sim.config.policies import Compliance, Policy, Restriction, Shutdown, VpnBlocking, VpnSupport
from sim.config.sim_config import SimConfig
from sim.config.window import Span, Window
from sim.rules.records import F64, MAX


def as_restrictions(config: SimConfig, policies: Iterable[Policy]) -> list[Restriction]:
    """Return shutdowns as restrictions of all messengers that are not on their whitelists."""
    return [
        Restriction(
            start=policy.start, stop=policy.stop, channel="any", grade=policy.grade,
            ramp_days=policy.ramp_days, regions=policy.regions,
            platforms=tuple(m for m in config.messengers if m not in policy.whitelist),
        )
        for policy in policies
        if isinstance(policy, Shutdown) and set(config.messengers) - set(policy.whitelist)
    ]  # fmt: skip


def mean_grades(
    config: SimConfig, restrictions: list[Restriction], span: Span,
    obeyed: Sequence[Compliance] = (),
) -> F64:  # fmt: skip
    """Return the mean grade over a step by region, channel and messenger: (n regions, 2, MAX).

    Of several restrictions in force on a day the strongest counts. So the step is cut at every
    date on which one of them starts, stops or ends its ramp, and where two ramps cross.

    Parameters
    ----------
    obeyed : sequence of Compliance
        From the start of each, the restrictions of its platform are weaker by its `relief`.
    """
    grades = np.zeros((len(config.population.regions), 2, MAX))
    for begin, end in pairwise(_cuts(restrictions, obeyed, span)):
        piece = np.zeros_like(grades)
        for policy in restrictions:
            if policy.days_in(begin, end, span[2]) > 0:
                progress = policy.progress(begin, end, span[2], policy.ramp_days)
                _raise(piece, config, policy, policy.grade * progress)
        for relief in obeyed:
            if relief.days_in(begin, end, span[2]) > 0:
                piece[..., config.messengers.index(relief.platform)] *= 1.0 - relief.relief
        grades += piece * ((end - begin) / (span[1] - span[0]))
    return grades


def _raise(piece: F64, config: SimConfig, policy: Restriction, grade: float) -> None:
    """Raise the grades `piece` to at least `grade` where `policy` applies."""
    names = list(config.population.regions)
    regions = names if policy.regions == ("all",) else policy.regions
    channels = CHANNELS if policy.channel == "any" else (policy.channel,)
    where = np.ix_(
        [names.index(r) for r in regions],
        [CHANNELS.index(c) for c in channels],
        [config.messengers.index(p) for p in policy.platforms],
    )
    piece[where] = np.maximum(piece[where], grade)


def _cuts(
    restrictions: list[Restriction], obeyed: Sequence[Compliance], span: Span
) -> list[float]:
    """Return the days between which every grade is linear and no two of them cross."""
    begin, end, origin = span
    ends = {(policy.start - origin).days + policy.ramp_days for policy in restrictions}  # of ramps
    dates = {*_dates([*restrictions, *obeyed], span), *ends}
    cuts = sorted(d for d in dates if begin <= d <= end)
    crossings = [
        crossing
        for a, b in pairwise(cuts)
        for one, two in combinations(restrictions, 2)
        if (crossing := _crossing(one, two, (a, b, origin))) is not None
    ]
    return sorted({*cuts, *crossings})


def _crossing(one: Restriction, two: Restriction, piece: Span) -> float | None:
    """Return the day inside `piece` at which two ramps meet, or None."""
    a, b, origin = piece
    gap_a, gap_b = (
        one.grade * one.ramp_at(day, origin, one.ramp_days)
        - two.grade * two.ramp_at(day, origin, two.ramp_days)
        for day in (a, b)
    )
    return a + (b - a) * gap_a / (gap_a - gap_b) if gap_a * gap_b < 0 else None


def efficacy_after(
    efficacy: float, config: SimConfig, policies: Iterable[Policy], span: Span
) -> tuple[float, float]:
    """Return the mean efficacy of a VPN over a step, and its value at the end.

    The equation de/dt = repair (e_max - e) - blocking e is solved exactly between the dates on
    which its rates change.

    Parameters
    ----------
    efficacy : float
        e at the beginning of the step.
    """
    changing = [p for p in policies if isinstance(p, VpnBlocking | VpnSupport)]
    begin, end, origin = span
    total = 0.0
    for a, b in pairwise(_dates(changing, span)):
        blocking, repair = 0.0, config.behaviour.vpn_repair
        for policy in changing:
            if policy.days_in(a, b, origin) > 0:
                if isinstance(policy, VpnBlocking):
                    blocking += policy.rate
                else:
                    repair += policy.repair_rate
        if blocking + repair == 0.0:
            total += efficacy * (b - a)
            continue
        limit = config.behaviour.vpn_efficacy * _part(repair, blocking)
        speed, away = repair + blocking, efficacy - limit
        gone = -np.expm1(-speed * (b - a))  # exact where rates are tiny
        total += limit * (b - a) + away * (gone / speed)
        efficacy = float(limit + away * (1.0 - gone))
    return float(total / (end - begin)), efficacy


def _part(repair: float, blocking: float) -> float:
    """Return repair / (repair + blocking), exactly 1 without blocking."""
    return 1.0 / (1.0 + blocking / repair) if repair > 0.0 else 0.0


def _dates(policies: Iterable[Window], span: Span) -> list[float]:
    """Return the days of a span at which a policy starts or stops, and its ends."""
    begin, end, origin = span
    dates = {begin, end}
    for policy in policies:
        dates |= {float((day - origin).days) for day in (policy.start, policy.stop) if day}
    return sorted(d for d in dates if begin <= d <= end)
