"""Compose a configuration with Hydra: defaults from the typed models, choices from conf/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim.config import SimConfig
from sim.errors import ConfigError
from sim.validation import validate

CONF = Path(__file__).resolve().parents[1] / "conf"
_GROUPS = ("case", "population", "network", "platforms")  # every key of theirs stands in conf/
_OURS = ("scenario", "counterfactuals")  # set from the scenario's name and from compare_to


def register() -> None:
    """Tell Hydra the defaults that the typed models hold."""
    tree: dict[str, Any] = {
        name: field.get_default(call_default_factory=True)
        for name, field in SimConfig.model_fields.items()
        if name not in (*_GROUPS, *_OURS)
    }
    tree["start"] = str(tree["start"])
    tree["compare_to"] = list(tree["compare_to"])
    for name in ("behaviour", "engine"):
        tree[name] = tree[name].model_dump()
    ConfigStore.instance().store(name="sim_schema", node=tree)


register()


def load_config(*overrides: str) -> SimConfig:
    """Compose as the command line does: ``load_config("+scenario=call_ban", "seed=2")``.

    Raises
    ------
    ConfigError
        If a name, key, value or combination is not allowed.
    """
    if GlobalHydra.instance().is_initialized():
        return _load(overrides)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return _load(overrides)


def _load(overrides: tuple[str, ...]) -> SimConfig:
    tree = _compose(overrides)
    tree["counterfactuals"] = {
        name: _compose(_counterfactual(overrides, name))["policies"]
        for name in _names(tree["compare_to"])
    }
    return validate(tree)


def _compose(overrides: tuple[str, ...]) -> dict[str, Any]:
    """Return the resolved plain tree, with the scenario's name."""
    try:
        cfg = compose("config", overrides=list(overrides), return_hydra_config=True)
        choice = cfg.hydra.runtime.choices.get("scenario", "baseline")
        del_hydra = {key: cfg[key] for key in cfg if key != "hydra"}
        tree = OmegaConf.to_container(OmegaConf.create(del_hydra), resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(str(error)) from None
    assert isinstance(tree, dict)
    tree["scenario"] = "+".join(choice) if not isinstance(choice, str) else choice
    return {str(key): value for key, value in tree.items()}


def _names(compare_to: Any) -> list[str]:
    return list(compare_to) if isinstance(compare_to, list) else []


def _counterfactual(overrides: tuple[str, ...], scenario: str) -> tuple[str, ...]:
    """Return the overrides of the same world under another scenario.

    Changes to a policy hold wherever that policy is; a policy that only the question's own
    scenario has (added or deleted by hand) stays there.
    """
    shared = [o for o in overrides if not _is_about(o, ("scenario", "policy", "policies"))]
    world = _compose((*shared, f"+scenario={scenario}"))
    changes = [
        o
        for o in overrides
        if o.startswith("policies.") and o.split(".")[1].split("=")[0] in world["policies"]
    ]
    return (*shared, *changes, f"+scenario={scenario}")


def _is_about(override: str, groups: tuple[str, ...]) -> bool:
    return override.lstrip("+~").split("=")[0].split(".")[0].split("@")[0] in groups


def to_tree(cfg: DictConfig) -> dict[str, Any]:
    """Return `cfg` as a plain, resolved tree."""
    tree = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(tree, dict)
    return {str(key): value for key, value in tree.items()}
