"""Checks of policies: the names that they use, and contradictions between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import combinations

from sim.base.errors import allowed
from sim.policies.context import RunContext
from sim.policies.policy import Policy
from sim.policies.registry import policy_kinds
from sim.rules.ceilings import STORIES, ceiling_problems


def policy_problems(config: RunContext, policies: Mapping[str, Policy]) -> Iterator[str]:
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


def _misdated(config: RunContext, name: str, policy: Policy) -> Iterator[str]:
    """Yield dates before the run."""
    is_here = name in config.policies  # otherwise it belongs to a counterfactual
    if policy.standing and not policy.may_stand:
        yield (
            f"{name}.standing=true: nobody can be at rest under {policy.kind}; allowed: false, or "
            f"one of {', '.join(kind for kind, one in policy_kinds().items() if one.may_stand)}"
        )
    drop = f"drop the policy with ~policies.{name}"
    advice = drop if is_here else "leave its scenario out of compare_to"
    if policy.standing and policy.start > config.start:
        yield (
            f"{name}.start={policy.start}: standing, but begins within the run; allowed: up to "
            f"{config.start}, or without standing"
        )
    for field in ("start", "stop"):  # what lies after the end is not reached
        date = getattr(policy, field)
        if date is None or date >= config.start or (policy.standing and field == "start"):
            continue
        if field == "start" and policy.may_stand:
            advice = f"standing: true if it was in force by then, or {advice}"
        yield (
            f"{name}.{field}={date} lies before the run; allowed: from {config.start} on "
            f"(change start, or {advice})"
        )


def not_reached(config: RunContext) -> list[str]:
    """Return the policies of a scenario that begin after the end of the run."""
    return [name for name, policy in config.policies.items() if policy.start >= config.end]


def _overlap(first: Policy, second: Policy) -> bool:
    never = dt.date.max
    return first.start < (second.stop or never) and second.start < (first.stop or never)
