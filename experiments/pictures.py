"""Draw the model: one user's ties by layer, one step of a user, the way of a run.

    python -m experiments.pictures [FOLDER]

Writes three figures, SVG and PNG, to docs/figures or to FOLDER (docs/pictures.md shows them). The
ties are those of a user of the default society; the other two are diagrams, written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from experiments import command
from sim import load_config
from sim.config.conf import CONF
from sim.plotting.drawing import NORMAL, SMALL, WIDTH, new_figure, note
from sim.plotting.files import save
from sim.plotting.palette import INK, MUTED, PLATFORMS, Look, darker
from sim.population.build import users_and_graph
from sim.population.graph import Graph

FIGURES = CONF.parent / "docs" / "figures"
N_USERS = 2_000
LOOKS = list(PLATFORMS.values())  # their colours and markers are told apart by the colour-blind
GREEN, BLUE, RED = "#e3f2ee", "#e4eff8", "#f9e6dc"  # look, observe, act


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw all three."""
    parser = command.parser("pictures", __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FIGURES, metavar="FOLDER")
    folder = parser.parse_args(arguments).folder
    for name, figure in {"layers": layers(), "step": step(), "way": way()}.items():
        save(figure, folder / f"picture_{name}")


def layers() -> Figure:
    """Draw a user who has ties in every layer, with the ties among its contacts."""
    graph = _society()
    user = _somebody(graph)
    figure = new_figure("Whom one user of the default society knows, layer by layer", 5.4)
    axes = _canvas(figure, 5.0, 5.4)
    contacts = graph.indices[graph.indptr[user] : graph.indptr[user + 1]].tolist()
    layer_of = graph.tie_layers()[graph.indptr[user] : graph.indptr[user + 1]]
    places = _around(np.asarray(layer_of), (2.6, 2.55))
    where = dict(zip(contacts, places, strict=True))
    for k, a in enumerate(contacts):
        known = set(graph.indices[graph.indptr[a] : graph.indptr[a + 1]].tolist())
        for b in contacts[k + 1 :]:
            if b in known:
                axes.plot(*zip(where[a], where[b], strict=True), color="#bbbbbb", lw=0.8, zorder=1)
    for (x, y), layer in zip(places, layer_of, strict=True):
        look = _look(int(layer))
        axes.plot((2.6, x), (2.55, y), color=look.colour, lw=1.4, zorder=2)
        axes.plot(x, y, look.marker, color=look.colour, ms=9, mec="white", zorder=3)
    axes.plot(2.6, 2.55, "o", color=INK, ms=13, zorder=4)
    _legend(figure, graph, user)
    note(
        figure, "Grey: contacts who know each other. Markers and lines: the user's ties by layer."
    )
    names = ", ".join(_plain(name) for name in graph.layers)
    figure.set_label(
        f"One user in the middle, its contacts around it by layer ({names}), and which of them "
        "know each other: households and groups do, acquaintances hardly ever."
    )
    return figure


def _society() -> Graph:
    return users_and_graph(load_config(f"population.n_users={N_USERS}"))[1]


def _somebody(graph: Graph) -> int:
    """Return a user with ties in every layer and an ordinary number of them."""
    in_layer = np.diff(graph.layer_end.astype(int), axis=1, prepend=0)
    has_all = np.flatnonzero((in_layer > 0).all(axis=1))
    return int(has_all[np.argmin(np.abs(graph.degree()[has_all] - graph.degree().mean()))])


def _around(layer_of: np.ndarray, centre: tuple[float, float]) -> list[tuple[float, float]]:
    """Place contacts on a circle, layer by layer with a gap between them."""
    turn = np.arange(layer_of.size) + 0.9 * np.unique(layer_of, return_inverse=True)[1]
    angle = np.pi / 2 - 2 * np.pi * turn / (turn[-1] + 1.9)
    return [(centre[0] + 2.1 * np.cos(a), centre[1] + 2.1 * np.sin(a)) for a in angle.tolist()]


def _legend(figure: Figure, graph: Graph, user: int) -> None:
    """Say how many ties each layer has: of this user, and of all on average."""
    axes = _canvas(figure, 3.7, 5.4, left=5.2)
    in_layer = np.diff(graph.layer_end.astype(int), axis=1, prepend=0)
    weights, layer_of = graph.weights(), graph.tie_layers()
    axes.text(0.3, 4.55, "layer, strongest first", fontsize=NORMAL, color=MUTED)
    for x, head in ((2.05, "ties:\nhere"), (2.7, "\nmean"), (3.3, "weight,\nmean %")):
        axes.text(x, 4.55, head, fontsize=SMALL, color=MUTED, ha="center")
    for k, name in enumerate(graph.layers):
        y, look = 4.15 - 0.48 * k, _look(k)
        axes.plot(0.15, y + 0.05, look.marker, color=look.colour, ms=9)
        axes.text(0.35, y, _plain(name), fontsize=NORMAL, color=darker(look.colour))
        share = weights[layer_of == k].sum() / graph.n_users
        for x, text in (
            (2.05, f"{in_layer[user, k]}"),
            (2.7, f"{in_layer[:, k].mean():.1f}"),
            (3.3, f"{100 * share:.0f}"),
        ):
            axes.text(x, y, text, fontsize=NORMAL, color=INK, ha="center")


def _look(layer: int) -> Look:
    return LOOKS[layer % len(LOOKS)]


def _plain(name: str) -> str:
    return "acquaintances" if name == "weak" else name.replace("_", " ")


USER_STEP = (  # rows of boxes: head and text, from the top
    (GREEN, "what contacts published", "before this step: apps,\nhabits, fears, VPN"),
    (GREEN, "draw what to reconsider", "by hazards, failure, bad\nnews, moved chats"),
    (GREEN, "choose on every tie", "messages and calls apart,\namong what both have"),
    (GREEN, "talk with one contact", "hear of apps and stories,\naverage beliefs"),
    (GREEN, "calls fail?", "ask one contact to move\ncalls elsewhere"),
    (BLUE, "be observed", "use, openings, exposure,\nwho can be reached"),
    (RED, "install or drop", "by what an app adds to\nreaching contacts"),
    (RED, "habit", "moves towards what\none uses now"),
    (RED, "promotion", "mandates, campaigns,\nphones with apps on them"),
    (RED, "learn", "beliefs change; forget;\nbe alarmed"),
    (RED, "switch the VPN", "by what it opens up,\nits cost, contacts' help"),
    (RED, "publish", "contacts see the change\nin the next step"),
)


def step() -> Figure:
    """Draw what a user does in a step."""
    figure = new_figure("One step of a user", 4.9)
    axes = _canvas(figure, WIDTH, 4.9)
    titles = ("choose", "choose, be observed", "update", "update, publish")
    for column in range(4):
        x = 0.25 + 2.2 * column
        axes.text(x, 4.28, titles[column], fontsize=NORMAL, color=MUTED, fontstyle="italic")
        for row in range(3):
            colour, head, body = USER_STEP[3 * column + row]
            y = 3.2 - 1.22 * row
            _box(axes, x, y, 1.85, 0.95, colour, head, body)
            if row < 2:
                _arrow(axes, (x + 0.92, y), (x + 0.92, y - 0.27))
        if column < 3:
            _arrow(axes, (x + 1.85, 1.0), (x + 2.2, 3.9))
    note(
        figure,
        "Green: reads others. Blue: is measured. Red: changes itself. Nobody reads what another "
        "writes in the same step, so order does not matter.",
    )
    figure.set_label("Twelve boxes in order: " + "; ".join(head for _, head, _ in USER_STEP) + ".")
    return figure


RUN = (  # columns of boxes
    ((GREEN, "conf/", "case, scenario,\npolicies, engine"),
     (GREEN, "SimConfig", "typed; refuses what\ncannot be run")),
    ((GREEN, "world", "people, ties, chats;\nkept in a cache"),
     (GREEN, "start", "observed reach,\nstands still")),
    ((BLUE, "scenario", "replications 1, 2, ...;\nstep after step"),
     (BLUE, "counterfactuals", "the same replications,\nthe same random numbers")),
    ((RED, "tables", "series, paired effects,\nflows; manifest"),
     (RED, "report.html", "answer, figures, misses;\nfrom tables alone")),
)  # fmt: skip


def way() -> Figure:
    """Draw what becomes of a command."""
    figure = new_figure("The way of a run", 3.4)
    axes = _canvas(figure, WIDTH, 3.4)
    for column, boxes in enumerate(RUN):
        x = 0.25 + 2.2 * column
        for row, (colour, head, body) in enumerate(boxes):
            _box(axes, x, 1.8 - 1.25 * row, 1.85, 0.95, colour, head, body)
        if column in (0, 1, 3):
            _arrow(axes, (x + 0.92, 1.8), (x + 0.92, 1.5))
        if column == 0:
            _arrow(axes, (x + 1.85, 1.02), (x + 2.2, 2.27))
        if column == 1:  # the start is shared by all runs
            _arrow(axes, (x + 1.85, 1.1), (x + 2.2, 2.2))
            _arrow(axes, (x + 1.85, 1.02), (x + 2.2, 1.02))
        if column == 2:  # effects need both
            _arrow(axes, (x + 1.85, 2.27), (x + 2.2, 2.27))
            _arrow(axes, (x + 1.85, 1.1), (x + 2.2, 2.15))
    note(
        figure,
        "Green: composed and built once. Blue: simulated. Red: left on disk. An effect is the "
        "difference of two runs with the same random numbers.",
    )
    figure.set_label(
        "From conf/ to a typed configuration, to the world and its start, to replications of the "
        "scenario and its counterfactuals with the same random numbers, to tables and the report."
    )
    return figure


def _canvas(figure: Figure, width: float, height: float, left: float = 0.0) -> Axes:
    """Add axes without a frame whose unit is an inch."""
    axes = figure.add_axes((left / WIDTH, 0.0, width / WIDTH, 1.0))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    return axes


def _box(
    axes: Axes, x: float, y: float, width: float, height: float, colour: str, head: str, body: str
) -> None:
    """Draw a box with a heading and what it is about."""
    axes.add_patch(
        FancyBboxPatch(
            (x + 0.05, y + 0.05),
            width - 0.1,
            height - 0.1,
            boxstyle="round,pad=0.05",
            facecolor=colour,
            edgecolor=MUTED,
            linewidth=0.8,
        )
    )
    middle = x + width / 2
    axes.text(
        middle, y + height - 0.25, head, fontsize=NORMAL, color=INK, ha="center", fontweight="bold"
    )
    axes.text(middle, y + 0.14, body, fontsize=SMALL, color=INK, ha="center", linespacing=1.25)


def _arrow(axes: Axes, tail: tuple[float, float], head: tuple[float, float]) -> None:
    axes.annotate("", head, tail, arrowprops={"arrowstyle": "-|>", "color": MUTED, "lw": 1.0})


if __name__ == "__main__":
    main()
