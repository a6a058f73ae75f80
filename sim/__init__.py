"""Who moves, where to, how fast and at what cost, when a state restricts calls in messengers.

``load_config(scenario="call_ban", n_users=500)`` composes a configuration as the command line
does, ``run(config)`` simulates its scenario, ``compare(config)`` the scenario and its
counterfactuals, ``compare(result, other)`` results of several runs. A result has ``answer``,
``effects``, ``plot("reach")`` and ``save(folder)``.
``__all__`` lists the public names; each is imported when it is first used, so that ``import sim``
stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.base.errors import ConfigError as ConfigError
    from sim.commands.collect import collect as collect
    from sim.config.compose import load_config as load_config
    from sim.measures.measure import Measure as Measure
    from sim.measures.registry import register_measure as register_measure
    from sim.model.agents import User as User
    from sim.model.model import MigrationModel as MigrationModel
    from sim.observation.observed import observations as observations
    from sim.observation.residuals import residuals as residuals
    from sim.observation.residuals import score as score
    from sim.plotting.figures import figures as figures
    from sim.plotting.figures import plot as plot
    from sim.policies.policy import Policy as Policy
    from sim.policies.registry import register_policy as register_policy
    from sim.population.graph import Graph as Graph
    from sim.report.comparison import Comparison as Comparison
    from sim.report.facts import fact_table as fact_table
    from sim.report.facts import facts as facts
    from sim.report.page import write_report as write_report
    from sim.report.result import Result as Result
    from sim.report.result import compare as compare
    from sim.report.result import read_result as read_result
    from sim.report.result import run as run
    from sim.report.result import run_to_folder as run_to_folder
    from sim.report.run_folder import save_result as save_result
    from sim.rules.registered import register_rule as register_rule

__version__ = "0.2.0"
__path__.append(str(Path(__file__).parent / "commands"))  # python -m sim.NAME runs a command
# No room may have the name of one of these: importing the room would replace the name.
_MODULES = {
    "Comparison": "report.comparison",
    "ConfigError": "base.errors",
    "Graph": "population.graph",
    "Measure": "measures.measure",
    "MigrationModel": "model.model",
    "Policy": "policies.policy",
    "Result": "report.result",
    "User": "model.agents",
    "collect": "commands.collect",
    "compare": "report.result",
    "fact_table": "report.facts",
    "facts": "report.facts",
    "figures": "plotting.figures",
    "load_config": "config.compose",
    "observations": "observation.observed",
    "plot": "plotting.figures",
    "read_result": "report.result",
    "register_measure": "measures.registry",
    "register_policy": "policies.registry",
    "register_rule": "rules.registered",
    "residuals": "observation.residuals",
    "run": "report.result",
    "run_to_folder": "report.result",
    "save_result": "report.run_folder",
    "score": "observation.residuals",
    "write_report": "report.page",
}
__all__ = [
    "Comparison",
    "ConfigError",
    "Graph",
    "Measure",
    "MigrationModel",
    "Policy",
    "Result",
    "User",
    "__version__",
    "collect",
    "compare",
    "fact_table",
    "facts",
    "figures",
    "load_config",
    "observations",
    "plot",
    "read_result",
    "register_measure",
    "register_policy",
    "register_rule",
    "residuals",
    "run",
    "run_to_folder",
    "save_result",
    "score",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import the module of a public name when the name is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    value = getattr(import_module(f"sim.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
