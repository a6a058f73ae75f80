"""Run every measurement in a process of its own, in turn, and keep what it found.

Pairs alternate: ours, the other, ours, the other. What disturbs the machine for a while then
disturbs both, and the ratio within a round says more than two means.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.bench.work import ORDERS, STEPS, draw_graph, save_graph

REPO = Path(__file__).resolve().parents[2]
PEER_PYTHON = REPO / ".venv-bench" / "bin" / "python"
Row = dict[str, Any]


class Peer(NamedTuple):
    """Another coding of W: its module in this folder, an option, and how long it is run."""

    module: str
    option: str
    steps: dict[int, int]  # number of steps by number of users; one more than is timed


PEERS = {
    "Mesa, cells": Peer("peer_mesa", "cells", {10_000: 12, 100_000: 6}),
    "Mesa, lists": Peer("peer_mesa", "lists", {10_000: 12, 100_000: 6}),
    "mesa-frames, frames": Peer("peer_mesa_frames", "", {100_000: 12, 1_000_000: 6}),
    "Starsim, own module": Peer("peer_starsim", "", {100_000: 26, 1_000_000: 12}),
    "scipy, CSR @ one-hot": Peer("peer_scipy", "", {100_000: 52, 1_000_000: 20, 10_000_000: 4}),
    "this project, one thread": Peer("ours", "1", {100_000: 52, 1_000_000: 52}),
}
LIMIT_SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
MODEL_SIZES = (10_000, 100_000, 1_000_000)
MODEL_STEPS = 12
PARTS_USERS = 1_000_000
ENSEMBLE_SIZES = (10_000, 100_000, 1_000_000)
JOBS = ("import", "warm", "cold")


class Plan(NamedTuple):
    """What is measured and how often."""

    rounds: int = 3
    most_users: int = 10_000_000
    model_sizes: tuple[int, ...] = MODEL_SIZES
    ensemble_sizes: tuple[int, ...] = ENSEMBLE_SIZES
    jobs: tuple[str, ...] = JOBS


def run_all(plan: Plan) -> Iterator[Row]:
    """Yield one row a process and measured thing."""
    with tempfile.TemporaryDirectory() as folder:
        graphs = Graphs(Path(folder))
        parts = _jobs(plan), _limits(plan, graphs), _pairs(plan, graphs), _model(plan)
        for part in (*parts, _parts(plan), _ensembles(plan)):
            for row in part:
                _tell(row)
                yield row


class Graphs:
    """Graphs on disk, each drawn once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, order: str, n_users: int) -> Path:
        """Return the folder of a graph, drawn if it is not there."""
        path = self._folder / f"{order}_{n_users}"
        if not path.exists():
            save_graph(draw_graph(n_users, order), path)
        return path


def _limits(plan: Plan, graphs: Graphs) -> Iterator[Row]:
    """Yield kernel and gathers, by order and size."""
    sizes = [n for n in LIMIT_SIZES if n <= plan.most_users]
    for turn in range(plan.rounds):
        for n_users in sizes:
            for order in ORDERS:
                repeats = 12 if n_users >= 10_000_000 else 40
                found = measure(sys.executable, "limits", graphs.path(order, n_users), repeats)
                times = found.pop("times_s", {"kernel": None})
                for name, steps_s in times.items():
                    yield _row(
                        found | {"steps_s": steps_s}, part="limits", tool=name, order=order,
                        n_users=n_users, round=turn,
                    )  # fmt: skip


def _pairs(plan: Plan, graphs: Graphs) -> Iterator[Row]:
    """Yield ours and each peer in turn, on the graph in random order."""
    for name, peer in PEERS.items():
        ours_python = peer.module in ("ours", "peer_scipy")
        python = sys.executable if ours_python else str(PEER_PYTHON)
        for n_users, n_steps in peer.steps.items():
            if n_users > plan.most_users:
                continue
            path = graphs.path("random", n_users)
            option = [peer.option] if peer.option else []
            for turn in range(plan.rounds):
                about = {"part": "pairs", "order": "random", "n_users": n_users, "round": turn}
                ours = measure(sys.executable, "ours", path, min(STEPS, 4 * n_steps))
                yield _row(ours, pair=name, tool="this project", **about)
                other = measure(python, peer.module, path, n_steps, *option)
                gap = _gap(ours.get("shares"), other.get("shares"))
                yield _row(other, pair=name, tool=name, gap_points=gap, **about)
                if "note" in other:
                    break


def _model(plan: Plan) -> Iterator[Row]:
    """Yield the whole model by size."""
    for n_users in plan.model_sizes:
        rounds = plan.rounds if n_users < 1_000_000 else 1  # its set-up takes long
        for turn in range(rounds):
            found = measure(sys.executable, "full_model", n_users, MODEL_STEPS)
            yield _row(
                found, part="model", tool="whole model", order="layered", n_users=n_users,
                round=turn,
            )  # fmt: skip


def _parts(plan: Plan) -> Iterator[Row]:
    """Yield what the parts of a step take on one thread, at the largest size of the model."""
    n_users = min(max(plan.model_sizes), PARTS_USERS)
    for turn in range(plan.rounds):
        found = measure(sys.executable, "parts", n_users, MODEL_STEPS)
        about = {"part": "parts", "order": "layered", "n_users": n_users, "round": turn}
        for name, seconds in found.pop("parts_s", {"all": None}).items():
            yield _row(found, tool=name, **about) | {"step_s": seconds}


def _ensembles(plan: Plan) -> Iterator[Row]:
    """Yield a run alone and a member of an ensemble, by size."""
    for n_users in plan.ensemble_sizes:
        for turn in range(plan.rounds if n_users < 1_000_000 else 1):
            found = measure(sys.executable, "ensemble", n_users)
            about = {"part": "ensemble", "order": "layered", "n_users": n_users, "round": turn}
            for name in ("alone", "member"):
                yield _row(found, tool=name, **about) | {"step_s": found.get(f"{name}_s")}


def _jobs(plan: Plan) -> Iterator[Row]:
    """Yield the times of whole processes."""
    for turn in range(plan.rounds):
        for name in plan.jobs:
            found = measure(sys.executable, "jobs", name)
            about = {"part": "jobs", "order": "layered", "n_users": 10_000, "round": turn}
            yield _row(found, tool=name, **about) | {"step_s": found.get("whole_s")}


def measure(python: str, module: str, *arguments: object) -> Row:
    """Run a module of this folder; return what it printed last, or a note on what failed."""
    if not Path(python).exists():
        return {"note": "not installed"}
    command = [python, "-m", f"experiments.bench.{module}", *map(str, arguments)]
    busy, begin, used = _busy(), time.perf_counter(), _children()
    # S603: the command is one of ours
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)  # noqa: S603
    wall, own = time.perf_counter() - begin, _children() - used
    try:
        found: Row = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        said = done.stderr.strip().splitlines() or ["no word"]
        return {"note": f"did not run: {said[-1]}"}
    return found | {"others": max(0.0, (_busy() - busy - own) / wall)}


def _row(found: Row, **about: Any) -> Row:
    """Return a flat row: what is measured, and the median, least and most of its times."""
    steps = found.get("steps_s")
    times = (
        {"step_s": statistics.median(steps), "least_s": min(steps), "most_s": max(steps)}
        if steps
        else {}
    )
    kept = (
        "version", "n_visits", "n_threads", "setup_s", "bytes_a_user", "cores", "others", "python",
        "note",
    )  # fmt: skip
    return about | times | {key: found[key] for key in kept if key in found}


def _gap(ours: list[list[float]] | None, theirs: list[list[float]] | None) -> float | None:
    """Return the largest difference of shares after the last common step [points]."""
    if ours is None or theirs is None:
        return None
    last = min(len(ours), len(theirs)) - 1
    return 100.0 * float(np.abs(np.array(ours[last]) - theirs[last]).max())


def _busy() -> float:
    """Return the processor time that all processes have used [s], 0 where it is not told."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _, _, irq, soft, steal = map(int, stat.read_text().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tell(row: Row) -> None:
    time_ms = f"{1000 * row['step_s']:10.2f} ms" if row.get("step_s") else row.get("note", "")
    print(
        f"{row['part']:7} {row['tool']:26} {row['order']:8} {row['n_users']:>10,} {time_ms}",
        flush=True,
    )
