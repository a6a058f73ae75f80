"""The page of a comparison: words, small multiples and a table in one file that works offline."""

from __future__ import annotations

from pathlib import Path

from sim.base.atomic import atomic_write
from sim.plotting.files import save, save_as
from sim.plotting.multiples import PHONE, WIDE, Panel, multiples
from sim.report.comparison import NAME, Comparison
from sim.report.glossary import caption
from sim.report.inline import description, inline
from sim.report.page import template
from sim.report.summary import Row

MESSENGERS = 4  # whose daily reach has a panel


def write_comparison(found: Comparison, folder: Path) -> Path:
    """Write figure and page into a folder; return the page."""
    panels = [Panel(row.label, row.form == "percent", found.lines(row)) for row in _drawn(found)]
    save(multiples(panels, found.titles, WIDE), folder / NAME)
    save_as(multiples(panels, found.titles, PHONE), folder / f"{NAME}_phone", "svg")
    names = (NAME, f"{NAME}_phone")
    wide, phone = ((folder / f"{name}.svg").read_text(encoding="utf-8") for name in names)
    page = template(f"{NAME}.html").render(
        found=found, configs=[result.config for result in found.results],
        caption=caption(*(result.config for result in found.results)), about=description(wide),
        wide=inline(wide, NAME), phone=inline(phone, f"{NAME}_phone"),
    )  # fmt: skip
    path = folder / f"{NAME}.html"
    with atomic_write(path) as draft:
        draft.write_text(page, encoding="utf-8")
    return path


def _drawn(found: Comparison) -> list[Row]:
    """Return the measures that have a panel: large messengers, phone calls, and costs."""
    largest = {
        row: max(cell.level.median for cell in cells if cell)
        for row, cells in found.cells
        if row.measure == "dau"
    }
    reach = sorted(largest, key=lambda row: -largest[row])[:MESSENGERS]
    others = [
        row
        for row, _ in found.cells
        if row.is_harm or (row.measure, row.channel) == ("use", "call")
    ]
    return [*reach, *others]
