"""Own rules, registered from outside the package (docs/howto_rule.md).

A registered rule acts on every user at the end of a step: after the rules of the package and what
pairs agreed on, before others see what has changed. Like every rule it writes to its own user
alone, and draws random numbers by address, so that both engines give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any

import numpy as np

from sim.base.errors import ConfigError
from sim.kernel.arrays import U64
from sim.kernel.compiled import names_read, own_loop, own_rule
from sim.kernel.rng import purpose_key, step_key
from sim.rules.packed_state import publish_user
from sim.rules.records import Environment, PublicState, Record, Records, records

_REGISTERED: dict[str, OwnRule] = {}


class OwnRule:
    """A registered rule; `register_rule` makes it.

    Attributes
    ----------
    parameters : dict of str to float
        Present values; `set` changes them.
    act : callable
        The compiled function.
    loop : callable
        The compiled loop of it over users, which publishes them.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., None],
        parameters: Mapping[str, float],
        state: Iterable[tuple[str, str]],
        draws: tuple[str, ...],
    ) -> None:
        self.name, self.draws = name, draws
        self.parameters = dict(parameters)
        self.dtype = _dtype(state)
        self.act = own_rule(function)
        self.loop = own_loop(_loop_of(self.act))

    def set(self, **values: float) -> None:
        """Change parameters, for the runs that begin from now on.

        Raises
        ------
        ConfigError
            If the rule has no such parameter, or a value is no finite number.
        """
        for name, value in values.items():
            key, known = f"{self.name}.{name}={value!r}", ", ".join(self.parameters)
            if name not in self.parameters:
                raise ConfigError(f"{key}: allowed: {known or 'no parameter'}")
            if not isinstance(value, int | float) or not isfinite(value):
                raise ConfigError(f"{key}: allowed: a finite number")
        self.parameters |= values

    def unregister(self) -> None:
        """Take the rule out of all runs that begin from now on."""
        _REGISTERED.pop(self.name, None)

    def own_state(self, n_users: int) -> Records:
        """Return the rule's own state of all users, all fields 0."""
        return records(self.dtype, n_users)

    def own_params(self) -> Record:
        """Return the present values of the parameters, as the function reads them."""
        values = records(_dtype((name, "f8") for name in self.parameters), 1)[0]
        for name, value in self.parameters.items():
            values[name] = value
        return values

    def base_keys(self, seed: int, replication: int) -> tuple[np.uint64, ...]:
        """Return the base key of each purpose in ``draws``."""
        return tuple(
            purpose_key(seed, replication, f"own.{self.name}.{draw}") for draw in self.draws
        )


class OwnRuleOfRun:
    """A registered rule with the parameters and keys of one run."""

    def __init__(self, own: OwnRule, seed: int, replication: int) -> None:
        self.name, self.act, self.loop, self.own_state = own.name, own.act, own.loop, own.own_state
        self.params = own.own_params()
        self._bases = own.base_keys(seed, replication)

    def keys(self, step: int) -> U64:
        """Return the keys of the purposes in `step`, shape (n draws,)."""
        return np.array([step_key(base, step) for base in self._bases], np.uint64)


def register_rule(
    name: str,
    function: Callable[..., None],
    *,
    parameters: Mapping[str, float] | None = None,
    state: Iterable[tuple[str, str]] = (),
    draws: tuple[str, ...] = (),
) -> OwnRule:
    """Register an own rule; from now on it acts in all runs of this process, with both engines.

    A rule of the same name that was registered before gives way to it.

    Parameters
    ----------
    name : str
        Part of the addresses of its random numbers. The manifest of a run names it.
    function : callable
        ``function(i, user, own, values, env, params, keys)``, plain Python that numba can compile:
        row and record of the user (`sim.rules.records.USER`), its own state, values of the
        parameters, what is in force (`Environment`), the parameters of the package (``PARAMS``),
        and the keys of ``draws`` in their order, for `sim.kernel.rng.uniform`.
    parameters : mapping of str to float, optional
        Defaults by name; `OwnRule.set` changes them.
    state : iterable of (str, str)
        Fields of the own state of a user, 0 at the start: name and type in numpy.
    draws : tuple of str
        Purposes of random numbers.

    Raises
    ------
    ConfigError
        If the name is no identifier, or nothing reads one of the parameters.
    """
    if not name.isidentifier():
        raise ConfigError(f"rule {name!r}: allowed: letters, digits and underscores")
    own = OwnRule(name, function, {}, state, draws)
    own.parameters = dict.fromkeys(parameters or {}, 0.0)
    own.set(**(parameters or {}))
    if unread := own.parameters.keys() - names_read(function):
        raise ConfigError(
            f"rule {name!r}: nothing reads {', '.join(sorted(unread))}; "
            "allowed: parameters that the function reads as values.NAME"
        )
    _REGISTERED[name] = own
    return own


def registered_rules() -> tuple[OwnRule, ...]:
    """Return the registered rules in the order in which they act."""
    return tuple(_REGISTERED.values())


def refuse_registered_rules(where: str, allowed: str) -> None:
    """Refuse registered rules where processes would start without them.

    Parameters
    ----------
    where, allowed : str
        The setting that starts such processes, and what may be set instead.

    Raises
    ------
    ConfigError
        If a rule is registered; with its name.
    """
    if names := ", ".join(_REGISTERED):
        raise ConfigError(f"{where} with registered rules ({names}); allowed: {allowed}")


def described_rules() -> dict[str, dict[str, float]]:
    """Return the parameters of all registered rules by name, as a manifest keeps them."""
    return {own.name: dict(own.parameters) for own in registered_rules()}


def _dtype(fields: Iterable[tuple[str, str]]) -> np.dtype[Any]:
    """Return a record of some fields; numba needs one at least."""
    return np.dtype(list(fields) or [("none", "u1")], align=True)


def _loop_of(act: Callable[..., None]) -> Callable[..., None]:
    """Return the loop of a rule over some users."""

    def loop(
        first: int, last: int, users: Records, own: Records, values: Record, env: Environment,
        params: Record, keys: U64, public: PublicState,
    ) -> None:  # fmt: skip
        for i in range(first, last):
            act(i, users[i], own[i], values, env, params, keys)
            publish_user(i, users[i], public, params)

    return loop
