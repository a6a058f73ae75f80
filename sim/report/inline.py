"""Figures as part of a page: SVG whose colours follow the page, light or dark."""

from __future__ import annotations

import html
import re

from sim.plotting.palette import (
    FAINT,
    INK,
    MUTED,
    PALE,
    PLATFORMS,
    REST,
    SCENARIOS,
    darker,
)

# by colour of a figure: the variable of the page's style
VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    FAINT: "faint",
    PALE: "muted",
    "#ffffff": "page",
    "#000000": "ink",
}
COLOURS = [*(look.colour for look in (*PLATFORMS.values(), REST)), *(one for one, _ in SCENARIOS)]
# names at line ends: darker on a light page, lighter on a dark one
NAMES = {
    darker(one): f"color-mix(in srgb, {one} 65%, var(--toward))"
    for one in COLOURS
    if one not in VARIABLES
}
TONES = NAMES | {colour: f"var(--{name})" for colour, name in VARIABLES.items()}


def inline(svg: str, name: str) -> str:
    """Return a figure that matplotlib has written as an element of a page.

    Parameters
    ----------
    svg : str
        The whole file.
    name : str
        Of the figure: before its ids, which would be those of other figures.
    """
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", element, flags=re.S)
    element = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", element, count=1)
    element = element.replace(' id="', f' id="{name}-').replace("url(#", f"url(#{name}-")
    element = element.replace('href="#', f'href="#{name}-')
    about = html.escape(description(svg))
    element = element.replace("<svg", f'<svg role="img" aria-label="{about}"', 1)
    return re.sub(r"(?<=: )#[0-9a-f]{6}\b", lambda found: TONES.get(found[0], found[0]), element)


def description(svg: str) -> str:
    """Return the text alternative that `sim.plotting.files` writes into a figure."""
    found = re.search(r"<dc:description>(.*?)</dc:description>", svg, re.S)
    return html.unescape(found[1]) if found else ""
