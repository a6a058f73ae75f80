"""What policies may know of a run: the part of its configuration that their checks read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol

from sim.policies.window import Window


class Carrier(Protocol):
    """A platform."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the channels that it offers."""


class People(Protocol):
    """The population: its keys by region, segment and age band."""

    @property
    def regions(self) -> Mapping[str, float]:
        """Return the share of each region."""

    @property
    def segments(self) -> Mapping[str, Any]:
        """Return the segments by name."""

    @property
    def chats(self) -> Mapping[str, Any]:
        """Return the group chats by segment."""

    @property
    def no_internet(self) -> Mapping[str, float]:
        """Return the share without internet by age band."""

    @property
    def no_smartphone(self) -> Mapping[str, float]:
        """Return the share of the others without a smartphone by age band."""


class Vpns(Protocol):
    """The parameters of VPNs."""

    @property
    def vpn_efficacy(self) -> float:
        """Return the efficacy that is reached without blocking [1]."""

    @property
    def vpn_repair(self) -> float:
        """Return the rate at which blocked VPNs are replaced [1/day]."""


class RunContext(Protocol):
    """A run as policies see it; `sim.config.sim_config.SimConfig` is one."""

    @property
    def start(self) -> dt.date:
        """Return the first day of the run."""

    @property
    def end(self) -> dt.date:
        """Return the first day after the run."""

    @property
    def messengers(self) -> tuple[str, ...]:
        """Return the messengers in their order."""

    @property
    def carriers(self) -> tuple[str, ...]:
        """Return the messengers, then cellular."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions in their order."""

    @property
    def platforms(self) -> Mapping[str, Carrier]:
        """Return the platforms by name."""

    @property
    def population(self) -> People:
        """Return the population."""

    @property
    def behaviour(self) -> Vpns:
        """Return the parameters of behaviour."""

    @property
    def policies(self) -> Mapping[str, Window]:
        """Return the policies of the scenario by name."""
