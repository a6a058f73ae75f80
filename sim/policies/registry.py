"""The kinds of policies that are known, and how a configuration is turned into them."""

from __future__ import annotations

import json
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field, SerializeAsAny, TypeAdapter, ValidationInfo, WrapValidator

from sim.base.errors import ConfigError
from sim.policies.abuse import BankDelay, Moderation
from sim.policies.circumvention import Proxies, VpnBlocking, VpnFine, VpnSupport
from sim.policies.compliance import Compliance
from sim.policies.going_online import GoingOnline
from sim.policies.information import InformationEvent
from sim.policies.policy import Policy
from sim.policies.price import Price
from sim.policies.promotion import (
    Campaign,
    GroupMove,
    Mandate,
    Onboarding,
    Preinstallation,
    Trend,
)
from sim.policies.restrictions import RegistrationGate, Restriction, Shutdown

SHIPPED = (
    Restriction,
    Shutdown,
    RegistrationGate,
    Price,
    Mandate,
    GroupMove,
    Preinstallation,
    Campaign,
    Onboarding,
    Trend,
    GoingOnline,
    Proxies,
    VpnBlocking,
    VpnFine,
    VpnSupport,
    InformationEvent,
    Compliance,
    Moderation,
    BankDelay,
)
_KINDS: dict[str, type[Policy]] = {}  # by `kind`


def register_policy[P: Policy](policy: type[P]) -> type[P]:
    """Make a kind of policy known; configurations may name it from then on.

    A class that is defined anew, as by a cell of a notebook that runs twice, takes its old place.

    Parameters
    ----------
    policy : subclass of Policy
        With a field ``kind: Literal["NAME"] = "NAME"``.

    Returns
    -------
    The class, so that this can be its decorator.

    Raises
    ------
    ConfigError
        If it has no kind of its own, or another class has it.
    """
    kind = policy.model_fields["kind"].default
    if not isinstance(kind, str):
        raise ConfigError(
            f'{policy.__name__}.kind: missing; allowed: kind: Literal["NAME"] = "NAME"'
        )
    taken = _KINDS.get(kind, policy)
    if (taken.__module__, taken.__qualname__) != (policy.__module__, policy.__qualname__):
        raise ConfigError(f"{policy.__name__}.kind={kind}: taken by {taken.__name__}")
    _KINDS[kind] = policy
    return policy


def unregister_policy(kind: str) -> None:
    """Forget a kind that was registered; configurations may no longer name it."""
    del _KINDS[kind]


for _shipped in SHIPPED:
    register_policy(_shipped)


def policy_kinds() -> dict[str, type[Policy]]:
    """Return the classes of the known kinds by name."""
    return dict(_KINDS)


@cache
def _adapter(kinds: tuple[type[Policy], ...]) -> TypeAdapter[Policy]:
    union: Any = Annotated[reduce(or_, kinds), Field(discriminator="kind")]
    return TypeAdapter(union)


def _of_its_kind(value: Any, _: Any, info: ValidationInfo) -> Policy:
    """Return a policy of the class that its kind names."""
    adapter = _adapter(tuple(_KINDS.values()))
    if info.mode == "json":
        return adapter.validate_json(json.dumps(value))
    return adapter.validate_python(value)


AnyPolicy = Annotated[SerializeAsAny[Policy], WrapValidator(_of_its_kind)]  # of a known kind
