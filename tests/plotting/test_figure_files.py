"""Figures as files: whole, the same again, described, and readable whatever a label says."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from sim.plotting import runs as plotting
from sim.plotting.drawing import new_figure, panel
from sim.plotting.files import save
from tests.helpers.drawn import WEEKS


def test_a_single_step_and_no_events_can_be_drawn(timeseries, observed, events, tmp_path):
    first = timeseries[timeseries["date"] <= WEEKS[0]]
    figure = plotting.reach(first, "ban", observed.iloc[:0], events.iloc[:0])
    save(figure, tmp_path / "one")


def test_files_are_whole_the_same_and_described(figures, timeseries, tmp_path):
    first, again = tmp_path / "v1.0", tmp_path / "again"
    save(figures["use"], first)
    save(plotting.use(timeseries, "ban"), str(again))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "again.png",
        "again.svg",
        "v1.0.png",
        "v1.0.svg",
    ]
    svg = (tmp_path / "v1.0.svg").read_bytes()
    assert svg == (tmp_path / "again.svg").read_bytes()
    assert (tmp_path / "v1.0.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    ElementTree.fromstring(svg)  # noqa: S314 (our own file)
    assert re.search(rb"Messages and calls a person a day on WhatsApp", svg)
    assert b"Messages and calls" in (tmp_path / "v1.0.png").read_bytes()


def test_dollars_in_a_label_are_no_formula(tmp_path):
    """The first of them ended a run when its figures were saved."""
    figure = new_figure(r"Region $\frac{a$", 3.0)
    axes = panel(figure, 0.5, 1.5)
    axes.plot([1, 1e9], [0, 1], label="US$ 3 or $x^2$")
    axes.set_xscale("log")
    axes.set_yticks([0, 1], ["$b$", "c"])
    axes.legend()
    save(figure, tmp_path / "labels")
    shown = (tmp_path / "labels.svg").read_text(encoding="utf-8")
    for text in (r"Region $\frac{a$", "US$ 3 or $x^2$", "$b$"):
        assert f">{text}</text>" in shown
    assert r"$\mathdefault{10^{0}}$</text>" not in shown  # powers of ten are set as powers


def test_a_failed_save_leaves_nothing_behind(figures, tmp_path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(figures["use"], "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save(figures["use"], tmp_path / "use")
    assert not list(tmp_path.iterdir())


def test_every_figure_has_a_text_alternative(figures):
    labels = {figure.get_label() for figure in figures.values()}
    assert len(labels) == len(figures)
    assert all("ban" in label for label in labels)
