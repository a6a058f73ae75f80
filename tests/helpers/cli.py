"""Helpers: the real command as a user runs it, and configurations with changes."""

import copy
import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from sim.base.errors import ConfigError
from sim.commands import cli
from sim.config.validation import validate

REPO = Path(__file__).parents[2]
PYTHON = (sys.executable, "-W", "error")
DROPPED = object()  # in place of a value: the key is left out
# Words of libraries that a user of the simulator never wrote and cannot look up.
JARGON = re.compile(
    r"pydantic|input_value|input_type|\[type=|input tag|discriminator|literal\[|tuple"
    r"|after validation|validator|Traceback",
    re.IGNORECASE,
)


def command(*arguments, cwd=REPO):
    """Run ``python -m sim`` in `cwd` to its end, wherever pytest was started."""
    return _finished("-m", "sim", *arguments, cwd=cwd)


def called(main, *arguments):
    """Call the `main` of a command in this process; return what a process would have left."""
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
    return subprocess.CompletedProcess(
        arguments, status or 0, output.getvalue(), errors.getvalue()
    )


def simulated(*arguments):
    """Call ``python -m sim`` in this process."""

    def main(words):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["sim", *words])
            cli.main()

    return called(main, *arguments)


def python(code):
    """Run `code` in a fresh interpreter; it must succeed. Returns what it printed."""
    done = _finished("-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _finished(*arguments, cwd=REPO):
    return subprocess.run(
        [*PYTHON, *arguments], cwd=cwd, env=environment(), capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


def environment():
    """Return the environment of a process that finds the package from any folder."""
    return os.environ | {"PYTHONPATH": str(REPO)}


def changed(tree, changes):
    """Return a copy of `tree` with values under dotted keys."""
    tree = copy.deepcopy(tree)
    for key, value in changes.items():
        *path, last = key.split(".")
        here = tree
        for name in path:
            here = here[name]
        if value is DROPPED:
            del here[last]
        else:
            here[last] = value
    return tree


def refusal(tree, changes):
    """Return the message with which `tree` is refused after `changes`."""
    with pytest.raises(ConfigError) as error:
        validate(changed(tree, changes))
    return plain(error)


def plain(error):
    """Return the message of a caught error; it may not talk of what users cannot know."""
    message = str(error.value)
    assert not JARGON.search(message), message
    return message
