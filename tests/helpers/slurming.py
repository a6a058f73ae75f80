"""A private Slurm for tests (tests/helpers/slurm/start.sh), and where it cannot be had."""

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "slurm"
PROGRAMS = ("munged", "slurmctld", "slurmd", "slurmdbd", "sacct", "mariadbd")
MISSING = [program for program in PROGRAMS if shutil.which(program) is None]
CPUS = 4
NEEDS_SLURM = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"no Slurm here: {', '.join(MISSING)} missing"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a private Slurm is started by root alone"),
]


def free_ports():
    """Return the first of three ports in a row that nobody listens to."""
    for first in range(20_000 + os.getpid() % 10_000, 32_000, 3):
        try:
            for port in range(first, first + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


@contextmanager
def private_slurm():
    """Start a Slurm; return the environment in which commands find it."""
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o755)  # which munge asks for
        sandbox = Path(base) / "slurm"
        call = [SCRIPTS / "start.sh", sandbox, str(free_ports()), str(CPUS)]
        subprocess.run(call, check=True, timeout=120)
        yield {"SLURM_CONF": str(sandbox / "slurm.conf")}
        subprocess.run([SCRIPTS / "stop.sh", sandbox], check=True, timeout=60)
