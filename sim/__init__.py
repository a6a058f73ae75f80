"""Who moves, where to, how fast and at what cost, when a state restricts calls in messengers.

``load_config(*overrides)`` composes a configuration as the command line does, ``run(config)``
runs its scenario, ``compare(config)`` the scenario and its counterfactuals.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.config.compose import load_config as load_config
    from sim.runs.results import Result as Result
    from sim.runs.run import compare as compare
    from sim.runs.run import run as run

__version__ = "0.2.0"
__path__.append(str(Path(__file__).parent / "commands"))  # python -m sim.NAME runs a command
__all__ = ["Result", "__version__", "compare", "load_config", "run"]
# No submodule may be called like one of these: importing it would take the name.
_HOME = {
    "load_config": "config.compose",
    "run": "runs.run",
    "compare": "runs.run",
    "Result": "runs.results",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and nothing heavy before."""
    if name not in _HOME:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"sim.{_HOME[name]}"), name)
