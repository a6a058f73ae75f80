"""The live app as a process that answers."""

import re
import subprocess
from contextlib import contextmanager

from tests.helpers.cli import REPO, environment


@contextmanager
def serving(*command, env=None, **options):
    """Start an app, wait until it names its address, and yield the process with its `address`."""
    with subprocess.Popen(
        command, cwd=REPO, env=environment() | (env or {}), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options,
    ) as process:  # fmt: skip
        printed = ""
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/", printed)):
            line = process.stdout.readline()
            assert line, f"the app ended: {printed}"
            printed += line
        process.address = found[0]
        yield process
        process.kill()
