"""Draw the pages of the docs anew whose numbers are those of an earlier behaviour: make studies.

    python -m experiments.studies [PAGE ...]      draw the pages that are out of date, or these
    python -m experiments.studies --status        say which pages those are, and note it on them
    python -m experiments.studies --drawn PAGE    note that PAGE was drawn by a command of its own

docs/studies.md has a row a page: the command that draws it, how long that took on two cores, and
the version of the behaviour. The version is a hash of the numbers that the behaviour gives
(tests/baseline.yaml) and, where a page draws parameters, of the posterior. A page of another
version than the present one begins with a note. Ctrl-C stops after what is drawn: pages that are
done stay, and a sweep goes on from its folder, outputs/studies/VERSION/PAGE.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, TextIO

from experiments import command
from experiments.base_study import KEPT, markdown
from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError, allowed
from sim.base.exit_codes import exit_status_of_errors
from sim.config import posterior
from sim.config.case import DATA
from sim.config.conf import CASES

REPO = Path(__file__).resolve().parents[1]
DOCS = REPO / "docs"
BASELINE = (REPO / "tests/baseline.yaml",)
DRAWN = (*BASELINE, *sorted([*DATA.rglob(posterior.NAME), *CASES.rglob(posterior.NAME)]))
UNKNOWN = "-"
NOTE = "> Drawn with an earlier version of the behaviour: its numbers are not those of this one.\n"
INTRODUCTION = """# Which pages are up to date

Made by `python -m experiments.studies --status`. `make studies` draws the pages that are out of
date, the quickest first; {left}. Minutes are those of the last time, on two cores. A version is a
hash of the numbers that the behaviour gives (`tests/baseline.yaml`) and, where a page draws
parameters, of the posterior.
"""


class Page(NamedTuple):
    """A page of the docs and the command that draws it."""

    name: str
    words: tuple[str, ...]  # module of experiments/, and its arguments
    rests_on: tuple[Path, ...] = BASELINE

    @property
    def version(self) -> str:
        """Return the version of what the page rests on, as it is now."""
        digest = blake2b(digest_size=4)
        for path in self.rests_on:
            digest.update(path.read_bytes())
        return digest.hexdigest()

    @property
    def typed(self) -> str:
        """Return the command as it is typed."""
        return command.line(self.words[0], self.words[1:])


class Drawing(NamedTuple):
    """When a page was drawn: with which version, and how long that took."""

    version: str = UNKNOWN
    minutes: str = UNKNOWN


PRINTED = (  # their commands print the page
    Page("record", ("record",)),
    Page("cases", ("cases",)),
    Page("acceptance", ("acceptance",)),
    Page("patterns", ("patterns",)),
    Page("patterns_posterior", ("patterns", "parameters=posterior", "replications=64"), DRAWN),
    Page("scenarios", ("scenarios", "replications=16")),
    Page("mechanisms", ("decompose", "+scenario=as_happened", "replications=12")),
    Page("reversal", ("reversal",)),
)
SWEPT = (  # their commands keep a folder, and write page and figures
    Page("sensitivity", ("sensitivity",)),
    Page("phase_diagram", ("phase_diagram",)),
    Page("discover", ("discover",)),
    Page("robustness", ("robustness",)),
)
BY_HAND = (  # what their commands need is more than two cores and an hour, or they change draws
    Page("transport", ("transport", "--ship")),
    Page("validation", ("validate", "calibration=FOLDER")),
    Page("country", ("country", "FOLDER")),
)
PAGES = {page.name: page for page in (*PRINTED, *SWEPT, *BY_HAND)}


def main(arguments: list[str]) -> None:
    """Draw pages, or say what is out of date."""
    parser = command.parser("studies", __doc__)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="default: all out of date")
    parser.add_argument("--status", action="store_true", help="draw nothing")
    parser.add_argument("--drawn", metavar="PAGE", help="this page is up to date")
    options = parser.parse_args(arguments)
    with exit_status_of_errors():
        drawings = read(DOCS)
        for name in (*options.pages, *filter(None, [options.drawn])):
            if name not in PAGES:
                raise ConfigError(f"{name}: no such page; {allowed(PAGES)}")
        if options.drawn:
            drawings[options.drawn] = drawings[options.drawn]._replace(
                version=PAGES[options.drawn].version
            )
        elif not options.status:
            draw_all([PAGES[name] for name in options.pages] or [*out_of_date(drawings)], drawings)
        write(DOCS, drawings)
        print(f"{summary(drawings)}: {DOCS / 'studies.md'}")


def draw_all(pages: Iterable[Page], drawings: dict[str, Drawing]) -> None:
    """Draw pages, the quickest first, and note each as soon as it is done."""
    pages = sorted(pages, key=lambda page: minutes(drawings[page.name]))
    print(f"{len(pages)} pages, {duration(drawings[page.name] for page in pages)}", flush=True)
    for k, page in enumerate(pages):
        print(f"{k + 1} of {len(pages)}: {page.name}", flush=True)
        drawings[page.name] = draw(page, DOCS)
        write(DOCS, drawings)


def draw(page: Page, docs: Path) -> Drawing:
    """Draw one page.

    Raises
    ------
    SystemExit
        If its command fails.
    """
    began, version = time.monotonic(), page.version
    if page in PRINTED:
        with atomic_write(docs / f"{page.name}.md") as draft, draft.open("w") as out:
            run_command(page, page.words[1:], out)
    else:
        folder = REPO / "outputs/studies" / version / page.name
        run_command(page, arguments_of(page, folder, docs))
    return Drawing(version, f"{(time.monotonic() - began) / 60:.1f}")


def run_command(page: Page, words: Iterable[str], out: TextIO | None = None) -> None:
    """Run the command of a page; `out` is where it prints to."""
    typed = [sys.executable, "-m", f"experiments.{page.words[0]}", *words]
    done = subprocess.run(typed, cwd=REPO, stdout=out, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(done.returncode)


def arguments_of(page: Page, folder: Path, docs: Path) -> list[str]:
    """Return the arguments of a study: it goes on if its folder is there."""
    if (folder / KEPT).is_file():
        return ["--resume", str(folder), "--page", str(docs)]
    return [*page.words[1:], f"folder={folder}", "--page", str(docs)]


def out_of_date(drawings: dict[str, Drawing]) -> Iterator[Page]:
    """Yield the pages that a command of this machine can draw and that are of another version."""
    for page in (*PRINTED, *SWEPT):
        if drawings[page.name].version != page.version:
            yield page


def minutes(drawing: Drawing) -> float:
    """Return how long a page took, or infinity if nobody knows."""
    return float("inf") if drawing.minutes == UNKNOWN else float(drawing.minutes)


def summary(drawings: dict[str, Drawing]) -> str:
    """Say how much is left to draw, and how long that takes."""
    left = [drawings[page.name] for page in out_of_date(drawings)]
    return f"{len(left)} are out of date, {duration(left)}"


def duration(drawings: Iterable[Drawing]) -> str:
    """Say how long pages take that were drawn before."""
    times = [minutes(drawing) for drawing in drawings]
    known = [time for time in times if time < float("inf")]
    said = [f"about {sum(known):.0f} minutes"] if known or not times else []
    if len(known) < len(times):
        said.append(f"{len(times) - len(known)} never timed")
    return ", ".join(said)


def read(docs: Path) -> dict[str, Drawing]:
    """Read when each page was drawn, from docs/studies.md."""
    drawings = dict.fromkeys(PAGES, Drawing())
    for line in (docs / "studies.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if found := re.fullmatch(r"\[(\w+)\]\(\w+\.md\)", cells[0]):
            drawings[found[1]] = Drawing(version=cells[3], minutes=cells[2])
    return drawings


def write(docs: Path, drawings: dict[str, Drawing]) -> None:
    """Write docs/studies.md, and on each page whether it is out of date."""
    rows = []
    for name, page in PAGES.items():
        drawing, now = drawings[name], page.version
        state = "up to date" if drawing.version == now else f"out of date: {now} now"
        rows.append((f"[{name}]({name}.md)", f"`{page.typed}`", *drawing[::-1], state))
        path = docs / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        noted = without_note(text) if drawing.version == now else with_note(text)
        if noted != text:
            path.write_text(noted, encoding="utf-8")
    table = markdown(("page", "command", "minutes", "version", ""), rows)
    with atomic_write(docs / "studies.md") as draft:
        draft.write_text(
            f"{INTRODUCTION.format(left=summary(drawings))}\n{table}\n", encoding="utf-8"
        )


def without_note(text: str) -> str:
    """Return the text of a page without the note that it is out of date."""
    return text.replace(f"\n{NOTE}", "", 1)


def with_note(text: str) -> str:
    """Return the text of a page with the note under its title."""
    title, _, rest = without_note(text).partition("\n")
    return f"{title}\n\n{NOTE}{rest}"


if __name__ == "__main__":
    main(sys.argv[1:])
