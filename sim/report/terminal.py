"""What the terminal shows after a run: the finding, and a table of eighty columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table

from sim.config.titles import scenario_title
from sim.report.facts import Facts, Line
from sim.report.glossary import caption


def headline(found: Facts) -> str:
    """Return the finding, and what it is compared with, in two sentences."""
    first = f"{found.finding}."
    if not found.config.compare_to:
        return first
    other = scenario_title(found.config, found.config.compare_to[0])
    return f"{first} (Compared with {other}; {found.after:%B %Y}.)"


def table(found: Facts) -> Table:
    """Return levels of both months and the change from the first counterfactual.

    Other counterfactuals are in the report. Without any, the later month has its interval.
    """
    config = found.config
    interval = " (90 % interval)" if config.replications > 1 else ""
    heads = [f"{found.after:%b\n%Y}{'' if config.compare_to else interval}"]
    if found.before != found.after:
        heads.insert(0, f"{found.before:%b\n%Y}")
    if config.compare_to:
        heads.append(f"change{interval}")
    if any(line.observed for line in found.lines):
        heads.append("observed")
    out = Table(
        caption=caption(config), box=box.SIMPLE_HEAD, caption_justify="left", pad_edge=False
    )
    out.add_column("")
    for head in heads:
        out.add_column(head, justify="right", overflow="fold")
    for line in found.lines:
        out.add_row(line.row.label, *_cells(found, line, len(heads)))
    return out


def _cells(found: Facts, line: Line, n: int) -> Iterator[str]:
    """Yield the first `n` cells of a line: first month, later month, change, observed."""
    cells = [str(line.before)] if found.before != found.after else []
    if found.config.compare_to:
        cells += [str(line.after), line.effects[found.config.compare_to[0]].difference]
    else:
        cells.append(line.after.level())
    yield from [*cells, line.observed][:n]
