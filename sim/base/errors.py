"""The errors that callers catch."""


class ConfigError(ValueError):
    """A configuration that cannot be run; the message names key, value and what is allowed."""
