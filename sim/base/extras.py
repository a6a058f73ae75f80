"""Optional libraries: imported where they are needed; an error names a missing one."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sim.base.errors import ConfigError

LIST = "requirements-all.txt"


def extra(library: str) -> Any:
    """Import and return an optional library of requirements-all.txt.

    Raises
    ------
    ConfigError
        If it is not installed; the message says how to install it.
    """
    try:
        return import_module(library)
    except ImportError as error:
        raise ConfigError(
            f"{library}: not installed ({error}); get it in the checkout by `make .venv/all` "
            f"(`make test` does too), elsewhere by `pip install -r {LIST}`"
        ) from None
