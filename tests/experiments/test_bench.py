"""The bench compares codings of one work: they mean the same. Times are never asserted."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments.bench import page, suite
from experiments.bench.check import check, differing_choices
from experiments.bench.full_model import configure, make_run, steps_before
from experiments.bench.kernel import Kernel
from experiments.bench.parts import ClockedEngine
from experiments.bench.rows import make_rows
from experiments.bench.slices import GROUP, SORTED, make_slices, pack, places, unpack
from experiments.bench.work import ORDERS, Graph, draw_graph, load_graph, save_graph
from sim.engine.engines import CompiledEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.kernel.vec16 import WIDTH
from sim.model.simulation import Simulation
from tests.helpers.worlds import different, outcome


@pytest.mark.slow
def test_kernel_scipy_and_numpy_agree():
    assert len(check(20_000)) == len(ORDERS)


@pytest.mark.parametrize("n_users", [1, 7, GROUP, GROUP + 1, SORTED + 5])
def test_the_kernel_takes_any_size(n_users):
    left = np.arange(n_users - 1, dtype=np.uint32)  # a chain: groups and blocks meet in it
    start = (np.arange(n_users) % 5).astype(np.uint8)
    assert differing_choices(Graph(left, left + np.uint32(1), start)) < 1e-4


def test_users_without_contacts_choose_too():
    none = np.zeros(0, np.uint32)
    assert differing_choices(Graph(none, none, np.zeros(1000, np.uint8))) == 0


def test_threads_do_not_change_a_choice():
    graph = draw_graph(30_000, "random")
    one, two = Kernel(graph, Threads(1)), Kernel(graph, Threads(2))
    for _ in range(3):
        np.testing.assert_array_equal(one.step(), two.step())
    np.testing.assert_array_equal(one.platform, two.platform)


@pytest.mark.parametrize("order", ORDERS)
def test_slices_hold_every_tie_from_both_ends(order):
    graph = draw_graph(10_000, order)
    slices = make_slices(make_rows(graph))
    at = np.repeat(np.arange(len(slices.first) - 1), np.diff(slices.first) // WIDTH)
    lane = (at[:, None] * WIDTH + np.arange(WIDTH)).ravel()
    user_at = dict(zip(places(np.arange(len(slices.user))), slices.user, strict=True))
    held = slices.contacts != places(np.array(len(slices.user)))
    user = slices.user[lane[held]]
    contact = np.array([user_at[place] for place in slices.contacts[held]])
    ends = {*zip(graph.left, graph.right, strict=True), *zip(graph.right, graph.left, strict=True)}
    assert {*zip(user, contact, strict=True)} == ends
    assert len(user) == len(ends) == graph.n_visits
    np.testing.assert_array_equal(
        slices.degree[: graph.n_users], np.bincount(user)[slices.user[: graph.n_users]]
    )
    assert held.mean() > 0.99  # users of a slice have about as many contacts


def test_platforms_are_packed_and_found_again():
    graph = draw_graph(1000, "random")
    slices = make_slices(make_rows(graph))
    words = pack(slices, graph.start)
    np.testing.assert_array_equal(unpack(slices, words, 1000), graph.start)
    place = places(np.arange(1000))
    turned = words[place >> 5].astype(np.uint64) << (place % 32).astype(np.uint64)
    found = (turned | turned >> np.uint64(32)) & np.uint64(15)  # what rotating leaves below
    np.testing.assert_array_equal(found, graph.start[slices.user[:1000]])


def test_a_user_with_too_many_contacts_is_refused():
    right = np.arange(1, 301, dtype=np.uint32)
    with pytest.raises(ValueError, match="300 contacts"):
        make_slices(make_rows(Graph(np.zeros_like(right), right, np.zeros(301, np.uint8))))


@pytest.mark.parametrize("order", ORDERS)
def test_graphs_have_neither_loops_nor_double_ties(order, tmp_path):
    graph = draw_graph(5000, order)
    assert (graph.left < graph.right).all()
    assert len({*zip(graph.left, graph.right, strict=True)}) == len(graph.left)
    assert 18 < graph.n_visits / graph.n_users <= 20
    save_graph(graph, tmp_path / "graph")
    for saved, array in zip(load_graph(tmp_path / "graph"), graph, strict=True):
        np.testing.assert_array_equal(saved, array)


def test_the_whole_model_is_timed_with_calls_restricted():
    config = configure(100)
    step, n_visits = make_run(config, Threads(1))
    assert n_visits > 0
    for _ in range(steps_before(config)):
        step()
    run = step.__self__
    assert run.n_done == steps_before(config) < config.n_steps - suite.MODEL_STEPS


@pytest.mark.slow
def test_the_clocked_step_gives_the_bits_of_the_engine():
    config = configure(5000)
    start, threads = prepare(config, Threads(1)), Threads(1)
    engine = ClockedEngine()
    clocked = Simulation(PolicySchedule(config), start.copy(), 0, engine, threads)
    plain = Simulation(PolicySchedule(config), start, 0, CompiledEngine(threads), threads)
    for _ in range(3):
        clocked.step()
        plain.step()
    assert different(outcome(clocked), outcome(plain)) == set()
    assert all(seconds > 0 for seconds in engine.parts_s)


def test_the_page_is_what_the_kept_results_give(tmp_path):
    kept = suite.REPO / "experiments" / "bench"
    results = pd.read_csv(kept / "results.csv")
    machine = json.loads((kept / "machine.json").read_text())
    (tmp_path / "figures").mkdir()
    page.write(results, machine, tmp_path / "page.md", tmp_path / "figures" / "scaling.png")
    shipped = suite.REPO / "docs" / "performance.md"
    assert (tmp_path / "page.md").read_text() == shipped.read_text()


@pytest.mark.slow
def test_a_row_is_measured_and_a_page_written(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "LIMIT_SIZES", (500,))
    monkeypatch.setattr(suite, "PEER_PYTHON", tmp_path / "missing")
    peers = {
        "Mesa, lists": suite.Peer("peer_mesa", "lists", {500: 3}),
        "scipy, CSR @ one-hot": suite.Peer("peer_scipy", "", {500: 3}),
    }
    monkeypatch.setattr(suite, "PEERS", peers)
    results = pd.DataFrame(
        suite.run_all(suite.Plan(1, model_sizes=(100,), ensemble_sizes=(100,), jobs=("import",)))
    )
    missing = results[results["tool"] == "Mesa, lists"].iloc[0]
    assert missing["note"] == "not installed"
    measured = results.drop(missing.name)
    assert (measured["step_s"] > 0).all(), measured
    words = dict.fromkeys(
        ("processor", "cores", "caches", "memory_gib", "system", "python", "numpy", "numba"), "?"
    )
    machine = words | {"day": "today", "agreement": ["all agree"]}
    page.write(results, machine, tmp_path / "page.md", tmp_path / "scaling.png")
    text = (tmp_path / "page.md").read_text()
    assert "not installed" in text
    assert "nan" not in text
    assert (tmp_path / "scaling.png").stat().st_size > 1000
