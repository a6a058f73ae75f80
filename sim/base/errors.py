"""The errors that callers catch, and how they name what is allowed."""

from collections.abc import Iterable


class ConfigError(ValueError):
    """A configuration cannot be run; the message names the key, the value and what is allowed."""


def allowed(names: Iterable[str]) -> str:
    """Return the part of an error message that lists the allowed names."""
    return "allowed: " + ", ".join(names)
