"""Write the table of measures into docs/measures.md, from the entries in sim/measures/.

    python -m experiments.measures

Replaces the table; the text around it is written by hand.
"""

from __future__ import annotations

import re
from pathlib import Path

from sim.base.atomic import atomic_write
from sim.config.conf import ROOT
from sim.measures.measure import Measure
from sim.measures.registry import BUILT_IN

PAGE = ROOT / "docs/measures.md"
HEAD = "| measure | unit | platform, channel | meaning |\n|---|---|---|---|\n"
TABLE = re.compile(re.escape(HEAD) + r"(\|.*\n)+")
PLATFORMS = {"any": "any", "messenger": "messenger", "carrier": "messenger or cellular"}
CHANNELS = {"any": "any", "each": "message or call", "each and any": "message, call or any"}


def row(measure: Measure) -> str:
    """Return the row of a measure."""
    name = f"KIND_{measure.name}" if measure.abuse else measure.name
    split = f"{PLATFORMS[measure.platform]}; {CHANNELS[measure.channel]}"
    text = measure.definition or measure.meaning
    harm = ". **A cost**" if measure.is_harm else ""
    return f"| `{name}` | {measure.unit} | {split} | {text}{harm} |\n"


def page() -> str:
    """Return the page with the present table."""
    table = HEAD + "".join(row(one) for one in BUILT_IN.values())
    return TABLE.sub(lambda _: table, PAGE.read_text(encoding="utf-8"))


def main(path: Path = PAGE) -> None:
    """Write the page."""
    text = page()
    with atomic_write(path) as draft:
        draft.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
