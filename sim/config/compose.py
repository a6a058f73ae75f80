"""Compose a configuration with Hydra: defaults from the typed models, choices from conf/."""

from __future__ import annotations

import logging
import re
from copy import deepcopy
from functools import lru_cache, partial
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from sim.base.errors import ConfigError
from sim.config.case_dir import KEY, ModificationTimes, modification_times, open_case, searching
from sim.config.checks import (
    held,
    refuse_absent,
    refuse_code,
    refuse_endless,
    refuse_happened,
    refuse_long,
    refuse_misplaced,
    refuse_path,
    refuse_whole,
)
from sim.config.conf import CONF
from sim.config.draws import check_draws
from sim.config.keys import IN_CONF, as_override, open_key, path_of
from sim.config.left_out import leave_out, notice
from sim.config.platform_kinds import fill_from_kinds
from sim.config.refusals import explain, no_yaml, not_a_name
from sim.config.sim_config import SimConfig
from sim.config.validation import OURS, validate
from sim.kernel.parallel_map import available_cores

_log = logging.getLogger(__name__)
FOLDER_OF_RUN = "hydra.run.dir"
_ALONE = RLock()  # Hydra has a global state, and the app composes in several threads
# errors that Hydra raises
REFUSALS = (HydraException, OmegaConfBaseException, ValueError, TypeError, YAMLError)


def register() -> None:
    """Register with Hydra the defaults of the typed models, and resolvers."""
    tree: dict[str, Any] = {
        name: field.get_default(call_default_factory=True)
        for name, field in SimConfig.model_fields.items()
        if name not in (*IN_CONF, *OURS)
    }
    tree["start"] = str(tree["start"])
    tree["compare_to"] = list(tree["compare_to"])
    for name in ("behaviour", "engine", "output"):
        tree[name] = tree[name].model_dump(mode="json")
    ConfigStore.instance().store(name="sim_schema", node=tree)
    OmegaConf.register_new_resolver("scenario_name", scenario_name, replace=True)
    OmegaConf.register_new_resolver("cores", available_cores, replace=True)


def scenario_name(overrides: Any) -> str:
    """Return the name of the chosen scenario; several are joined by ``+``."""
    chosen = [o.split("=", 1)[1] for o in overrides if re.match(r"\+{0,2}scenario=", o)]
    composed = re.findall(r"[^\s,'\"\[\]]+", chosen[-1]) if chosen else ["baseline"]
    return "+".join(composed)


register()


def load_config(*overrides: str, **values: Any) -> SimConfig:
    """Compose a configuration as the command line does.

    Example: ``load_config(scenario="call_ban", n_users=500, seed=2)``, or, the same,
    ``load_config("+scenario=call_ban", "population.n_users=500", "seed=2")``.

    Parameters
    ----------
    *overrides : str
        KEY=VALUE, +scenario=NAME, +policy=NAME, ~policies.NAME, ~platforms.NAME or
        case_dir=FOLDER.
    **values
        Keys without a dot, and `n_users`; where an override has the same key, that holds.

    Raises
    ------
    ConfigError
        If a name, key, value or combination is not allowed.
    """
    config = validate(load_tree(*(as_override(*one) for one in values.items()), *overrides))
    check_draws(config)
    if config.left_out:
        _log.warning(notice(config.left_out))
    return config


class Run(NamedTuple):
    """One run of the command line."""

    config: SimConfig
    folder: Path  # absolute
    overrides: tuple[str, ...]  # without those of Hydra


def load_run(*overrides: str) -> Run:
    """Compose as `load_config` does; also return the folder of the run.

    Raises
    ------
    ConfigError
        As `load_config`; also if an override sets a key of Hydra other than `hydra.run.dir`.
    """
    opened = tuple(open_key(override) for override in open_case(overrides))
    ours = []
    for override in opened:
        key = override.lstrip("+~").partition("=")[0]
        if not re.match(r"hydra\b", key):
            ours.append(override)
        elif key != FOLDER_OF_RUN:
            raise ConfigError(f"{override}: allowed for one run: {FOLDER_OF_RUN}=FOLDER")
    config = load_config(*overrides)
    composed = _composed(opened, "config", modification_times(opened)).all
    try:
        folder = Path(OmegaConf.select(composed, FOLDER_OF_RUN)).absolute()
    except REFUSALS as error:
        raise ConfigError(f"{FOLDER_OF_RUN}: {error}") from None
    return Run(config, folder, tuple(ours))


def load_tree(*overrides: str) -> dict[str, Any]:
    """Compose as `load_config` does, but return a plain tree of unchecked keys and values.

    Raises
    ------
    ConfigError
        If Hydra refuses an override.
    """
    opened = tuple(open_key(override) for override in open_case(overrides))
    with _ALONE:
        if GlobalHydra.instance().is_initialized():
            return _load(opened)
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return _load(opened)


def load_sweep_tree(*overrides: str) -> dict[str, Any]:
    """Compose conf/sweep.yaml to a plain tree of unchecked keys and values.

    Raises
    ------
    ConfigError
        If Hydra refuses an override.
    """
    opened = (re.sub(r"^((design|executor)(\.\w+)+=)", r"++\1", o) for o in overrides)
    with _ALONE, initialize_config_dir(str(CONF), version_base="1.3"):
        return _compose(tuple(opened), "sweep")


def _load(overrides: tuple[str, ...]) -> dict[str, Any]:
    refuse_whole(overrides)
    tree = _compose(overrides)
    refuse_misplaced(overrides, tree)
    for override in overrides:
        if path_of(override)[0] in OURS and any(key in tree for key in OURS):
            raise ConfigError(
                f"{override}: not to be set; use +scenario=NAME, compare_to=[NAME] and "
                "~platforms.NAME"
            )
    refuse_happened(overrides, tree["case"])
    refuse_absent(overrides, tree["policies"])
    tree["held"] = held(overrides, tree)
    tree["scenario"] = scenario_name(overrides)
    others = tree["compare_to"] if isinstance(tree["compare_to"], list) else []
    tree["counterfactuals"] = {
        name: _policies(overrides, name) for name in others if isinstance(name, str)
    }
    leave_out(tree, [o.removeprefix("~platforms.") for o in overrides if _is_platform_gone(o)])
    fill_from_kinds(tree)
    return tree


def _is_platform_gone(override: str) -> bool:
    """Return whether an override leaves out a platform: ~platforms.NAME."""
    return bool(re.fullmatch(r"~platforms\.[^.=]+", override))


def _policies(overrides: tuple[str, ...], scenario: str) -> Any:
    """Return the policies of another scenario with the same overrides.

    Changes and deletions of policies apply to every scenario that has the policy; policies that
    the command line adds belong to the main scenario only.
    """
    paths = {o: path_of(o) for o in overrides}
    shared = tuple(o for o, path in paths.items() if not _is_apart(path))
    try:
        policies = _policies_of(scenario, shared)
    except ConfigError as error:  # name the key that holds the scenario
        raise ConfigError(
            str(error).replace(f"scenario={scenario}: no", f"compare_to={scenario}: no")
        ) from None
    changes = tuple(
        o
        for o, path in paths.items()
        if path[0] == "policies" and path[1] in policies and (len(path) > 2 or o.startswith("~"))
    )
    return _policies_of(scenario, shared, changes) if changes else policies


def policies_as_filed(scenario: str, case: Path | None) -> Any:
    """Return the policies of a scenario as its file and a case have them, unchecked.

    Parameters
    ----------
    scenario : str
        Its name; several are joined by ``+``.
    case : Path or None
        Folder of the case; None: the one that is shipped as the default.

    Raises
    ------
    ConfigError
        If there is no such scenario or case.
    """
    opened = open_case([f"{KEY}{case}"] if case else [])
    asked = f"[{scenario.replace('+', ',')}]" if "+" in scenario else scenario
    with _ALONE:
        if GlobalHydra.instance().is_initialized():
            return _policies_of(asked, opened)
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return _policies_of(asked, opened)


def _policies_of(scenario: str, shared: tuple[str, ...], changes: tuple[str, ...] = ()) -> Any:
    """Return a copy of the policies of a scenario.

    Only policies that refer to other keys (``${...}``) need all overrides. The others depend on
    the case and on `changes` alone, so jobs that differ in anything else compose them once.
    """
    of_case = tuple(o for o in shared if path_of(o)[0] in ("case", "hydra"))
    for known in (of_case, shared):
        overrides = (*known, *changes, f"+scenario={scenario}")
        composed = _composed(overrides, "config", modification_times(overrides))
        if "${" not in str(composed.all["policies"]):
            break
    return deepcopy(composed.ours["policies"])


def _is_apart(path: list[str]) -> bool:
    """Return whether an override concerns only the main scenario, or only Hydra."""
    of_hydra = path[0].split("/")[0] == "hydra" and path[1:] != ["searchpath"]
    return of_hydra or path[0] in ("scenario", "policy", "policies")


def _compose(overrides: tuple[str, ...], name: str = "config") -> dict[str, Any]:
    """Return the resolved plain tree of a primary configuration; a copy for the caller."""
    return deepcopy(_composed(overrides, name, modification_times(overrides)).ours)


class _Composed(NamedTuple):
    ours: dict[str, Any]
    all: DictConfig  # with Hydra's own part


@lru_cache(maxsize=32)  # a command composes the same once to check and once to run
def _composed(overrides: tuple[str, ...], name: str, _: ModificationTimes) -> _Composed:
    try:
        for override in overrides:  # a case may have no abuse, so Hydra accepts any value
            if override.startswith("abuse=") and not_a_name(override):
                raise ConfigError(not_a_name(override))
            refuse_endless(override)
            refuse_long(override)
            refuse_path(override)
        cfg = compose(name, overrides=list(searching(overrides)), return_hydra_config=True)
        refuse_code(OmegaConf.to_container(cfg))
        ours = OmegaConf.create({key: cfg[key] for key in cfg if key != "hydra"})
        tree = OmegaConf.to_container(ours, resolve=True, throw_on_missing=True)
    except ConfigError:
        raise
    except YAMLError as error:
        raise ConfigError(no_yaml(error)) from None
    except REFUSALS as error:
        unread = getattr(error, "override", "")
        explanation = explain(str(error), overrides, partial(_compose, name=name), unread)
        raise ConfigError(explanation) from None
    assert isinstance(tree, dict)
    return _Composed({str(key): value for key, value in tree.items()}, cfg)
