"""Compose a configuration with Hydra: defaults from the typed models, choices from conf/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim.config import SimConfig
from sim.errors import ConfigError
from sim.validation import allowed_keys, validate

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
        name: _policies(overrides, name) for name in _names(tree["compare_to"])
    }
    return validate(tree)


def _policies(overrides: tuple[str, ...], scenario: str) -> Any:
    """Return the policies of the same world under another scenario.

    Changes to a policy hold wherever that policy is; a policy that only the question's own
    scenario has (added or deleted by hand) stays there.
    """
    shared = [o for o in overrides if not _is_about(o, ("scenario", "policy", "policies"))]
    policies = _compose((*shared, f"+scenario={scenario}"))["policies"]
    changes = [
        o
        for o in overrides
        if o.startswith("policies.") and o.split(".")[1].split("=")[0] in policies
    ]
    if changes:
        policies = _compose((*shared, *changes, f"+scenario={scenario}"))["policies"]
    return policies


def _compose(overrides: tuple[str, ...]) -> dict[str, Any]:
    """Return the resolved plain tree, with the scenario's name."""
    try:
        cfg = compose("config", overrides=list(overrides), return_hydra_config=True)
        choice = cfg.hydra.runtime.choices.get("scenario", "baseline")
        del_hydra = {key: cfg[key] for key in cfg if key != "hydra"}
        tree = OmegaConf.to_container(OmegaConf.create(del_hydra), resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(_explain(str(error), overrides)) from None
    _refuse_code(OmegaConf.to_container(cfg))
    assert isinstance(tree, dict)
    tree["scenario"] = "+".join(choice) if not isinstance(choice, str) else choice
    return {str(key): value for key, value in tree.items()}


def _explain(message: str, overrides: tuple[str, ...]) -> str:
    """Say in our words what Hydra refused: an unknown key's neighbours, not its search path."""
    message = message.split("Config search path")[0].strip()
    unknown = re.match(r"Could not override '([\w.-]+)'\.\n", message)
    if not unknown:
        return message
    written = next((o for o in overrides if o.split("=")[0] == unknown[1]), unknown[1])
    node: Any = _compose(tuple(o for o in overrides if o != written))
    for key in unknown[1].split("."):
        if not isinstance(node, dict) or key not in node:
            known = [str(name) for name in node] if isinstance(node, dict) else []
            return f"{written}: unknown key; {allowed_keys(key, known)}"
        node = node[key]
    return message


def _refuse_code(node: Any, path: str = "") -> None:
    """Refuse a ``_target_`` that is not Hydra's own: no configuration may name code to run."""
    items = node.items() if isinstance(node, dict) else ()
    for key, value in items:
        if key == "_target_" and not str(value).startswith(("hydra.", "hydra_plugins.")):
            raise ConfigError(f"{path}{key}={value}: a configuration cannot name code to run")
        _refuse_code(value, f"{path}{key}.")
    for value in node if isinstance(node, list) else ():
        _refuse_code(value, path)


def _names(compare_to: Any) -> list[str]:
    return list(compare_to) if isinstance(compare_to, list) else []


def _is_about(override: str, groups: tuple[str, ...]) -> bool:
    return override.lstrip("+~").split("=")[0].split(".")[0].split("@")[0] in groups
