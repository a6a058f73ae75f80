"""Platforms of a case that ~platforms.NAME leaves out: what belongs to them goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sim.base.errors import ConfigError

NAMING = ("platform", "platforms", "whitelist", "audience")  # keys of policies


def leave_out(tree: dict[str, Any], names: Sequence[str]) -> None:
    """Delete the entries that refer to the left-out platforms.

    These are start shares, seeds, and shares and conversions of abuse, whose other shares are
    scaled to the same sum. Draws and observed figures then skip the platforms in `left_out`.

    Raises
    ------
    ConfigError
        If a policy names one of them, or all attempts of a kind of abuse arrive over them.
    """
    for name in names:
        _refuse_policies(tree, name)
        for start in ("observed_shares", "seeds"):
            _drop(tree["case"].get(start), name)
        for kind, abuse in (tree.get("abuse") or {}).items():
            _drop(abuse.get("conversion"), name)
            _redirect(abuse.get("shares"), name, f"abuse.{kind}")
    tree["left_out"] = list(names)


def is_of(names: Iterable[str], key: str) -> bool:
    """Return whether a key of a configuration belongs to one of some platforms."""
    return any(key.startswith(f"platforms.{name}.") for name in names)


def notice(names: Iterable[str]) -> str:
    """Return the line that says what is left out."""
    return (
        f"Left out: {', '.join(names)}, with start, observed figures and posterior draws; "
        "attempts at abuse there arrive over the other platforms, in proportion"
    )


def _drop(group: Any, name: str) -> None:
    if isinstance(group, dict):
        group.pop(name, None)


def _redirect(shares: Any, name: str, kind: str) -> None:
    """Let the attempts over a platform arrive over the others, in proportion."""
    if not isinstance(shares, dict) or not isinstance(shares.get(name), int | float):
        return
    total = sum(shares.values())
    _drop(shares, name)
    rest = sum(shares.values())
    if not rest:
        raise ConfigError(f"~platforms.{name}: {kind} arrives over it alone; allowed: ~{kind}")
    shares.update({other: share * total / rest for other, share in shares.items()})


def _refuse_policies(tree: dict[str, Any], name: str) -> None:
    """Refuse to leave out a platform that policies name."""
    own = _naming(tree["policies"], name)
    if own:
        gone = " ".join(f"~policies.{policy}" for policy in own)
        raise ConfigError(
            f"~platforms.{name}: named by {', '.join(own)}; allowed: with {gone}, or with other "
            "platforms in them"
        )
    for scenario, policies in tree["counterfactuals"].items():
        if others := _naming(policies, name):
            raise ConfigError(
                f"~platforms.{name}: named by {', '.join(others)} in {scenario}; "
                f"allowed: without {scenario} in compare_to"
            )


def _naming(policies: Any, platform: str) -> list[str]:
    """Return the names of the policies that name a platform."""
    values = policies.items() if isinstance(policies, dict) else ()
    return [
        name
        for name, policy in values
        if isinstance(policy, dict) and any(_holds(policy.get(key), platform) for key in NAMING)
    ]


def _holds(value: Any, platform: str) -> bool:
    return platform in value if isinstance(value, list) else value == platform
