"""Checks of policies: the names that they use, and contradictions between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from sim.config.policies import (
    GroupMove,
    Mandate,
    Moderation,
    Policy,
    RegistrationGate,
    Restriction,
    Shutdown,
    Story,
    platforms_of,
)

if TYPE_CHECKING:
    from sim.config.sim_config import SimConfig

MOST_STORIES = 8  # one bit for each story: USER.news in rules/records.py


def policy_problems(config: SimConfig, policies: dict[str, Policy]) -> Iterator[str]:
    """Yield a line for each policy that uses an unknown name or contradicts another."""
    for name, policy in policies.items():
        for platform in platforms_of(policy):
            if platform not in _addressed(config, policy):
                yield (
                    f"{name}: platform {platform!r} is unknown or cannot be addressed; "
                    f"{allowed(_addressed(config, policy))}"
                )
        if isinstance(policy, Restriction | Shutdown) and policy.regions != ("all",):
            for region in policy.regions:
                if region not in config.population.regions:
                    yield (
                        f"{name}.regions: {region!r} is unknown; "
                        f"allowed: all, or some of {', '.join(config.population.regions)}"
                    )
        if isinstance(policy, Mandate | GroupMove):
            has_chats = isinstance(policy, GroupMove)
            known = config.population.chats if has_chats else config.population.segments
            if policy.segment not in known:
                what = "has no chats" if has_chats else "is unknown"
                yield f"{name}.segment={policy.segment!r} {what}; {allowed(known)}"
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
    stories = [name for name, policy in policies.items() if isinstance(policy, Story)]
    if len(stories) > MOST_STORIES:
        yield f"{', '.join(stories)}: too many stories; allowed: {MOST_STORIES} in a scenario"
    for (a, first), (b, second) in combinations(policies.items(), 2):
        if reason := _contradiction(first, second):
            yield f"{a} and policies.{b} contradict each other: {reason}"


def _addressed(config: SimConfig, policy: Policy) -> tuple[str, ...]:
    """Return the platforms that a policy may name; few kinds may name cellular."""
    is_any = isinstance(policy, Moderation | Shutdown)
    return tuple(config.platforms) if is_any else config.messengers


def _contradiction(first: Policy, second: Policy) -> str | None:
    """Return why two policies contradict each other, or None."""
    if not _overlap(first, second):
        return None
    for a, b in ((first, second), (second, first)):
        if isinstance(a, GroupMove) and a.by == "invitation":
            continue
        if isinstance(a, Mandate | GroupMove) and (reason := _undoes(a, b)):
            return reason
    return None


def _undoes(push: Mandate | GroupMove, other: Policy) -> str | None:
    """Return how `other` works against a mandate or group move, or None."""
    match other:
        case RegistrationGate() if push.platform in other.platforms:
            return f"one makes people join {push.platform}, the other keeps them from joining"
        case Restriction() if push.platform in other.platforms and _hits_messages(other):
            return f"one makes people use {push.platform}, the other makes its messages fail"
        case Mandate() | GroupMove() if (
            type(other) is type(push)
            and push.segment == other.segment
            and push.platform != other.platform
        ):
            both = f"{push.platform} and {other.platform}"
            return f"they move segment {push.segment} to {both} at the same time"
        case _:
            return None


def _hits_messages(policy: Restriction) -> bool:
    return policy.channel != "call" and policy.regions == ("all",)


def _overlap(first: Policy, second: Policy) -> bool:
    never = dt.date.max
    return first.start < (second.stop or never) and second.start < (first.stop or never)


def allowed(names: Any) -> str:
    """Return the part of an error message that lists the allowed names."""
    return "allowed: " + ", ".join(names)
