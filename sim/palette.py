"""One visual language: every platform has its colour and marker, every scenario its line.

Colours are those of Okabe and Ito (2008), told apart by the colour-blind; platforms take six of
them, scenarios black, the unused orange and greys, so that no line means two things.
"""

from __future__ import annotations

from typing import NamedTuple

INK, MUTED, FAINT = "#222222", "#666666", "#dddddd"


class Look(NamedTuple):
    """How one platform or scenario is drawn, always and everywhere."""

    label: str
    colour: str
    marker: str = "o"
    line: str = "-"


PLATFORMS = {
    "whatsapp": Look("WhatsApp", "#009e73", "o"),
    "telegram": Look("Telegram", "#56b4e9", "s"),
    "max": Look("Max", "#d55e00", "D"),
    "imo": Look("imo", "#cc79a7", "^"),
    "vk": Look("VK Messenger", "#0072b2", "v"),
    "cellular": Look("cellular", "#000000", "P"),
}
# of sweeps: indices, lines on maps, and the scale of maps, which is even to the colour-blind
WHOLE, ALONE = Look("ST", "#000000", "o"), Look("S1", "#e69f00", "o")
LUCK = Look("luck", "#888888", "D")
BELOW, ABOVE = Look("from below", "#ffffff"), Look("from above", "#ffffff", line="--")
MAP = "cividis"
SCENARIOS = (("#000000", "-"), ("#e69f00", "--"), ("#888888", "-."), ("#b8860b", ":"))


def platform(name: str) -> Look:
    """Return a platform's look; a name unknown here (`none`, say) is grey."""
    return PLATFORMS.get(name, Look(name, "#999999", "X"))


def in_order(names: set[str]) -> list[str]:
    """Return platforms in their fixed order, the unknown ones after them."""
    return [name for name in PLATFORMS if name in names] + sorted(names - PLATFORMS.keys())


def scenario(name: str, place: int) -> Look:
    """Return the look of the scenario at `place` in a list, the first being the studied one.

    Where the colours come round, each has the line of the next one: sixteen are told apart.
    """
    turn, at = divmod(place, len(SCENARIOS))
    colour, line = SCENARIOS[at][0], SCENARIOS[(at + turn) % len(SCENARIOS)][1]
    return Look(name, colour, line=line)


def darker(colour: str) -> str:
    """Return the colour for text: light tones are hard to read on white."""
    channels = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(0.7 * channel):02x}" for channel in channels)
