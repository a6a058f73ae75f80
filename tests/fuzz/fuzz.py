"""Trials of all kinds, one after another."""

import faulthandler
import sys
import tempfile
import time
import traceback
from collections import Counter
from itertools import count, takewhile

from tests.fuzz.case_folders import run_damaged_case
from tests.fuzz.invalid import run_garbled, run_spoilt
from tests.fuzz.kills import run_killed
from tests.fuzz.trial import Trial
from tests.fuzz.valid import run_valid

KINDS = {
    "valid": run_valid, "spoilt": run_spoilt, "garbled": run_garbled, "case": run_damaged_case,
    "killed": run_killed,
}  # fmt: skip
CYCLE = (*("valid", "spoilt", "case", "garbled") * 3, "killed", *("valid", "spoilt", "case") * 8)
MOST_NOTED = 2000  # characters of a note that are printed
PATIENCE = 300  # seconds; a trial that takes longer ends all, with a traceback


def kind_of(number):
    """Return of which kind a trial is."""
    return CYCLE[number % len(CYCLE)]


def run_trial(seed, number):
    """Run a trial; return what came of it. What fails is raised, with notes of what was drawn."""
    faulthandler.dump_traceback_later(PATIENCE, exit=True, file=sys.__stderr__)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        trial = Trial(seed, number, folder)
        try:
            return KINDS[kind_of(number)](trial)
        except BaseException as error:
            error.add_note(f"python -m tests.fuzz --seed {seed} --trial {number}")
            error.add_note("\n".join(note[:MOST_NOTED] for note in trial.notes))
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()


def until(seconds):
    """Yield the numbers of trials, from 0 on, until the time is up."""
    end = time.monotonic() + seconds
    return takewhile(lambda _: time.monotonic() < end, count())


def fuzz(seed, numbers, only=None):
    """Run the trials of these numbers.

    Returns
    -------
    counts : Counter
        Of kind and outcome.
    failures : list of str
        A traceback each, which is printed as well.
    """
    counts, failures = Counter(), []
    for number in numbers:
        kind = kind_of(number)
        if only not in (None, kind):
            continue
        try:
            outcome = run_trial(seed, number)
        except KeyboardInterrupt:
            raise
        except BaseException:  # an Interrupted or SystemExit that got through is a failure
            outcome = "failed"
            failures.append(traceback.format_exc())
            print(failures[-1], file=sys.stderr, flush=True)
        counts[kind, outcome] += 1
    return counts, failures
