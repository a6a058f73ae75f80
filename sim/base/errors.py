"""The errors that callers catch."""


class ConfigError(ValueError):
    """A configuration cannot be run; the message names the key, the value and what is allowed."""
