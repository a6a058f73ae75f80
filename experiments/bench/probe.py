"""What one process measures: time of set-up and of steps, memory, shares; printed as JSON.

    python -m experiments.bench.NAME FOLDER STEPS [OPTION]

FOLDER holds a graph (`work.save_graph`). The first step is left out of the times: some
simulators compile in it.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.bench.work import F64, Graph, load_graph
from sim.base.machine import peak, used  # of Python alone: peers have no other libraries

Step = Callable[[], F64]  # takes a step, returns the shares of platforms after it
Build = Callable[[Graph], Step]


def measure(tool: str, version: str, build: Build) -> None:
    """Build a simulator for the graph named on the command line, take steps, print it all."""
    folder, n_steps = Path(sys.argv[1]), int(sys.argv[2])
    before = used()
    graph = load_graph(folder)
    n_users, n_visits = graph.n_users, graph.n_visits
    begin = time.perf_counter()
    step = build(graph)
    setup = time.perf_counter() - begin
    del graph  # a simulator may let go of the edge list
    times, shares, busy = [], [], time.process_time()
    for _ in range(n_steps):
        begin = time.perf_counter()
        share = step()
        times.append(time.perf_counter() - begin)
        shares.append([float(s) for s in share])
    busy = time.process_time() - busy
    emit(
        tool=tool, version=version, n_users=n_users, n_visits=n_visits, setup_s=setup,
        steps_s=times[1:], shares=shares, bytes_a_user=(peak() - before) / n_users,
        cores=busy / sum(times), python=platform.python_version(),
    )  # fmt: skip


def emit(**measured: Any) -> None:
    """Print what was measured as one line of JSON, the last one of the process."""
    sys.stdout.flush()
    print(json.dumps(measured), flush=True)
    os._exit(0)  # some simulators take long to be taken down, or fail at it
