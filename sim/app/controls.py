"""The levers of the live app: what one can set, and the overrides that do it.

A lever says nothing of its own about the model: its settings are overrides as on the command line,
so `sim.load_config` refuses what cannot be run. Its first setting leaves the scenario as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sim.config.compose import load_config
from sim.config.policies import (
    Campaign,
    Compliance,
    GroupMove,
    Mandate,
    Policy,
    Preinstallation,
    Restriction,
)

Policies = Mapping[str, Policy]  # by name, as the scenario plans them
Setting = Callable[[Policies], list[str]]  # the overrides that make it so
AS_PLANNED = "as planned"
ADDED = "+policy="


class Control(NamedTuple):
    """What one can change in a scenario."""

    label: str
    sentence: str
    settings: dict[str, Setting]
    idle: str  # why it moves nothing, in scenarios in which it does not


def _grade(grade: float) -> Setting:
    """Set the share of calls that fail wherever the scenario restricts calls."""

    def overrides(policies: Policies) -> list[str]:
        return [
            f"policies.{name}.grade={grade:g}"
            for name, policy in policies.items()
            if isinstance(policy, Restriction) and policy.channel != "message"
        ]

    return overrides


def _is_push(policy: Policy) -> bool:
    if isinstance(policy, GroupMove):
        return policy.by == "order"
    return isinstance(policy, Mandate | Preinstallation | Campaign)


def _unpushed(policies: Policies) -> list[str]:
    return [f"~policies.{name}" for name, policy in policies.items() if _is_push(policy)]


def _push(strength: float) -> Setting:
    """Multiply every rate of the push."""

    def overrides(policies: Policies) -> list[str]:
        return [
            f"policies.{name}.{rate}={strength * getattr(policy, rate):g}"
            for name, policy in policies.items()
            if _is_push(policy)
            for rate in ("rate", "awareness_rate", "trial_rate")
            if hasattr(policy, rate)
        ]

    return overrides


def _with(name: str, *changes: str) -> Setting:
    """Add a policy of conf/policy, if the scenario has none of its name; change its values."""

    def overrides(policies: Policies) -> list[str]:
        added = [] if name in policies else [f"{ADDED}{name}"]
        return [*added, *(f"policies.{name}.{change}" for change in changes)]

    return overrides


def _each(*settings: Setting) -> Setting:
    return lambda policies: [one for setting in settings for one in setting(policies)]


def _disobedient(policies: Policies) -> list[str]:
    return [f"~policies.{name}" for name, p in policies.items() if isinstance(p, Compliance)]


def _planned(policies: Policies) -> list[str]:  # noqa: ARG001
    return []


_WHATSAPP = _with("whatsapp_compliance", "start=2025-12-15", "lost_users=null")
_TELEGRAM = _with("telegram_compliance", "start=2025-12-15", "lost_users=null")

CONTROLS = {
    "calls": Control(
        "Restriction of calls",
        "The share of calls that fail on the messengers whose calls the scenario restricts "
        "(where it blocks them altogether, messages fail with the calls).",
        {
            AS_PLANNED: _planned, "none fail": _grade(0.0), "one in four fails": _grade(0.25),
            "half fail": _grade(0.5), "three in four fail": _grade(0.75), "all fail": _grade(1.0),
        },
        "the scenario restricts no calls",
    ),
    "push": Control(
        "Push of Max",
        "How fast institutions demand the state's app, phones come with it and media name it; "
        "none: nobody pushes it.",
        {
            AS_PLANNED: _planned, "none": _unpushed, "half as fast": _push(0.5),
            "twice as fast": _push(2.0), "four times as fast": _push(4.0),
        },
        "nothing is pushed in the scenario",
    ),
    "vpn": Control(
        "VPNs",
        "A VPN gets around restrictions: help makes it easier from 13 August 2025, blocking wears "
        "it out from 1 October 2025.",
        {
            AS_PLANNED: _planned, "helped": _with("vpn_support"),
            "blocked": _with("vpn_blocking", "start=2025-10-01", "stop=null", "rate=0.1"),
        },
        "the scenario does the same already",
    ),
    "compliance": Control(
        "Platforms obey",
        "From 15 December 2025 a platform obeys local law: its calls and messages work again, and "
        "the state reads them.",
        {
            AS_PLANNED: _planned, "nobody obeys": _disobedient, "WhatsApp obeys": _WHATSAPP,
            "Telegram obeys": _TELEGRAM, "both obey": _each(_WHATSAPP, _TELEGRAM),
        },
        "the scenario does the same already",
    ),
}  # fmt: skip


def overrides(scenario: str, chosen: Mapping[str, str], *society: str) -> list[str]:
    """Return what the command line would be told for a scenario with its levers moved.

    Parameters
    ----------
    scenario : str
    chosen : mapping of str
        Setting by lever; levers left out stay as planned.
    *society : str
        Overrides that hold whatever the levers say.

    Raises
    ------
    ConfigError
        If the scenario itself cannot be run in this society.
    """
    planned = [*society, f"+scenario={scenario}"]
    policies = load_config(*planned).policies
    moved = [o for name, at in chosen.items() for o in CONTROLS[name].settings[at](policies)]
    added = [o.removeprefix(ADDED) for o in moved if o.startswith(ADDED)]
    changes = [o for o in moved if not o.startswith(ADDED)]
    return [*planned, *([f"{ADDED}[{','.join(added)}]"] if added else []), *changes]


def idle(scenario: str, name: str, setting: str, *society: str) -> str:
    """Say why a lever moves nothing in a scenario; nothing where it does.

    Raises
    ------
    ConfigError
        If the scenario so changed cannot be run.
    """
    lever, planned = CONTROLS[name], load_config(*society, f"+scenario={scenario}").policies
    moves = any(one(planned) for one in lever.settings.values())
    changed = load_config(*overrides(scenario, {name: setting}, *society)).policies
    if moves and (setting == AS_PLANNED or changed != planned):
        return ""
    return f"No effect here: {lever.idle}."
