"""Check a case in a folder and list its problems: ``python -m sim.case FOLDER``."""

from __future__ import annotations

import argparse
import datetime as dt
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from sim.base.errors import ConfigError
from sim.config import case_files, posterior
from sim.config.case_dir import case_folder, case_name
from sim.config.case_files import yaml_files
from sim.config.compose import load_config
from sim.config.settings import BANDS
from sim.config.sim_config import SimConfig
from sim.engine.targets import FULL
from sim.measures.series import COVERED
from sim.observation.notes import notes
from sim.observation.observed import OBSERVATIONS, check_observed, observations
from sim.observation.operators import people_by_band
from sim.policies.checks import not_reached
from sim.population.ages import people

NEEDED = ("conf/case", "conf/platforms", "conf/population")
ALIKE = 1.25  # sources of a country's people differ by less


def main(arguments: Sequence[str] | None = None) -> None:
    """Check the folder named on the command line; the exit status says whether it can be run."""
    parser = argparse.ArgumentParser(
        "python -m sim.case", description="Check a case in a folder: what is wrong, and where."
    )
    parser.add_argument("folder", help="a folder of your own, or the name of one in cases/")
    folder = parser.parse_args(arguments).folder
    try:
        found = list(problems(folder))
    except ConfigError as error:
        found = str(error).splitlines()
    if found:
        raise SystemExit("\n".join(found))
    print(summary(folder))


def problems(name: str) -> Iterator[str]:
    """Yield a line for each problem of a case: file, line, value and what is allowed.

    Parameters
    ----------
    name : str
        A folder, or the name of a case that is shipped.

    Raises
    ------
    ConfigError
        If there is no such folder, or not one case in it.
    """
    folder = case_folder(name)
    in_files = [*_missing(folder), *case_files.problems(folder)]
    yield from in_files
    if in_files:  # the rest cannot be read
        return
    scenarios = [path.stem for path in yaml_files(folder, "scenario")]
    configs = []
    for scenario in ("", *scenarios):
        added = [f"+scenario={scenario}"] if scenario else []
        try:
            configs.append(load_config(f"case_dir={folder}", *added))
        except ConfigError as error:
            yield from (_placed(folder, line, scenario) for line in str(error).splitlines())
            return  # the scenarios would repeat what is wrong with the case
    if posterior.exists(configs[0].case.data):
        try:
            load_config(f"case_dir={folder}", "parameters=posterior")
        except ConfigError as error:
            yield from (f"data/{line}" for line in str(error).splitlines())
    of_case = (
        *_case_problems(configs[0], case_name(folder)),
        *_start_problems(configs[0]),
        *_data_problems(configs[0]),
    )
    yield from (_placed(folder, line) for line in of_case)
    of_policies = (
        _placed(folder, line, scenario)
        for scenario, config in zip(("", *scenarios), configs, strict=True)
        for line in (*_idle_problems(config), *_late_problems(config))
    )
    yield from dict.fromkeys(of_policies)  # scenarios share policies
    happened = configs[0].case.happened
    try:
        load_config(f"case_dir={folder}", f"+scenario={happened}")
    except ConfigError as error:
        yield _placed(folder, f"case.happened={happened}: {error}")


def summary(name: str) -> str:
    """Return what a case without problems holds, and what it leaves off or borrows."""
    config = load_config(f"case_dir={case_folder(name)}")
    observed = observations(config)
    n_fit = int((observed["use"] == "fit").sum())
    lines = sorted({str(line) for line, _, _ in _outside(config, observed)}, key=int)
    left = f" (not whole in the case, so never read: line {', '.join(lines)})" if lines else ""
    held = (
        f"{config.case.title}: {', '.join(config.messengers)}; figures: {len(observed)}{left}, "
        f"to be fitted: {n_fit}. Nothing is wrong with it."
    )
    return "\n- ".join([held, *notes(config)])


def _missing(folder: Path) -> Iterator[str]:
    """Yield files that a case needs and does not have."""
    name = case_name(folder)
    for place in NEEDED:
        if not (folder / place / f"{name}.yaml").is_file():
            yield f"{place}/{name}.yaml: no such file; it is called like the case"
    if not (folder / "data" / OBSERVATIONS).is_file():
        yield f"data/{OBSERVATIONS}: no such file; docs/howto_case.md describes it"


def _start_problems(config: SimConfig) -> Iterator[str]:
    """Yield start shares that no run can begin at, as too few are online."""
    try:
        shares = people_by_band(config)
    except ConfigError:  # the checks of the data report it
        return
    offline, without = config.population.no_internet, config.population.no_smartphone
    able = [(1.0 - offline[band]) * (1.0 - without[band]) for band in BANDS]
    most = FULL * float(shares @ np.array(able))
    for name, start in config.case.observed_shares.items():
        if start.reach > most:
            yield (
                f"case.observed_shares.{name}.reach={start.reach:g}: allowed: up to {most:.3g}, "
                f"{100 * FULL:g} % of those who have internet and a smartphone"
            )


def _data_problems(config: SimConfig) -> Iterator[str]:
    """Yield problems of the tables, for a run from the start of the case."""
    try:
        check_observed(config)
    except ConfigError as error:
        yield from str(error).splitlines()
        return
    yield from _size_problems(config)
    last = config.end - dt.timedelta(days=1)
    table = observations(config)
    for line, column, period in _outside(config, table[table["use"] == "fit"]):
        yield (
            f"{OBSERVATIONS}, line {line}: {column}={period}: to be fitted, but not whole in the "
            f"case; allowed: periods of which each month has {100 * COVERED:g} % of its days from "
            f"{config.start} (start) to {last} (dur_days={config.dur_days:g}), or use=show"
        )


def _outside(config: SimConfig, table: pd.DataFrame) -> Iterator[tuple[int, str, pd.Period]]:
    """Yield line, column and period of figures that no run of the case can be read for."""
    begin, end = pd.Timestamp(config.start), pd.Timestamp(config.end)
    for column, name in (("period", "date"), ("until_period", "until")):
        for line, period, operator in table[[column, "operator"]].dropna().itertuples():
            parts = [period]
            if period.freqstr[0] not in "DW" or operator.startswith("monthly"):
                parts = list(pd.period_range(period.start_time, period.end_time, freq="M"))
            spans = [(part.start_time, (part + 1).start_time) for part in parts]
            if any(min(b, end) - max(a, begin) < COVERED * (b - a) for a, b in spans):
                yield line, name, period


def _case_problems(config: SimConfig, name: str) -> Iterator[str]:
    """Yield a name that belongs to another case, and a headline month outside all runs."""
    if config.case.name != name:
        yield f"case.name={config.case.name}: allowed: {name}, as its file is called"
    first, last = _months(config)
    month = config.case.headline_month  # pages would show another
    if not first <= pd.Timestamp(month) <= last:
        yield (
            f"case.headline_month={month}: outside the case; allowed: {first:%Y-%m-%d} to "
            f"{last:%Y-%m-%d}"
        )


def _size_problems(config: SimConfig) -> Iterator[str]:
    """Yield a number of people that the age table does not hold, in whatever unit it counts."""
    total = float(people(config.case.data / config.population.ages).sum())
    ratios = [total / 10**digits / config.case.persons for digits in (6, 3, 0)]
    ratio = min(ratios, key=lambda one: abs(math.log(one)))
    if not 1 / ALIKE < ratio < ALIKE:
        yield (
            f"case.persons={config.case.persons:g}: {config.population.ages} holds "
            f"{ratio * config.case.persons:.3g} million people aged 12 and over; allowed: the "
            "same country in both"
        )


def _idle_problems(config: SimConfig) -> Iterator[str]:
    """Yield policies that would do nothing."""
    for name, policy in config.policies.items():
        yield from (f"policies.{name}{problem}" for problem in policy.idle(config))


def _late_problems(config: SimConfig) -> Iterator[str]:
    """Yield policies that begin after the case ends, as with a mistyped year."""
    for name in not_reached(config):
        yield (
            f"policies.{name}.start={config.policies[name].start}: after the end of the case; "
            f"allowed: before {config.end} (start={config.start}, dur_days={config.dur_days:g})"
        )


def _months(config: SimConfig) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first days of the first and the last month of a case."""
    last = pd.Timestamp(config.end) - pd.Timedelta(days=1)
    return pd.Timestamp(config.start).replace(day=1), last.replace(day=1)


def _placed(folder: Path, problem: str, scenario: str = "") -> str:
    """Prefix a problem with the file and line of its key.

    Parameters
    ----------
    folder : Path
    problem : str
        A line that begins with the key.
    scenario : str
        In which it showed; of files that hold the same key, that of the scenario is meant.
    """
    keys = re.split(r"[=:\s]", problem, maxsplit=1)[0].split(".")
    if keys[0] == "counterfactuals" and len(keys) > 2:
        scenario, keys = keys[1], ["policies", *keys[2:]]
    found = []
    for path, below in _places(folder, keys, scenario):
        depth, line = _line_of(path, below) if path.is_file() else (0, 0)
        if depth or (line and not below):
            found.append(
                (len(below) - depth, -depth, f"{path.relative_to(folder)}, line {line}: ")
            )
    return min(found, key=lambda one: one[:2], default=(0, 0, ""))[2] + problem


def _places(folder: Path, keys: list[str], scenario: str) -> Iterator[tuple[Path, list[str]]]:
    """Yield the files that may hold keys, and which keys, in order of precedence."""
    conf, name = folder / "conf", case_name(folder)
    yield conf / "scenario" / f"{scenario}.yaml", keys
    if keys[0] == "policies" and len(keys) > 1:
        yield conf / "policy" / f"{keys[1]}.yaml", keys[2:]
        yield from ((path, keys) for path in yaml_files(folder, "scenario"))
        yield conf / "case" / f"{name}.yaml", keys
    else:
        yield conf / keys[0] / f"{name}.yaml", keys[1:]
        yield conf / "case" / f"{name}.yaml", keys


def _line_of(path: Path, keys: list[str]) -> tuple[int, int]:
    """Return how many leading parts of the key a file contains, and the line of the last one."""
    node = yaml.compose(path.read_text(encoding="utf-8"))
    line = 1
    for depth, key in enumerate(keys):
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        found = [(k, value) for k, value in pairs if k.value == key]
        if not found:
            return depth, line
        line, node = found[0][0].start_mark.line + 1, found[0][1]
    return len(keys), line


if __name__ == "__main__":
    main()
