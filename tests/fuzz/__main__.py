"""Fuzzing: ``python -m tests.fuzz [--minutes M] [--seed S] [--trial K]``."""

import argparse
import sys
import warnings
from datetime import datetime

from tests.fuzz.fuzz import KINDS, fuzz, kind_of, run_trial, until


def main():
    """Fuzz for some minutes, or repeat a trial; exit with 1 if anything failed."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, help="default: the day as a number")
    parser.add_argument("--trial", type=int, help="repeat only this one")
    parser.add_argument("--kind", choices=KINDS, help="only trials of this kind")
    options = parser.parse_args()
    warnings.simplefilter("error")
    today = int(datetime.now().astimezone().strftime("%Y%m%d"))
    seed = today if options.seed is None else options.seed
    if options.trial is not None:
        print(kind_of(options.trial), run_trial(seed, options.trial))
        return
    counts, failures = fuzz(seed, until(60 * options.minutes), options.kind)
    for (kind, outcome), n in sorted(counts.items()):
        print(f"{kind:8} {outcome:10} {n:6}")
    print(f"seed {seed}: {counts.total()} trials, {len(failures)} failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
