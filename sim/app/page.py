"""The page of the live app: controls, words and figures; `python -m sim.app` serves it.

Solara calls the components below again when a value changes. The buttons (step, play, reset) are
those of Mesa's SolaraViz. Its frame is not used: in its sidebar the buttons outlive the model
that they step, and its grid of plots cannot be read on a phone.
"""

from __future__ import annotations

import base64
import html
import io
import re
import shlex
from collections.abc import Callable, Collection, Mapping
from functools import partial

import solara
import solara.lab
from matplotlib.figure import Figure
from mesa.visualization.solara_viz import ModelController
from mesa.visualization.utils import update_counter

from sim.app.controls import AS_PLANNED, CONTROLS, idle, overrides
from sim.app.model import LiveModel
from sim.base.errors import ConfigError
from sim.config.compose import load_config
from sim.config.conf import names
from sim.plotting.live import costs_so_far, reach_so_far
from sim.plotting.network import network_map
from sim.report.descriptions import description
from sim.report.glossary import words
from sim.report.standing import reached

FIRST = "call_ban"
SMALL_SOCIETY = ("population.n_users=1000", "engine.threads=1")
society: list[str] = []  # overrides from the command line of the app
MAX_REPLICATION = 9  # replications to choose from, from 0
PAUSE = 200  # between two steps while it plays [ms]
STICKY = (
    "position: sticky; top: 0; z-index: 2; background: white; max-width: 30rem; padding: 8px 0"
)
SMALL = "font-size: 0.8rem; line-height: 1.3; opacity: 0.8"
TITLE = "When a state restricts calls"
CAVEAT = (
    "One run of a small synthetic society: it explains and explores, it does not predict. "
    "The same question with intervals, effects and a report:"
)


@solara.component
def Page() -> None:
    """Show the controls and the run that they lead to."""
    scenario, set_scenario = solara.use_state(FIRST)
    chosen, set_chosen = solara.use_state(dict.fromkeys(CONTROLS, AS_PLANNED))
    replication, set_replication = solara.use_state(0)
    options = (scenario, chosen, replication)
    making = solara.lab.use_task(lambda: make(*options), dependencies=[*options])
    solara.Title(TITLE)
    with solara.Column(gap="8px", style="padding: 12px; max-width: 1800px; margin: auto"):
        solara.HTML("h1", unsafe_innerHTML=TITLE, style="font-size: 1.4rem")
        with solara.ColumnsResponsive(default=[12], medium=[6], large=[4, 2, 2, 2, 2]):
            with solara.Column(gap="4px"):
                every = names("scenario")
                solara.Select(
                    "Scenario", values=every, value=scenario, on_value=one_of(every, set_scenario)
                )
                Prose(description(scenario), SMALL)
                solara.SliderInt(
                    "Replication", value=replication, max=MAX_REPLICATION,
                    on_value=one_of(range(MAX_REPLICATION + 1), set_replication),
                )  # fmt: skip
            for name in CONTROLS:
                move = partial(lambda k, at: set_chosen({**chosen, k: at}), name)
                Setting(scenario, name, chosen[name], move)
        if making.pending:  # without buttons: what is pressed now would be lost
            Prose("The people and their ties are being generated ...")
            solara.ProgressLinear(value=True)
        elif isinstance(made := making.value, LiveModel):
            Run(made, replication).key(str(id(made)))  # with new buttons, in their first state
            Prose(f"{CAVEAT} `{command(scenario, chosen)}`", SMALL)
        else:
            solara.Error(f"This cannot be run: {made}")


def one_of[T](allowed: Collection[T], on_value: Callable[[T], None]) -> Callable[[T], None]:
    """Return a handler that ignores values which the page does not offer but a client may send."""

    def handle(value: T) -> None:
        if value in allowed:
            on_value(value)

    return handle


def make(scenario: str, chosen: Mapping[str, str], replication: int) -> LiveModel | ConfigError:
    """Return a new model, or the error that prevents it."""
    try:
        return LiveModel(
            load_config(*overrides(scenario, chosen, *SMALL_SOCIETY, *society)), replication
        )
    except ConfigError as error:
        return error


def command(scenario: str, chosen: Mapping[str, str]) -> str:
    """Return the command that asks the same question of a larger society, with intervals."""
    return shlex.join(["python", "-m", "sim", *overrides(scenario, chosen, *society)])


@solara.component
def Setting(scenario: str, name: str, at: str, on_move: Callable[[str], None]) -> None:
    """Show a control with its sentence, and whether it changes anything."""
    control = CONTROLS[name]
    try:
        nothing = idle(scenario, name, at, *SMALL_SOCIETY, *society)
    except ConfigError:  # shown where the run would be
        nothing = ""
    with solara.Column(gap="4px"):
        settings = list(control.settings)
        move = one_of(settings, on_move)
        solara.Select(control.label, values=settings, value=at, on_value=move)
        Prose(f"**{nothing}** {control.sentence}" if nothing else control.sentence, SMALL)


@solara.component
def Run(first: LiveModel, replication: int) -> None:
    """Show the buttons of a run, its state and its figures."""
    model = solara.use_reactive(first)
    solara.use_effect(lambda: lambda: model.value.stop(), [])  # or it would play on unseen
    pause, stride, no_threads = map(solara.use_reactive, (PAUSE, 1, False))
    with solara.Column(style=STICKY):
        ModelController(
            model, model_parameters={"config": first.config, "replication": replication},
            play_interval=pause, render_interval=stride, use_threads=no_threads,
        )  # fmt: skip
    Views(model.value)


@solara.component
def Views(model: LiveModel) -> None:
    """Show the state of the run in words and figures."""
    update_counter.get()  # Mesa's: a step was taken
    done = model.simulation.n_done
    said, figures = solara.use_memo(lambda: look(model), [model, done])
    for paragraph in said:
        Prose(paragraph)
    with solara.ColumnsResponsive(default=[12], medium=[6], large=[4]):
        for figure in figures:
            Picture(figure)
    with solara.Details("What the words mean"):
        for word, meaning in words().items():
            Prose(f"**{word.capitalize()}**: {meaning}")


def look(model: LiveModel) -> tuple[list[str], list[Figure]]:
    """Return sentences and figures of a run, about adoption and its costs."""
    table, scenarios = model.timeseries(), model.scenarios
    first, last = model.days
    said = [
        f"**{first:%-d %B} to {last:%-d %B %Y}**, step {model.simulation.n_done} of "
        f"{model.config.n_steps}. In force: {'; '.join(model.in_force) or 'nothing'}.",
        reached(table, model.config, scenarios),
    ]
    said += [
        f"In brackets and dashed: the same people and random numbers in **{name}**. "
        f"{description(name)}"
        for name in scenarios[1:]
    ]
    return said, [
        network_map(model.layout, model.primary, model.exposed, "Each person's main app"),
        reach_so_far(table, scenarios, model.events, model.span),
        costs_so_far(table, scenarios, model.span),
    ]


@solara.component
def Prose(text: str, style: str = "") -> None:
    """Show a paragraph; **bold** and `code` are marked.

    Solara's Markdown would fetch files for formulas.
    """
    safe = html.escape(text)
    marked = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", safe)
    marked = re.sub(r"`(.+?)`", r"<code>\1</code>", marked)
    solara.HTML("p", unsafe_innerHTML=marked, style=f"margin: 0 0 0.5em; {style}")


@solara.component
def Picture(figure: Figure) -> None:
    """Show a figure with its text alternative."""

    def encoded() -> str:
        file = io.BytesIO()
        figure.savefig(file, format="png")
        return base64.b64encode(file.getvalue()).decode()

    data = solara.use_memo(encoded, [figure])
    attributes = {"src": f"data:image/png;base64,{data}", "alt": str(figure.get_label())}
    solara.HTML("img", attributes=attributes, style="width: 100%; max-width: 750px")
