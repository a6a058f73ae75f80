"""What one run takes alone, and in an ensemble of sixteen that shares world and start.

    python -m experiments.bench.ensemble N_USERS

Eight replications of a scenario and of its counterfactual are sixteen runs.
"""

from __future__ import annotations

import sys
import time

from experiments.bench import probe
from experiments.bench.full_model import SCENARIO
from sim import __version__, load_config
from sim.kernel.parallel_map import available_cores
from sim.runs.run import compare, run

REPLICATIONS = 8


def main() -> None:
    """Time a run alone, then the ensemble; both find their world built and their code compiled."""
    n_users = int(sys.argv[1])
    times = {}
    for name, of_users in (("warm-up", n_users), ("alone", n_users), ("ensemble", n_users)):
        replications = REPLICATIONS if name == "ensemble" else 1
        config = load_config(
            f"+scenario={SCENARIO}", f"population.n_users={of_users}",
            f"replications={replications}", "compare_to=[baseline]",
        )  # fmt: skip
        begin = time.perf_counter()
        (compare if name == "ensemble" else run)(config)
        times[name] = time.perf_counter() - begin
    members = 2 * REPLICATIONS
    probe.emit(
        tool="ensemble", version=__version__, n_users=n_users, n_threads=available_cores(),
        alone_s=times["alone"], member_s=times["ensemble"] / members, members=members,
    )  # fmt: skip


if __name__ == "__main__":
    main()
