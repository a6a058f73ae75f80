"""Scenarios of a run that are no longer those of their files: what an override changed in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sim.base.errors import ConfigError
from sim.config.compose import policies_as_filed
from sim.config.keys import text
from sim.config.sim_config import SimConfig
from sim.policies.policy import Policy
from sim.policies.registry import AnyPolicy

_POLICIES = TypeAdapter(dict[str, AnyPolicy])


def filed(config: SimConfig, scenario: str) -> dict[str, Policy]:
    """Return the policies of a scenario as its file and the case of a run have them.

    Raises
    ------
    ConfigError
        If there is no such scenario.
    """
    case = Path(config.case.folder) if config.case.folder else None
    return _POLICIES.validate_json(json.dumps(policies_as_filed(scenario, case) or {}))


def changes(config: SimConfig, scenario: str) -> list[str]:
    """Return what differs between a scenario of a run and its file, a clause a policy or key.

    There is nothing to tell of a scenario that has no file (any more).
    """
    worlds = {config.scenario: config.policies, **config.counterfactuals}
    try:
        before = filed(config, scenario)
    except ConfigError:
        return []
    return list(_clauses(before, worlds.get(scenario, before)))


def _clauses(before: Mapping[str, Policy], now: Mapping[str, Policy]) -> Iterator[str]:
    for name in {**before, **now}:
        key = f"policies.{name}"
        if name not in now:
            yield f"{key} is left out"
        elif name not in before:
            yield f"{key} is added"
        elif now[name].kind != before[name].kind:
            yield f"{key}.kind is {now[name].kind} instead of {before[name].kind}"
        else:
            mine, theirs = (one[name].model_dump(mode="json") for one in (now, before))
            yield from (
                f"{key}.{field} is {_told(mine[field])} instead of {_told(theirs[field])}"
                for field in mine
                if mine[field] != theirs[field]
            )


def _told(value: Any) -> str:
    """Return a value as people write it on the command line: 0, not 0.0."""
    return text(value).removesuffix(".0")


def variants(config: SimConfig) -> Iterator[str]:
    """Yield a sentence for each scenario of a run that differs from its file."""
    for name in (config.scenario, *config.compare_to):
        if clauses := changes(config, name):
            yield f"A variant of {name}: {'; '.join(clauses)}."
