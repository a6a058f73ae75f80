"""The controls of the live app: their settings, and the overrides that each setting stands for.

The settings of a control are overrides as on the command line, so `sim.load_config` refuses what
cannot be run. The first setting leaves the scenario as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sim.config.compose import load_config
from sim.policies.policy import Policy

Policies = Mapping[str, Policy]  # by name, as the scenario plans them
Setting = Callable[[Policies], list[str]]  # the overrides that make it so
AS_PLANNED = "as planned"
ADDED = "+policy="


class Control(NamedTuple):
    """Something that a user of the app can change in a scenario."""

    label: str
    sentence: str
    settings: dict[str, Setting]
    idle: str  # reason why it changes nothing, where it does not


def _grade(grade: float) -> Setting:
    """Set the share of calls that fail wherever the scenario restricts calls."""

    def overrides(policies: Policies) -> list[str]:
        return [
            f"policies.{name}.grade={grade:g}"
            for name, policy in policies.items()
            if (failure := policy.restricts()) and "call" in failure.channels
        ]

    return overrides


def _unpromoted(policies: Policies) -> list[str]:
    return [f"~policies.{name}" for name, policy in policies.items() if policy.promotion_rates()]


def _promotion(strength: float) -> Setting:
    """Multiply every rate of the promotion."""

    def overrides(policies: Policies) -> list[str]:
        return [
            f"policies.{name}.{rate}={strength * getattr(policy, rate):g}"
            for name, policy in policies.items()
            for rate in policy.promotion_rates()
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


def _uncompliant(policies: Policies) -> list[str]:
    return [f"~policies.{name}" for name, policy in policies.items() if policy.lifts()]


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
        "Promotion and mandates of Max",
        "How fast institutions demand the state's app, phones come with it and media name it; "
        "none: nobody promotes it.",
        {
            AS_PLANNED: _planned, "none": _unpromoted, "half as fast": _promotion(0.5),
            "twice as fast": _promotion(2.0), "four times as fast": _promotion(4.0),
        },
        "the scenario does not promote Max",
    ),
    "vpn": Control(
        "VPNs",
        "A VPN gets around restrictions: help makes it easier from 13 August 2025, blocking "
        "makes VPNs fail from 1 October 2025.",
        {
            AS_PLANNED: _planned, "helped": _with("vpn_support"),
            "blocked": _with("vpn_blocking", "start=2025-10-01", "stop=null", "rate=0.1"),
        },
        "the scenario already does the same",
    ),
    "compliance": Control(
        "Platforms comply",
        "From 15 December 2025 a platform complies with local law: its calls and messages work "
        "again, and the state reads them.",
        {
            AS_PLANNED: _planned,
            "nobody complies": _uncompliant, "WhatsApp complies": _WHATSAPP,
            "Telegram complies": _TELEGRAM, "both comply": _each(_WHATSAPP, _TELEGRAM),
        },
        "the scenario already does the same",
    ),
}  # fmt: skip


def overrides(scenario: str, chosen: Mapping[str, str], *society: str) -> list[str]:
    """Return the overrides of a scenario with its controls set.

    Parameters
    ----------
    scenario : str
    chosen : mapping of str
        Setting by control; controls that are left out stay as planned.
    *society : str
        Overrides that hold for all settings.

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
    """Say why a control changes nothing in a scenario; return "" where it does.

    Raises
    ------
    ConfigError
        If the changed scenario cannot be run.
    """
    control, planned = CONTROLS[name], load_config(*society, f"+scenario={scenario}").policies
    moves = any(one(planned) for one in control.settings.values())
    changed = load_config(*overrides(scenario, {name: setting}, *society)).policies
    if moves and (setting == AS_PLANNED or changed != planned):
        return ""
    return f"No effect here: {control.idle}."
