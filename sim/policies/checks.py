"""Checks of policies: the names that they use, and contradictions between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

from sim.base.errors import allowed
from sim.policies.policy import Policy
from sim.rules.ceilings import STORIES, ceiling_problems

if TYPE_CHECKING:
    from sim.config.sim_config import SimConfig


def policy_problems(config: SimConfig, policies: Mapping[str, Policy]) -> Iterator[str]:
    """Yield a line for each policy that uses an unknown name or contradicts another."""
    for name, policy in policies.items():
        known = policy.may_name(config)
        for platform in policy.named():
            if platform not in known:
                yield (
                    f"{name}: platform {platform!r} is unknown or cannot be addressed; "
                    f"{allowed(known)}"
                )
        yield from (f"{name}{problem}" for problem in policy.problems(config))
        yield from _misdated(config, name, policy)
    stories = [name for name, policy in policies.items() if policy.news()]
    for problem in ceiling_problems({STORIES: len(stories)}):
        yield f"{', '.join(stories)}: {problem}"
    for (a, first), (b, second) in combinations(policies.items(), 2):
        reason = first.contradicts(second) or second.contradicts(first)
        if reason and _overlap(first, second):
            yield f"{a} and policies.{b} contradict each other: {reason}"


def _misdated(config: SimConfig, name: str, policy: Policy) -> Iterator[str]:
    """Yield dates outside the run."""
    is_here = name in config.policies  # otherwise it belongs to a counterfactual
    drop = f"drop the policy with ~policies.{name}"
    advice = drop if is_here else "leave its world out of compare_to"
    for field in ("start", "stop"):
        date = getattr(policy, field)
        last = config.end - dt.timedelta(days=field == "start")
        if date is not None and not config.start <= date <= last:
            yield (
                f"{name}.{field}={date} lies outside the run; allowed: {config.start} to "
                f"{last} (change dur_days, or {advice})"
            )


def _overlap(first: Policy, second: Policy) -> bool:
    never = dt.date.max
    return first.start < (second.stop or never) and second.start < (first.stop or never)
