"""Whole processes, as a user waits for them: import, the default job warm and cold.

    python -m experiments.bench.jobs NAME

NAME is `import` (python -c "import sim"), `warm` (the scenario of the README, 10,000 users, 52
weeks, 8 replications of each world) or `cold` (the same with an empty compile cache).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from experiments.bench import probe
from sim import __version__

JOB = ["-m", "sim", "--quiet", "+scenario=call_ban"]
COMMANDS = {"import": ["-c", "import sim"], "warm": JOB, "cold": JOB}


def main() -> None:
    """Time one process from start to end."""
    name = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ) | ({"NUMBA_CACHE_DIR": folder} if name == "cold" else {})
        command = [sys.executable, *COMMANDS[name]]
        if name != "import":
            command.append(f"hydra.run.dir={Path(folder) / 'run'}")
        if name == "warm":
            wait([*command[:-1], f"hydra.run.dir={Path(folder) / 'before'}"], environment)
        seconds = wait(command, environment)
    probe.emit(tool=name, version=__version__, n_users=10_000, whole_s=seconds)


def wait(command: list[str], environment: dict[str, str]) -> float:
    """Return how long a command takes that succeeds [s]."""
    begin = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
