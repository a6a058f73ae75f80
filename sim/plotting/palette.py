"""One visual language: every platform has its colour and marker, every scenario its line.

Colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart; platforms
take six of them, scenarios black, the unused orange and greys, so that no line means two things.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sim.config.platforms import CELLULAR

INK, MUTED, FAINT = "#222222", "#666666", "#dddddd"
PALE = "#767676"  # of what belongs to another world; the lightest grey for text on white
DARKER = 0.65  # of colours for text: enough contrast on white for all of them


class Look(NamedTuple):
    """How one platform or scenario is drawn, always and everywhere."""

    label: str
    colour: str
    marker: str = "o"
    line: str = "-"


Looks = Mapping[str, Look]  # by platform

PLATFORMS = {
    "whatsapp": Look("WhatsApp", "#009e73", "o"),
    "telegram": Look("Telegram", "#56b4e9", "s"),
    "max": Look("Max", "#d55e00", "D"),
    "imo": Look("imo", "#cc79a7", "^"),
    "vk": Look("VK Messenger", "#0072b2", "v"),
    CELLULAR: Look("ordinary phone", "#000000", "P"),
}
REST = Look("", "#999999", "X")
# of sweeps: indices, lines on maps, and a colour scale that suits the colour-blind
WHOLE, ALONE = Look("ST", "#000000", "o"), Look("S1", "#e69f00", "o")
CHANCE = Look("chance", "#888888", "D")
BELOW, ABOVE = Look("from below", "#ffffff"), Look("from above", "#ffffff", line="--")
MAP = "cividis"
SCENARIOS = (("#000000", "-"), ("#e69f00", "--"), ("#888888", "-."), ("#b8860b", ":"))


def looks_of(labels: Mapping[str, str]) -> dict[str, Look]:
    """Return the looks of a case's platforms, cellular last, under the names it prints.

    Messengers of other countries take the looks that theirs leave free, so that no two of a
    figure look the same.

    Parameters
    ----------
    labels : mapping of str
        Of the messengers by name, in the order of the case.
    """
    known = {name: PLATFORMS[name] for name in PLATFORMS if name in labels}
    others = [name for name in labels if name not in PLATFORMS]
    free = [PLATFORMS[name] for name in PLATFORMS if name not in (*labels, CELLULAR)]
    found = known | dict(zip(others, [*free, REST], strict=False))
    named = {name: look._replace(label=labels[name]) for name, look in found.items()}
    return named | {CELLULAR: PLATFORMS[CELLULAR]}


def platform(name: str, looks: Looks = PLATFORMS) -> Look:
    """Return a platform's look; a name unknown here (`none`, say) is grey."""
    return looks.get(name, REST._replace(label=name))


def in_order(names: set[str], looks: Looks = PLATFORMS) -> list[str]:
    """Return platforms in their fixed order, the unknown ones after them."""
    return [name for name in looks if name in names] + sorted(names - looks.keys())


def looks_in(names: Iterable[str], looks: Looks = PLATFORMS) -> dict[str, Look]:
    """Return the looks of some platforms, in their fixed order."""
    return {name: platform(name, looks) for name in in_order(set(names), looks)}


def scenario(name: str, place: int) -> Look:
    """Return the look of the scenario at `place` in a list, the first being the studied one.

    Where the colours come round, each has the line of the next one: sixteen can be distinguished.
    """
    turn, at = divmod(place, len(SCENARIOS))
    colour, line = SCENARIOS[at][0], SCENARIOS[(at + turn) % len(SCENARIOS)][1]
    return Look(name, colour, line=line)


def darker(colour: str) -> str:
    """Return the colour for text: light tones are hard to read on white."""
    channels = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(DARKER * channel):02x}" for channel in channels)
