"""Runs of several ranks: ``mpirun -n N python -m tests.helpers.ranking FILE`` writes results."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

from sim import compare, load_config, run
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.ranges import RangesEngine
from sim.engine.ranks import Ranks
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.runs.run import ENGINES
from tests.engine.test_engines import EVENTFUL, MANY, assert_all_has_happened
from tests.helpers.cli import PYTHON, REPO, environment
from tests.helpers.country import country
from tests.helpers.worlds import advanced, outcome

MPIRUN = shutil.which(
    "mpirun", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
)
OPEN_MPI = {  # is careful with root, and with more ranks than cores
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}  # fmt: skip


def started(n, *arguments):
    """Start `n` ranks of Python."""
    return subprocess.Popen(
        [MPIRUN, "-n", str(n), *PYTHON, *arguments], cwd=REPO, env=environment() | OPEN_MPI,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process):
    """Return exit status, output and errors of a process; it has to end."""
    output, errors = process.communicate(timeout=300)
    return process.returncode, output, errors


def happened(engine, n_users):
    """Return the bits of the tables of what is known to have happened."""
    result = compare(
        load_config(
            "+scenario=as_happened", f"population.n_users={n_users}", "replications=1",
            "step_days=14", "compare_to=[]", f"engine={engine}",
        )
    )  # fmt: skip
    tables = {"timeseries": result.timeseries, "flows": result.flows}
    return {
        f"{name} of {n_users}": pickle.dumps(table.to_dict("list"))
        for name, table in tables.items()
    }


def eventful(engine):
    """Return all bits of where a run ends in which everything happens, users' records too."""
    config = load_config(*MANY, "dur_days=84", *EVENTFUL, f"engine={engine}")
    start = prepare(config, Threads(1))
    done = ENGINES[engine](PolicySchedule(config), 0, start.copy(), Threads(1))
    advanced(done, config.n_steps)
    if isinstance(done.engine, RangesEngine):
        done.engine.complete(done.state)
    assert_all_has_happened(start, done)
    return outcome(done)


def twelve_apps(engine):
    """Return the bits of a run of two tiles of messengers."""
    table = run(country(engine)).timeseries
    return {"twelve apps": pickle.dumps(table.to_dict("list"))}


def found(engine):
    """Return the bits of four runs; in the one of 100 users a rank may be without any."""
    alone = {**happened(engine, 7000), **happened(engine, 100), **eventful(engine)}
    return alone | twelve_apps(engine)


def main():
    """Take the runs; the first rank writes."""
    with Ranks.here().abort_together():
        bits = found("mpi")
        if Ranks.here().is_first:
            Path(sys.argv[1]).write_bytes(pickle.dumps(bits))


if __name__ == "__main__":
    main()
