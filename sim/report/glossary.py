"""Words and units of the report's table, for the terminal, the report and the app."""

from __future__ import annotations

from sim.config.sim_config import SimConfig
from sim.measures.registry import measures, registered_measures

_CAPTION = (
    "Reach, VPN, worse off: % of people aged 12+. Ordinary phone calls: per person and day, all "
    "communication of the average person = 1. Displaced: % of calls or messages by other means, "
    "and worse off: people to whom what they can use is worth much less, than in the first "
    "scenario compared with. No means: % of ties with neither an app that works nor an affordable "
    "phone. Readable: % of communication that the state can read. Welfare: an index, the mean "
    "logsum of the choice; pressure to use an app is not part of it."
)
_UNITS = (
    "Lines in bold are costs. Ordinary phone calls: per person and day, all communication of the "
    "average person = 1. Welfare: an index."
)
_OF_ABUSE = " Incidents, losses: the average at the start = 1."  # where a case has any


def words() -> dict[str, str]:
    """Return the words of report and app, and what they mean."""
    own = {
        one.word or one.name: one.words or f"{one.meaning} [{one.unit}]."
        for one in registered_measures()
    }
    return {one.word: one.words for one in measures() if one.word} | own


def caption(*configs: SimConfig) -> str:
    """Return what the terminal's table explains below it, for one run or several."""
    return _CAPTION + _more(*configs)


def units(config: SimConfig) -> str:
    """Return the units that the report gives below its table."""
    return _UNITS + _more(config)


def _more(*configs: SimConfig) -> str:
    """Return units that not every case has."""
    labels = {
        label: one.unit for one in registered_measures() for _, label in one.printed(configs[0])
    }
    own = (f" {label} [{unit}]." for label, unit in labels.items())
    return (_OF_ABUSE if any(config.abuse for config in configs) else "") + "".join(own)
