"""The configuration of one replication: unchanged, or with a draw from the posterior."""

from __future__ import annotations

from sim.base.errors import ConfigError
from sim.config import posterior
from sim.config.keys import set_key
from sim.config.left_out import is_of
from sim.config.sim_config import SimConfig
from sim.config.validation import validate

APART = 1_000_003  # seeds of societies: no small seed of another run is among them


def drawn(config: SimConfig, replication: int) -> SimConfig:
    """Return the configuration that a replication runs with.

    With ``parameters=defaults`` it is `config` itself. With ``parameters=posterior`` a replication
    has a society of its own, and the fitted parameters have the values of its draw, the same in
    every scenario; values of policies that the scenario lacks and of platforms left out are
    ignored, and a parameter that an override sets keeps its value.
    """
    if config.parameters == "defaults":
        return config
    tree = config.model_dump(mode="json")
    tree |= {"parameters": "defaults", "seed": (config.seed + replication * APART) % 2**63}
    for key, value in posterior.read(posterior.place(config.case.data)).draw(replication).items():
        if key not in config.held and not is_of(config.left_out, key):
            set_key(tree, key, value)
    return validate(tree)


def check_draws(config: SimConfig) -> None:
    """Refuse draws that a replication could not run with.

    Raises
    ------
    ConfigError
        If the tables of the posterior cannot be read, or a draw in use has an unknown key or a
        value that is not allowed.
    """
    if config.parameters == "defaults":
        return
    found = posterior.read(posterior.place(config.case.data))
    posterior.identifiability(posterior.place(config.case.data))
    in_use = {id(found.draw(r)): r for r in range(config.replications)}
    for replication in in_use.values():
        try:
            drawn(config, replication)
        except KeyError as error:
            raise ConfigError(f"{posterior.NAME}: {error.args[0]}: unknown key") from None
        except ConfigError as error:
            raise ConfigError(f"{posterior.NAME}: {error}") from None
