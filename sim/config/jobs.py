"""The jobs of a multirun, parsed by Hydra's grammar of overrides, and their checks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import product

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import OverrideParseException

from sim.base.errors import ConfigError
from sim.config.checks import refuse_endless
from sim.config.compose import REFUSALS, load_config
from sim.config.conf import CONF
from sim.config.keys import set_key
from sim.config.refusals import unreadable
from sim.config.sim_config import SimConfig
from sim.config.validation import validate


def expand(overrides: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the overrides of each job, in the order of their numbers.

    Raises
    ------
    ConfigError
        If Hydra cannot read an override, or the override cannot be swept.
    """
    parsed = _parse(overrides)
    _refuse(parsed)
    by_key = {override.get_key_element(): _written(override) for override in parsed}
    return list(product(*by_key.values()))


def _written(override: Override) -> list[str]:
    """Return the overrides of the jobs for one override, as Hydra's basic sweeper does."""
    if override.is_sweep_override():
        return _values(override)
    return [f"{override.get_key_element()}={override.get_value_element_as_str()}"]


def configurations(overrides: Iterable[str]) -> Iterator[SimConfig]:
    """Yield configurations that check every swept value once, not every combination.

    Each swept value is checked once, together with the first value of every other key. A
    combination that is invalid although its values are valid fails in its own job. Numbers of
    a ``range()`` are put into the first configuration, which takes a thousandth of a second;
    composing takes some tenths.

    Raises
    ------
    ConfigError
        If a configuration or the sweep is not allowed.
    """
    parsed = _parse(overrides)
    _refuse(parsed)
    values = [_values(override) for override in parsed]
    firsts = [each[0] for each in values]
    first = load_config(*firsts)
    yield first
    for k, override in enumerate(parsed):
        for value in values[k][1:]:
            if override.is_range_sweep():
                yield _with(first, value)
            else:
                yield load_config(*firsts[:k], value, *firsts[k + 1 :])


def _parse(overrides: Iterable[str]) -> list[Override]:
    """Parse overrides, with a loader that resolves ``glob()``."""
    written = list(overrides)
    for override in written:
        refuse_endless(override)
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            loader = GlobalHydra.instance().config_loader()
            return OverridesParser.create(loader).parse_overrides(written)
    except OverrideParseException as error:
        raise ConfigError(unreadable(error.override.removeprefix("++"))) from None
    except REFUSALS as error:
        raise ConfigError(str(error)) from None


def _refuse(parsed: list[Override]) -> None:
    """Refuse sweeps over Hydra's own keys or over continuous ranges."""
    for override in parsed:
        if not override.is_sweep_override():
            continue
        if override.is_hydra_override() or not override.is_discrete_sweep():
            raise ConfigError(f"{override.input_line}: cannot be swept")


def _values(override: Override) -> list[str]:
    """Return the overrides of the jobs for one override."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    key = override.get_key_element()
    return [f"{key}={value}" for value in override.sweep_string_iterator()]


def _with(config: SimConfig, override: str) -> SimConfig:
    """Return `config` with the number that an override sets."""
    key, number = override.lstrip("+").split("=")
    tree = config.model_dump(mode="json")
    set_key(tree, key, json.loads(number))
    return validate(tree)
