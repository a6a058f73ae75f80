"""Request of a sweep: its design, executor and folder."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pandas as pd
from pydantic import Field, ValidationError

from sim.base.errors import ConfigError
from sim.base.strict import Strict, kinds
from sim.base.timestamps import folder_name
from sim.config.compose import load_sweep_tree
from sim.config.conf import names
from sim.config.sim_config import SimConfig
from sim.sweeps.cost import cost_of_runs, described
from sim.sweeps.design import Design
from sim.sweeps.executors import Executor
from sim.sweeps.folder import SweepFolder
from sim.sweeps.outcomes import check_outcomes
from sim.sweeps.points import Points


class ExecutionOptions(Strict):
    """ExecutionOptions of the runs of a sweep, as set by ``executor=NAME KEY=VALUE ...``."""

    executor: Executor
    folder: str | None = None
    max_failures: int | None = Field(default=None, ge=0)

    @classmethod
    def of(cls, overrides: Sequence[str]) -> Self:
        """Compose conf/sweep.yaml with `overrides`.

        Raises
        ------
        ConfigError
            If a name, key or value is not allowed.
        """
        return cls.read(load_sweep_tree(*overrides))

    @classmethod
    def read(cls, tree: dict[str, Any]) -> Self:
        """Read a composed conf/sweep.yaml.

        Raises
        ------
        ConfigError
            If a key or value is not allowed.
        """
        try:
            return cls.model_validate_json(json.dumps(tree))
        except ValidationError as error:
            raise ConfigError("\n".join(_line(problem) for problem in error.errors())) from None


class Request(ExecutionOptions):
    """A sweep as set by ``design=NAME executor=NAME KEY=VALUE ...``."""

    design: Design

    def with_design(self, **changes: Any) -> Request:
        """Return the request with some fields of its design changed and checked.

        Raises
        ------
        ConfigError
            If the design so changed is not allowed.
        """
        changed = self.model_copy(update={"design": self.design.model_copy(update=changes)})
        return Request.read(changed.model_dump(mode="json"))

    def begin(self, name: str) -> SweepFolder:
        """Check every run of the design, then lay down its folder.

        Parameters
        ----------
        name
            Of the design.

        Raises
        ------
        ConfigError
            If a run would be refused, does not fit in memory, or the folder is in use.
        """
        runs, points, largest = self._checked()
        path = Path(self.folder or f"outputs/sweeps/{name}/{folder_name()}")
        return SweepFolder.new(
            path, self.design, points, runs, largest.population.n_users * largest.n_steps
        )

    def rehearse(self) -> str:
        """Check every run of the design, run nothing, and say what they would cost.

        Raises
        ------
        ConfigError
            If a run would be refused, or does not fit in memory.
        """
        runs, _, largest = self._checked()
        starts = runs["point"].nunique()
        return described(cost_of_runs(largest, len(runs), starts), self.executor)

    def _checked(self) -> tuple[pd.DataFrame, Points, SimConfig]:
        runs = self.design.runs()
        points = Points.compose(self.design)
        largest = points.check(runs)
        check_outcomes(largest, self.design.groups)
        self.executor.check([largest])
        return runs, points, largest


def design_name(overrides: Sequence[str]) -> str:
    """Return the name of the design that was chosen."""
    chosen = [o.partition("=")[2] for o in overrides if re.match(r"\+?design=", o)]
    return chosen[-1] if chosen else "none"


def _line(problem: object) -> str:
    """Say what is wrong with which key."""
    assert isinstance(problem, dict)
    key = ".".join(str(part) for part in problem["loc"] if part not in kinds(Executor))
    if key == "design" and problem["type"] == "missing":
        return f"design=NAME is missing; allowed: {', '.join(names('design'))}"
    value, message = problem["input"], problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return f"{key}: unknown key"
    shown = "" if isinstance(value, dict) else f"={value}"
    return f"{key}{shown}: {message[0].lower()}{message[1:]}"
