"""W in this project's kernel, as one process like the others.

python -m experiments.bench.ours FOLDER STEPS [THREADS]
"""

from __future__ import annotations

import sys

from experiments.bench import probe
from experiments.bench.kernel import Kernel
from experiments.bench.work import Graph, draw_graph
from sim import __version__
from sim.engine.threads import Threads


def main() -> None:
    """Measure with the number of threads given, or all."""
    threads = Threads(int(sys.argv[3]) if len(sys.argv) > 3 else None)
    Kernel(draw_graph(100, "random"), threads).step()  # loads the compiled code

    def build(graph: Graph) -> probe.Step:
        return Kernel(graph, threads).step

    probe.measure("this project", __version__, build)


if __name__ == "__main__":
    main()
