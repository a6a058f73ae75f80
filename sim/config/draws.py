"""The configuration of one replication: unchanged, or with a draw from the posterior."""

from __future__ import annotations

from sim.config import posterior
from sim.config.keys import set_key
from sim.config.left_out import is_of
from sim.config.sim_config import SimConfig
from sim.config.validation import validate


def drawn(config: SimConfig, replication: int) -> SimConfig:
    """Return the configuration that a replication runs with.

    With ``parameters=defaults`` it is `config` itself. With ``parameters=posterior`` the fitted
    parameters have the values of the replication's draw, the same in every scenario; values of
    policies that the scenario lacks and of platforms left out are ignored.
    """
    if config.parameters == "defaults":
        return config
    tree = config.model_dump(mode="json") | {"parameters": "defaults"}
    for key, value in posterior.read(config.case.data).draw(replication).items():
        if not is_of(config.left_out, key):
            set_key(tree, key, value)
    return validate(tree)
