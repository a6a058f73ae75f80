"""The complete configuration of a run: equal configurations give equal bits."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from sim.base.errors import ConfigError
from sim.base.strict import Strict
from sim.config.abuse import AbuseKind
from sim.config.case import CaseConfig
from sim.config.consistency import file_problems, platform_problems
from sim.config.output import OutputConfig
from sim.config.parameters import Behaviour
from sim.config.platforms import CELLULAR, Platform
from sim.config.settings import NetworkConfig, PopulationConfig
from sim.policies.checks import policy_problems
from sim.policies.policy import Policy
from sim.policies.registry import AnyPolicy
from sim.policies.window import Date, Span
from sim.rules.ceilings import (
    KINDS,
    MESSENGERS,
    SEGMENTS,
    STORIES,
    ceiling_problems,
    tiles_for,
)

AGENT_LIMIT = 100_000  # more Mesa agents are too slow to be useful
MOST_STEPS = 100_000  # hours of eleven years
DRAWS_LIMIT = 50_000  # users; every replication keeps its own start in memory
TAKEN = ("", "all", "any", "none")  # reserved: no platform or region may have these names
EngineName = Literal["compiled", "mesa", "mpi"]


class EngineConfig(Strict):
    """The engine that takes users through a step; all engines give the same bits."""

    name: EngineName = "compiled"  # compiled: fast; mesa: Mesa agents; mpi: all ranks of mpirun
    threads: int | None = Field(default=None, ge=1, le=1024)  # null: all cores
    checkpoint_minutes: float = Field(default=10.0, gt=0, le=1440)  # between checkpoints [min]


class SimConfig(Strict):
    """A scenario in a case, with its counterfactuals."""

    __iter__ = None  # type: ignore[assignment] # one value, for mesa.batch_run as well

    scenario: str = "baseline"  # from +scenario=NAME
    seed: int = Field(default=1, ge=0, lt=2**63)  # of society and of all random numbers
    replications: int = Field(default=8, ge=1, le=100_000)  # runs of the same society [1]
    start: Date = dt.date(2025, 6, 2)  # first day of the run
    dur_days: float = Field(default=364, gt=0, le=3660)  # a whole number of steps [days]
    step_days: float = Field(default=7, gt=0, le=31)  # length of a step [days]
    parameters: Literal["defaults", "posterior"] = "defaults"  # posterior: a draw a replication
    compare_to: tuple[str, ...] = ()  # scenarios that effects are taken against
    case: CaseConfig
    population: PopulationConfig
    network: NetworkConfig
    platforms: dict[str, Platform]
    left_out: tuple[str, ...] = ()  # platforms of the case, by ~platforms.NAME
    held: tuple[str, ...] = ()  # parameters that no replication draws, as an override sets them
    from_kinds: tuple[str, ...] = ()  # keys whose values are those of a kind of platform
    behaviour: Behaviour = Behaviour()
    abuse: dict[str, AbuseKind] = Field(default={})
    engine: EngineConfig = EngineConfig()
    output: OutputConfig = OutputConfig()
    policies: dict[str, AnyPolicy] = Field(default={})
    counterfactuals: dict[str, dict[str, AnyPolicy]] = Field(default={})  # by name
    _tiles: int = PrivateAttr(1)

    @property
    def tiles(self) -> int:
        """Return the tiles of messengers in the records of its runs (sim/rules/ceilings.py).

        Counterfactuals have as many as their scenario, whose start they share.
        """
        return self._tiles

    @property
    def messengers(self) -> tuple[str, ...]:
        """Return the platforms that have to be installed, in their order."""
        return tuple(name for name in self.platforms if name != CELLULAR)

    @property
    def carriers(self) -> tuple[str, ...]:
        """Return all platforms that carry communication: the messengers, then cellular."""
        return (*self.messengers, CELLULAR)

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the names of the regions, in their order."""
        return tuple(self.population.regions)

    @property
    def n_steps(self) -> int:
        """Return the number of steps of a run."""
        return round(self.dur_days / self.step_days)

    @property
    def standing(self) -> dict[str, Policy]:
        """Return the policies under which the start is solved, as if never lifted."""
        return _standing(self.policies)

    def step_begins(self, step: int) -> dt.datetime:
        """Return when a step (from 0) begins; steps need not be whole days."""
        midnight = dt.datetime.combine(self.start, dt.time())
        return midnight + dt.timedelta(days=step * self.step_days)

    def step_span(self, step: int) -> Span:
        """Return begin and end of a step (from 0) [days since `start`], and `start`."""
        return step * self.step_days, (step + 1) * self.step_days, self.start

    @property
    def end(self) -> dt.date:
        """Return the first day after the run, which may end within a day."""
        return self.start + dt.timedelta(days=math.ceil(round(self.dur_days, 6)))

    def counterfactual(self, name: str) -> SimConfig:
        """Return the same configuration with the policies of scenario `name`, compared with it.

        Raises
        ------
        ConfigError
            If `name` is not in `compare_to`.
        """
        if name not in self.counterfactuals:
            known = ", ".join(self.counterfactuals) or "none"
            raise ConfigError(f"counterfactual={name}: not in compare_to; allowed: {known}")
        return self.model_copy(
            update={
                "scenario": name,
                "policies": self.counterfactuals[name],
                "compare_to": (self.scenario,),
                "counterfactuals": {self.scenario: self.policies},
            }
        )

    def with_policies(self, **policies: Policy) -> SimConfig:
        """Return the same configuration with more policies, or others of the same names.

        Parameters
        ----------
        **policies : Policy
            By name, of a registered kind; counterfactuals do not get them.

        Raises
        ------
        ConfigError
            If a kind is unknown, or a policy does not fit the configuration.
        """
        values = {name: getattr(self, name) for name in SimConfig.model_fields}
        try:
            return SimConfig.model_validate(values | {"policies": {**self.policies, **policies}})
        except ValidationError as error:
            problems = (p["msg"].removeprefix("Value error, ") for p in error.errors())
            raise ConfigError("\n".join(problems)) from None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*file_problems(self.case, self.population.ages, self.network)]
        problems += [*_size_problems(self), *_time_problems(self)]
        problems += platform_problems(self.case, self.platforms, self.abuse, self.start)
        problems += [*_name_problems(self), *_ceilings(self)]
        for name, policies in {"": self.policies, **self.counterfactuals}.items():
            where = f"counterfactuals.{name}." if name else "policies."
            problems += [where + p for p in policy_problems(self, policies)]
        problems += _standing_problems(self)
        if problems:
            raise ValueError("\n".join(problems))
        self._tiles = tiles_for(_held(self))
        return self


def _held(config: SimConfig) -> dict[str, int]:
    """Return how much a run holds of what tiles have room for."""
    worlds = (config.policies, *config.counterfactuals.values())
    return {
        MESSENGERS: len(config.messengers),
        SEGMENTS: len(config.population.segments),
        KINDS: len(config.abuse),
        STORIES: max(sum(policy.news() is not None for policy in one.values()) for one in worlds),
    }


def _ceilings(config: SimConfig) -> Iterator[str]:
    """Yield what a run has no room for; stories are among the problems of policies."""
    keys = {MESSENGERS: "platforms", SEGMENTS: "population.segments", KINDS: "abuse"}
    held = _held(config)
    for what, key in keys.items():
        yield from (f"{key}: {problem}" for problem in ceiling_problems({what: held[what]}))


def _standing(policies: Mapping[str, Policy]) -> dict[str, Policy]:
    lasting = {"stop": None}
    return {
        name: policy.model_copy(update=lasting)
        for name, policy in policies.items()
        if policy.standing
    }


def _standing_problems(config: SimConfig) -> Iterator[str]:
    """Yield worlds to compare with that would have to start otherwise."""
    for name, policies in config.counterfactuals.items():
        ours, theirs = config.standing, _standing(policies)
        for policy in sorted(ours.keys() | theirs.keys()):
            if ours.get(policy) != theirs.get(policy):
                yield (
                    f"policies.{policy}.standing=true: not so in {name}, which has the same "
                    "start; allowed: in conf/case, for all scenarios, of which some give its stop"
                )


def _size_problems(config: SimConfig) -> Iterator[str]:
    """Yield settings that do not fit the number of users."""
    n, degree = config.population.n_users, getattr(config.network, "mean_degree", 0)
    if config.parameters == "posterior" and n > DRAWS_LIMIT:
        yield f"population.n_users={n} with parameters=posterior; allowed: up to {DRAWS_LIMIT}"
    if config.engine.name == "mesa" and n > AGENT_LIMIT:
        yield (
            f"population.n_users={n} with engine=mesa; "
            f"allowed: up to {AGENT_LIMIT}, or engine=compiled"
        )
    if degree >= n:
        yield (
            f"network.mean_degree={degree} with population.n_users={n}; "
            "allowed: fewer ties than users"
        )


def _time_problems(config: SimConfig) -> Iterator[str]:
    steps = config.dur_days / config.step_days
    if abs(steps - round(steps)) > 1e-9 or round(steps) < 1:
        yield (
            f"dur_days={config.dur_days:g} must be a whole number of steps of "
            f"step_days={config.step_days:g}"
        )
    if round(steps) > MOST_STEPS:
        yield (
            f"step_days={config.step_days:g}: {steps:.3g} steps in dur_days={config.dur_days:g}; "
            f"allowed: up to {MOST_STEPS}"
        )
    b = config.behaviour
    for name in ("install_rate", "drop_rate"):
        if getattr(b, name) * config.step_days > 0.43:  # 1 - exp(-0.43) = 0.35
            yield (
                f"behaviour.{name}={getattr(b, name):g} with step_days={config.step_days:g}: "
                "more than 35 % of users would revise in one step; allowed: "
                f"{name} * step_days <= 0.43"
            )


def _name_problems(config: SimConfig) -> Iterator[str]:
    """Yield names that are duplicate, or reserved in tables and policies."""
    for name in dict.fromkeys(config.compare_to):
        if name == config.scenario or config.compare_to.count(name) > 1:
            yield f"compare_to={name}: the scenario itself or named twice; allowed: others, once"
    for key, names in (("platforms", config.platforms), ("population.regions", config.regions)):
        for name in names:
            if name.strip() in TAKEN:
                yield f"{key}.{name}: allowed: other names than {', '.join(filter(None, TAKEN))}"
    labels = [config.platforms[name].label for name in config.messengers]
    for name, label in zip(config.messengers, labels, strict=True):
        if not label.strip() or labels.count(label) > 1:
            yield f"platforms.{name}.label={label}: allowed: text that no other platform has"
