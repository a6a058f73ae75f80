"""Configuration of policies: one class for each kind.

A policy is in force from `start` (its first day) until `stop` (the first day after it; null: to
the end of the run). Policies are composed by name, so that a command line can change or
delete one: ``policies.call_restriction.grade=0.5``, ``~policies.call_restriction``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.base.strict import Share, Strict, Utils
from sim.config.window import Days, Names, Rate, Window


class Restriction(Window):
    """A channel of some platforms fails; of several restrictions the strongest counts."""

    kind: Literal["restriction"] = "restriction"
    platforms: Names  # messengers
    channel: Literal["message", "call", "any"]  # any: both
    grade: Share  # share of attempts that fail [1]
    ramp_days: Days = 0.0  # until the grade is reached [days]
    regions: Names = ("all",)  # of population.regions, or all


class Shutdown(Window):
    """The mobile internet is off except for a whitelist; neither VPN nor proxy helps."""

    kind: Literal["shutdown"] = "shutdown"
    whitelist: tuple[str, ...]  # platforms that keep working
    grade: Share  # share of communication by app that it affects [1]
    ramp_days: Days = 0.0  # until the grade is reached [days]
    regions: Names = ("all",)  # of population.regions, or all


class RegistrationGate(Window):
    """Registrations fail; returning to an existing account does not."""

    kind: Literal["registration_gate"] = "registration_gate"
    platforms: Names  # messengers
    grade: Share  # share of registrations that fail [1]


class Mandate(Window):
    """An institution makes its segment install a platform and open an account."""

    kind: Literal["mandate"] = "mandate"
    platform: str  # messenger to install
    segment: str  # of population.segments
    rate: Rate  # hazard of those reached [1/day]
    ceiling: Share = 1.0  # share of the segment that can be made to [1]
    ramp_days: Days = 0.0  # the roll-out reaches one member after another in this time


class GroupMove(Window):
    """The chats of a segment move, each as a whole.

    By order: the chat stays there and its members have to have the platform. By invitation: the
    chat moves, its members reconsider the platform, and it may move on.
    """

    kind: Literal["group_move"] = "group_move"
    platform: str  # messenger to move to
    segment: str  # one that has chats
    by: Literal["order", "invitation"] = "order"  # an institution orders it, or members agree
    rate: Rate  # hazard of a chat reached [1/day]
    ceiling: Share = 1.0  # share of chats that can be moved [1]
    ramp_days: Days = 0.0  # the roll-out reaches one chat after another in this time


class Preinstallation(Window):
    """The app is on new phones, without an account."""

    kind: Literal["preinstallation"] = "preinstallation"
    platform: str  # messenger on the phones
    rate: Rate  # hazard of buying a phone [1/day]


class Campaign(Window):
    """Media and officials name a platform: people hear of it, some try it."""

    kind: Literal["campaign"] = "campaign"
    platform: str  # messenger they name
    awareness_rate: Rate  # hazard of hearing of it [1/day]
    trial_rate: Rate = 0.0  # hazard of trying it, once aware [1/day]


class Onboarding(Window):
    """Help with adopting a platform: relatives and volunteers set it up for others."""

    kind: Literal["onboarding"] = "onboarding"
    platform: str  # messenger that is set up
    help: Utils  # added to the value of adopting it [utils]


class Trend(Window):
    """A drift of a platform's stand-alone value: a declared trend, not an explanation."""

    kind: Literal["trend"] = "trend"
    platform: str  # messenger that drifts
    rate: float = Field(ge=-10, le=10)  # of the drift [utils/year]


class VpnBlocking(Window):
    """VPN services and protocols are blocked: the efficacy of VPNs erodes and is repaired."""

    kind: Literal["vpn_blocking"] = "vpn_blocking"
    rate: Rate  # erosion of efficacy [1/day]


class VpnFine(Window):
    """Fines, checks, charges and sites that refuse VPNs: a VPN costs more."""

    kind: Literal["vpn_fine"] = "vpn_fine"
    cost: Annotated[float, Field(ge=0, le=10)]  # added to the cost of a VPN [utils]


class VpnSupport(Window):
    """Help with circumvention: easier set-up, and blocked servers replaced faster."""

    kind: Literal["vpn_support"] = "vpn_support"
    help: Annotated[float, Field(ge=0, le=10)]  # subtracted from the cost of a VPN [utils]
    repair_rate: Rate = 0.0  # on top of ``behaviour.vpn_repair`` [1/day]


class Shock(Strict):
    """Log-likelihood ratios by type: how much more likely the news is if the state reads."""

    state_averse: Utils  # of those averse to the state [log-odds]
    indifferent: Utils  # of those who do not mind [log-odds]
    foreign_averse: Utils  # of those averse to foreign platforms [log-odds]

    def by_type(self) -> tuple[float, float, float]:
        """Return the ratios of types -1, 0, +1 [log-odds]."""
        return self.state_averse, self.indifferent, self.foreign_averse


class Story(Window):
    """News that spreads: a shock to beliefs about a platform, heard once by each user."""

    platform: str  # messenger it is about
    shock: Shock  # [log-odds]
    awareness_rate: Rate  # hazard of hearing it from media [1/day]
    contact_rate: Rate = 0.0  # hazard of hearing it from a contact who has [1/day]


class InformationEvent(Story):
    """A news story, a leak, an arrest, a platform's warning to its users."""

    kind: Literal["information_event"] = "information_event"
    audience: tuple[str, ...] = ()  # media reach users of these platforms; none: everybody


class Compliance(Story):
    """A platform complies with the law: the state reads it, restrictions fall, the news spreads.

    With `lost_users` it complies once its daily reach has fallen by that share since the start of
    the run, at the earliest on `start`; otherwise on `start`.
    """

    kind: Literal["compliance"] = "compliance"
    degree: Share = 1.0  # share of communication opened to the state [1]
    relief: Share = 1.0  # share of the restrictions on it that falls [1]
    lost_users: Share | None = None  # of daily reach at the start that has to be lost first [1]


class Moderation(Window):
    """Effort against abuse on a platform; on cellular: labels for unknown callers."""

    kind: Literal["moderation"] = "moderation"
    platform: str  # messenger or cellular
    effort: Share  # share of so far successful attempts that is stopped [1]


class BankDelay(Window):
    """Banks delay suspicious transfers: fewer losses, as many attempts."""

    kind: Literal["bank_delay"] = "bank_delay"
    prevented: Share  # share of losses [1]


Policy = Annotated[
    Restriction
    | Shutdown
    | RegistrationGate
    | Mandate
    | GroupMove
    | Preinstallation
    | Campaign
    | Onboarding
    | Trend
    | VpnBlocking
    | VpnFine
    | VpnSupport
    | InformationEvent
    | Compliance
    | Moderation
    | BankDelay,
    Field(discriminator="kind"),
]


def platforms_of(policy: Policy) -> tuple[str, ...]:
    """Return the platforms that `policy` names."""
    match policy:
        case Restriction() | RegistrationGate():
            return policy.platforms
        case Shutdown():
            return policy.whitelist
        case InformationEvent():
            return (policy.platform, *policy.audience)
        case VpnBlocking() | VpnFine() | VpnSupport() | BankDelay():
            return ()
        case _:
            return (policy.platform,)
