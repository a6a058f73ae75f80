"""Who moves, where to, how fast and at what cost, when a state restricts calls in messengers."""

__version__ = "0.1.0"
