"""The configuration of a run of a design: composed once, set for each point, checked whole."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pandas as pd

from sim.base.errors import ConfigError
from sim.config.compose import load_tree
from sim.config.keys import GROUPS, set_key
from sim.config.sim_config import SimConfig
from sim.config.validation import OURS, validate
from sim.sweeps.design import Design, Level

Tree = dict[str, Any]


class Points:
    """Gives the configuration of any point of a design in any of its scenarios.

    Composing takes a tenth of a second, which is more than a small run takes: a tree is composed
    once for each scenario and choice of files in conf/ (``network: {levels: [...]}``); all other
    factors set values in a copy of it. What a factor sets in a policy holds wherever that policy
    is.

    Parameters
    ----------
    trees
        As `compose` made them; kept with the sweep, so that a later change of conf/ does not
        reach runs that are yet to come.
    """

    def __init__(self, design: Design, trees: Mapping[str, Tree]) -> None:
        self._design, self.trees = design, trees

    @classmethod
    def compose(cls, design: Design) -> Points:
        """Compose what the runs of a design start from.

        Raises
        ------
        ConfigError
            If an override, a scenario or a choice is not allowed.
        """
        choices = {
            key: factor.levels or () for key, factor in design.factors.items() if key in GROUPS
        }
        trees = {}
        for scenario in design.scenarios:
            for levels in itertools.product(*choices.values()):
                name = _name(scenario, dict(zip(choices, levels, strict=True)))
                tree = load_tree(*name.split(), *design.overrides)
                if tree["parameters"] != "defaults":
                    raise ConfigError(
                        "parameters=posterior: a point of a sweep has one value of each; "
                        "allowed: method=table with the draws as points"
                    )
                trees[name] = tree | {"compare_to": [], "counterfactuals": {}, "replications": 1}
        return cls(design, trees)

    def config(self, values: Mapping[str, Level], scenario: str) -> SimConfig:
        """Return the configuration of a run, a single replication of it.

        Raises
        ------
        ConfigError
            If a key, a value or a combination is not allowed.
        """
        tree = deepcopy(self.trees[_name(scenario, values)])
        for key, value in values.items():
            if key not in GROUPS:
                for each in self._design.tied(key):
                    _set(tree, each, value)
        return validate(tree)

    def check(self, runs: pd.DataFrame) -> SimConfig:
        """Refuse a design of which any run would be refused; return the largest configuration.

        Raises
        ------
        ConfigError
            With the point, its values and what is wrong.
        """
        self._check_keys()
        largest: SimConfig | None = None
        for row in runs[runs["replication"] == 0].to_dict("records"):
            values = {key: row[key] for key in self._design.keys}
            try:
                config = self.config(values, row["scenario"])
            except ConfigError as error:
                setting = ", ".join(f"{key}={value}" for key, value in values.items())
                raise ConfigError(f"{row['scenario']} at {setting}:\n{error}") from None
            if largest is None or config.population.n_users > largest.population.n_users:
                largest = config
        assert largest is not None
        return largest

    def _check_keys(self) -> None:
        """Refuse a factor that sets a policy which none of the scenarios has."""
        known = {name for tree in self.trees.values() for name in tree["policies"]}
        factors = self._design.factors.items()
        for name, factor in factors:
            if factor.also and name in GROUPS:
                raise ConfigError(
                    f"factors.{name}.also: not allowed for a factor that chooses files"
                )
        for key in (each for name, factor in factors for each in (name, *factor.also)):
            path = key.split(".")
            if path[0] == "policies" and path[1:2] and path[1] not in known:
                scenarios = ", ".join(self._design.scenarios)
                raise ConfigError(
                    f"factors.{key}: no policy {path[1]} in {scenarios}; "
                    f"allowed: {', '.join(sorted(known)) or 'none there'}"
                )


def _name(scenario: str, values: Mapping[str, Level]) -> str:
    """Return the overrides that lead to a tree."""
    choices = (f"{key}={value}" for key, value in values.items() if key in GROUPS)
    return " ".join([f"+scenario={scenario}", *choices])


def _set(tree: Tree, key: str, value: Level) -> None:
    """Set a value; in a policy that the scenario lacks, do nothing."""
    try:
        set_key(tree, key, value)  # whether there is such a key, the typed models know
    except KeyError as error:
        path = str(error.args[0])
        node: Any = tree
        for part in path.split(".")[:-1]:
            node = node[part]
        known = [name for name in node if isinstance(node[name], dict) and name not in OURS]
        raise ConfigError(f"{path}: no such group of keys; allowed: {', '.join(known)}") from None
