"""Policies in force on a day, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

import pandas as pd

from sim.config.policies import (
    BankDelay,
    Campaign,
    Compliance,
    GroupMove,
    InformationEvent,
    Mandate,
    Moderation,
    Onboarding,
    Policy,
    Preinstallation,
    RegistrationGate,
    Restriction,
    Shutdown,
    Trend,
    VpnBlocking,
    VpnFine,
    VpnSupport,
)
from sim.config.sim_config import SimConfig

Labels = Callable[[Iterable[str]], str]  # of platforms, for print
_CHANNEL = {"call": "calls", "message": "messages", "any": "messages and calls"}


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
        if policy.days_in(*span) > 0 and not (_waits(policy) and name not in complying)
    ]
    for policy in (part for whole in now for part in _relieved(whole, now)):
        ramp = policy.progress(*span, getattr(policy, "ramp_days", 0.0))
        sentence, item = _words(policy, _labels(config), ramp)
        sentences.setdefault(sentence, []).append(item)
    return [
        sentence.format(", ".join(dict.fromkeys(items))) for sentence, items in sentences.items()
    ]


def _waits(policy: Policy) -> bool:
    return isinstance(policy, Compliance) and policy.lost_users is not None


def _relieved(policy: Policy, now: Iterable[Policy]) -> Iterator[Policy]:
    """Yield a policy as it is in force: compliance of a platform relieves a restriction."""
    if not isinstance(policy, Restriction):
        yield policy
        return
    left = dict.fromkeys(policy.platforms, 1.0)
    for other in now:
        if isinstance(other, Compliance) and other.platform in left:
            left[other.platform] *= 1.0 - other.relief
    for share in dict.fromkeys(left.values()):
        alike = tuple(name for name in left if left[name] == share)
        if share > 0.0:
            yield policy.model_copy(update={"platforms": alike, "grade": policy.grade * share})


def _labels(config: SimConfig) -> Labels:
    return lambda names: " and ".join(config.platforms[name].printed for name in names)


def _words(policy: Policy, labels: Labels, ramp: float) -> tuple[str, str]:
    """Return the sentence of an effect with a placeholder, and what this policy puts there."""
    match policy:
        case Restriction():
            what = f"{_CHANNEL[policy.channel]} on {labels(policy.platforms)}"
            return "{} fail", f"{policy.grade * ramp:.0%} of {what}{_where(policy)}"
        case Shutdown():
            spared = f", but for {labels(policy.whitelist)}" if policy.whitelist else ""
            grade = f"{policy.grade * ramp:.1%} of communication by app{_where(policy)}{spared}"
            return "shutdowns of the mobile internet stop {}", grade
        case RegistrationGate():
            return "{} fail", f"{policy.grade:.0%} of new accounts on {labels(policy.platforms)}"
        case Mandate():
            return f"institutions demand {labels([policy.platform])} from: {{}}", _plain(
                policy.segment
            )
        case GroupMove():
            return f"chats move to {labels([policy.platform])}: {{}}", _plain(policy.segment)
        case Preinstallation():
            return "new phones come with {}", labels([policy.platform])
        case Campaign():
            return "media name {}", labels([policy.platform])
        case Onboarding():
            return "helpers set up {} for others", labels([policy.platform])
        case Compliance():
            return (
                f"{labels([policy.platform])} complies with local law and lets the state read{{}}",
                "",
            )
        case InformationEvent():
            return "news spread that the state reads {}", labels([policy.platform])
        case Trend():
            return f"{labels([policy.platform])} follows a trend of its own{{}}", ""
        case Moderation():
            return "{} does more to stop abuse", labels([policy.platform])
        case VpnBlocking() | VpnFine() | VpnSupport() | BankDelay():
            return "{}", _ALIKE[policy.kind]


_ALIKE = {
    "vpn_blocking": "VPNs are blocked",
    "vpn_fine": "VPNs cost more",
    "vpn_support": "VPNs are easier to get and repaired faster",
    "bank_delay": "banks hold suspicious transfers back",
}


def _where(policy: Restriction | Shutdown) -> str:
    regions = policy.regions
    return "" if regions == ("all",) else f" in {', '.join(map(_plain, regions))}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def changes(config: SimConfig) -> pd.DataFrame:
    """Return dates on which policies begin and end, with their names, to be marked in figures.

    Returns
    -------
    DataFrame, columns date, label; by date
    """
    on: dict[pd.Timestamp, list[str]] = {}
    for name, policy in config.policies.items():
        on.setdefault(pd.Timestamp(policy.start), []).append(_plain(name))
        if policy.stop is not None:
            on.setdefault(pd.Timestamp(policy.stop), []).append(f"{_plain(name)} ends")
    rows = [(date, _short(names)) for date, names in sorted(on.items())]
    return pd.DataFrame(rows, columns=["date", "label"])


def _short(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"
