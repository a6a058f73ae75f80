"""What a run of a whole country took, and what it shows that a sample does not.

    python -m experiments.country FOLDER > docs/country.md

FOLDER is a run of `python -m sim`. Takes the same scenario and seed once more with 100,000 users,
and prints, as Markdown: time and memory of the large run, its monthly reach, and how far the small
society is off, for everybody and for a region.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import command
from experiments.base_study import numbers
from experiments.scores import rmse
from sim import Result, run
from sim.config.sim_config import SimConfig
from sim.report.result import read_result
from sim.runs.manifest import read_manifest

SMALL = 100_000  # users of the society beside it: as many as studies of today
MONTHS = ("2025-07-01", "2025-09-01", "2025-12-01", "2026-05-01")
MEASURES = ("dau", "exposure_phone", "exposure_apps", "no_means", "vpn")


def main(folder: Path) -> None:
    """Print the page."""
    manifest, large = read_manifest(folder), read_result(folder)
    config = _as_small(large.config)
    small = run(config)
    n_users = manifest["n_users"]
    print(f"# A country of {n_users:,} users\n")
    print(_about(manifest, config))
    print("\n## Time and memory\n")
    print(_cost(manifest, config))
    print("\nThe manifest, without the place:\n\n```json")
    print(json.dumps({k: v for k, v in manifest.items() if k != "place"}, indent=2) + "\n```")
    print("\n## Reach\n")
    print(_reach(large.timeseries, config))
    print("\n## What a sample of users misses\n")
    print(_noise(large.timeseries, small, n_users))


def _as_small(config: SimConfig) -> SimConfig:
    """Return the same run of few users, once."""
    people = config.population.model_copy(update={"n_users": SMALL})
    return config.model_copy(update={"population": people, "replications": 1})


def _about(manifest: dict[str, Any], config: SimConfig) -> str:
    versions = ", ".join(f"{name} {manifest['versions'][name]}" for name in ("python", "numba"))
    return (
        f"Printed by `python -m experiments.country FOLDER` from the run of\n\n"
        "```text\n"
        f"python -m sim +scenario={manifest['scenario']} population.n_users={manifest['n_users']} "
        "replications=1 'compare_to=[]'\n"
        "```\n\n"
        f"on {manifest['started'][:10]}, commit {manifest['commit'][:7]}, {versions}, two cores; "
        f"{config.n_steps} weekly steps."
    )


def _cost(manifest: dict[str, Any], config: SimConfig) -> str:
    memory, times, n = manifest["memory_gb"], manifest["timings_s"], manifest["n_users"]
    rows = [(f"{stage} [s]", f"{seconds:,.1f}") for stage, seconds in times.items()]
    rows += [
        ("all, from the manifest's first to its last line [s]", f"{manifest['duration_s']:,.1f}"),
        ("memory, estimated before the start [GB]", f"{memory['estimate']:.1f}"),
        ("memory, peak [GB]", f"{memory['peak']:.1f}"),
        ("peak a user [bytes]", f"{1e9 * memory['peak'] / n:,.0f}"),
    ]
    took = times["simulate"]
    return (
        numbers(("what", "value"), rows)
        + "\n\n*simulate* is the time to build the world (if it is not in the cache), to solve "
        f"the start and to take {config.n_steps} steps: {took / 60:.1f} minutes, or "
        f"{n * config.n_steps / took / 1e6:.1f} million user-steps a second in all. "
        "[scale.md](scale.md) says what other runs of this size took."
    )


def _reach(large: pd.DataFrame, config: SimConfig) -> str:
    reach = large[(large["measure"] == "mau") & (large["group"] == "all")]
    wide = reach.pivot_table(index="platform", columns="date", values="value", sort=False)
    rows = [
        (name, *(f"{100 * wide.loc[name, month]:.2f}" for month in MONTHS))
        for name in config.messengers
    ]
    return numbers(("monthly reach [%]", *(month[:7] for month in MONTHS)), rows)


def _noise(large: pd.DataFrame, small: Result, n_users: int) -> str:
    index = ["date", "group", "platform", "channel", "measure"]
    both = large.set_index(index)["value"].to_frame("large")
    both["small"] = small.timeseries.set_index(index)["value"]
    both = both.dropna().reset_index()
    both["points"] = 100.0 * (both["small"] - both["large"])
    both["kind"] = both["group"].str.split("=").str[0]
    rows = []
    for measure in MEASURES:
        points = both[both["measure"] == measure].set_index("kind")["points"]
        rms = (f"{rmse(points[name].to_numpy()):.2f}" for name in ("all", "age", "region"))
        rows.append((measure, *rms, f"{points['region'].abs().max():.1f}"))
    head = ("points", "everybody", "an age band", "a region", "worst region and week")
    return (
        f"A run of {SMALL:,} users beside this one of {n_users:,}, with the same scenario and "
        "seed: the root mean square of the difference over all weeks and messengers, in "
        "percentage points ([measures.md](measures.md) defines the measures). It contains the "
        "chance of one society of the smaller size, which all replications of that society "
        "share.\n\n" + numbers(head, rows)
    )


if __name__ == "__main__":
    asked = command.parser("country", __doc__)
    asked.add_argument("folder", type=Path, help="of a run of one scenario in one replication")
    main(asked.parse_args().folder)
