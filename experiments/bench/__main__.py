"""Measure speed and write docs/performance.md, or check that all codings agree.

    python -m experiments.bench [--check] [--quick] [--page-only] [--rounds N]
                                [--model-sizes N ...]

--check asserts agreement and measures no time; --quick measures small graphs once and writes to
outputs/bench; --page-only writes page and figure anew from the results kept.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

from experiments import command
from experiments.bench import page
from experiments.bench.check import check
from experiments.bench.machine import facts
from experiments.bench.suite import MODEL_SIZES, REPO, Plan, run_all

CHECKED = 100_000  # users
QUICK = Plan(1, most_users=100_000, model_sizes=(10_000,), ensemble_sizes=(10_000,))


def main() -> None:
    """Do what the command line asks."""
    options = _options()
    if options.check:
        print("\n".join(check(CHECKED)))
        return
    data = REPO / "experiments" / "bench"
    docs, figures = REPO / "docs", REPO / "docs" / "figures"
    plan = Plan(rounds=options.rounds, model_sizes=tuple(options.model_sizes))
    if options.quick:
        data = docs = figures = REPO / "outputs" / "bench"
        data.mkdir(parents=True, exist_ok=True)
        plan = QUICK
    if not options.page_only:
        _keep(data, plan)
    results = pd.read_csv(data / "results.csv")
    machine = json.loads((data / "machine.json").read_text())
    page.write(results, machine, docs / "performance.md", figures / "scaling.png")
    print(f"wrote {docs / 'performance.md'}")


def _keep(folder: Path, plan: Plan) -> None:
    """Measure, and keep results and facts of the machine in `folder`."""
    agreement = check(CHECKED)
    machine = facts() | {"agreement": agreement}
    (folder / "machine.json").write_text(json.dumps(machine, indent=2) + "\n")
    rows = []
    for row in run_all(plan):
        rows.append(row)  # kept as they come: the whole takes long
        pd.DataFrame(rows).to_csv(folder / "results.csv", index=False, float_format="%.6g")


def _options() -> argparse.Namespace:
    parser = command.parser("bench", __doc__)
    parser.add_argument("--check", action="store_true", help="agreement only, no times")
    parser.add_argument("--quick", action="store_true", help="small graphs, to outputs/bench")
    parser.add_argument("--page-only", action="store_true", help="from the results kept")
    parser.add_argument("--rounds", type=int, default=Plan().rounds)
    parser.add_argument("--model-sizes", type=int, nargs="*", default=MODEL_SIZES)
    return parser.parse_args()


if __name__ == "__main__":
    main()
