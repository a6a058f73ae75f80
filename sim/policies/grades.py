"""How policies that act by place add up, and what is left of VPNs (docs/model.md, 2.2 and 2.9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from sim.policies.context import RunContext
from sim.policies.policy import ALL, CHANNELS, Failure, Policy
from sim.policies.window import Span, Window

Grades = NDArray[np.float64]


def restricted(config: RunContext, policies: Collection[Policy], span: Span) -> Grades:
    """Return the mean grade of restrictions over a step, shape (regions, 2, messengers).

    From the start of a policy that lifts restrictions of a messenger, those are weaker.
    """
    failures = [failure for policy in policies if (failure := policy.restricts())]
    return _mean(config, failures, span, [policy for policy in policies if policy.lifts()])


def shut(config: RunContext, policies: Iterable[Policy], span: Span) -> Grades:
    """Return the mean grade of shutdowns over a step, shape (regions, 2, messengers)."""
    failures = (policy.shuts(config) for policy in policies)
    return _mean(config, [one for one in failures if one and one.platforms], span)


def _mean(
    config: RunContext, failures: Sequence[Failure], span: Span, lifting: Sequence[Policy] = ()
) -> Grades:
    """Return the mean grade over a step by region, channel and messenger.

    Of several failures in force on a day the strongest counts. So the step is cut at every
    date on which one of them starts, stops or ends its ramp, and where two ramps cross.
    """
    grades = np.zeros((len(config.regions), len(CHANNELS), len(config.messengers)))
    for begin, end in pairwise(_cuts(failures, lifting, span)):
        piece = np.zeros_like(grades)
        for failure in failures:
            if failure.window.days_in(begin, end, span[2]) > 0:
                progress = failure.window.progress(begin, end, span[2], failure.ramp_days)
                _raise(piece, config, failure, failure.grade * progress)
        for policy in lifting:
            lifted = policy.lifts()
            if lifted and policy.days_in(begin, end, span[2]) > 0:
                piece[..., config.messengers.index(lifted[0])] *= 1.0 - lifted[1]
        grades += piece * ((end - begin) / (span[1] - span[0]))
    return grades


def _raise(piece: Grades, config: RunContext, failure: Failure, grade: float) -> None:
    """Raise the grades `piece` to at least `grade` where attempts fail."""
    regions = config.regions if failure.regions == ALL else failure.regions
    where = np.ix_(
        [config.regions.index(r) for r in regions],
        [CHANNELS.index(c) for c in failure.channels],
        [config.messengers.index(p) for p in failure.platforms],
    )
    piece[where] = np.maximum(piece[where], grade)


def _cuts(failures: Sequence[Failure], lifting: Sequence[Policy], span: Span) -> list[float]:
    """Return the days between which every grade is linear and no two of them cross."""
    begin, end, origin = span
    ends = {(one.window.start - origin).days + one.ramp_days for one in failures}  # of ramps
    dates = {*_dates([*(one.window for one in failures), *lifting], span), *ends}
    cuts = sorted(d for d in dates if begin <= d <= end)
    crossings = [
        crossing
        for a, b in pairwise(cuts)
        for one, two in combinations(failures, 2)
        if (crossing := _crossing(one, two, (a, b, origin))) is not None
    ]
    return sorted({*cuts, *crossings})


def _crossing(one: Failure, two: Failure, piece: Span) -> float | None:
    """Return the day inside `piece` at which two ramps meet, or None."""
    a, b, _ = piece
    gap_a, gap_b = (one.at(day, piece) - two.at(day, piece) for day in (a, b))
    return a + (b - a) * gap_a / (gap_a - gap_b) if gap_a * gap_b < 0 else None


def efficacy_after(
    efficacy: float, config: RunContext, policies: Iterable[Policy], span: Span
) -> tuple[float, float]:
    """Return the mean efficacy of a VPN over a step, and its value at the end.

    The equation de/dt = repair (e_max - e) - blocking e is solved exactly between the dates on
    which its rates change.

    Parameters
    ----------
    efficacy : float
        e at the beginning of the step.
    """
    changing = [(policy, rates) for policy in policies if (rates := policy.vpn_rates())]
    begin, end, origin = span
    total = 0.0
    for a, b in pairwise(_dates((policy for policy, _ in changing), span)):
        blocking, repair = 0.0, config.behaviour.vpn_repair
        for policy, (erosion, replaced) in changing:
            if policy.days_in(a, b, origin) > 0:
                blocking += erosion
                repair += replaced
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
