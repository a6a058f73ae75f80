"""Export results as CSV, netCDF, figures, tables of users and graphs.

    python -m sim.export tables FOLDER [--to csv|netcdf]          of a run, or of a joined sweep
    python -m sim.export figures FOLDER [--to pdf|svg|png]        of a run
    python -m sim.export users RUN [--at DATE,DATE] [--to parquet|csv]
    python -m sim.export graph RUN [--at DATE] [--to graphml|gexf]

RUN is the folder of a run, or a configuration as of ``python -m sim`` (+scenario=call_ban seed=2).
Runs keep sums and no users, so users and graph come from a repeated run. All random numbers are
addressed, so they are exactly those of the run, which is checked with the folder's tables.
docs/howto_export.md explains every file.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sim.base.atomic import atomic_write
from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_whole_number
from sim.base.timestamps import folder_name
from sim.config.compose import load_config
from sim.config.sim_config import SimConfig
from sim.exports import flat
from sim.exports.contacts import FORMATS, check_size, contacts, write
from sim.exports.dataset import to_xarray
from sim.exports.user_snapshots import UserSnapshots, steps_of, user_snapshots
from sim.measures.series import step_series
from sim.runs.memory import check_memory
from sim.runs.tables import TABLES, read_result

NETCDF = "run.nc"
OWN = "export"  # folder in that of a run


def main(arguments: Sequence[str] | None = None) -> None:
    """Export, and print the files."""
    options = _parser().parse_args(arguments)
    with exit_status_of_errors():
        for path in options.export(options):
            print(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m sim.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(required=True, metavar="tables|figures|users|graph")
    tables = kinds.add_parser("tables", help="all tables of a folder")
    tables.add_argument("folder", type=Path, help="of a run, or of a sweep that was joined")
    tables.set_defaults(export=_tables)
    figures = kinds.add_parser("figures", help="the figures of a run, for print")
    figures.add_argument("folder", type=Path, help="of a run")
    figures.set_defaults(export=_figures)
    users = kinds.add_parser("users", help="a table of all users on dates")
    users.set_defaults(export=_of_users)
    users.add_argument(
        "--scenarios", type=_words, default=(), metavar="NAME,NAME", help="with counterfactuals"
    )
    users.add_argument("--replications", type=_numbers, default=(0,), metavar="N,N")
    graph = kinds.add_parser("graph", help="the network with its users on a date")
    graph.set_defaults(export=_of_graph)
    graph.add_argument("--scenario", type=_words, default=(), metavar="NAME", dest="scenarios")
    graph.add_argument(
        "--replication", type=_numbers, default=(0,), metavar="N", dest="replications"
    )
    for one in (users, graph):
        one.add_argument("run", nargs="+", metavar="FOLDER or KEY=VALUE")
        one.add_argument("--at", type=_dates, default=(), help="dates; the last one by default")
    formats = (
        (tables, ("csv", "netcdf")),
        (figures, ("pdf", "svg", "png")),
        (users, ("parquet", "csv")),
        (graph, FORMATS),
    )
    for one, allowed in formats:
        one.add_argument("--to", choices=allowed, default=allowed[0])
        one.add_argument("--into", type=Path, metavar="DIR", help="default: FOLDER/export")
    return parser


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(as_whole_number(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: allowed: numbers as 0,1,2") from None


def _dates(text: str) -> tuple[dt.date, ...]:
    try:
        return tuple(dt.date.fromisoformat(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: allowed: dates as 2025-08-13") from None


def _tables(options: argparse.Namespace) -> list[Path]:
    into = options.into or options.folder / OWN
    if options.to == "csv":
        return flat.write_csv(options.folder, into)
    if flat.tables(options.folder)[0].stem not in TABLES:
        raise ConfigError(f"to=netcdf: {options.folder} holds a sweep; allowed: csv")
    dataset = to_xarray(read_result(options.folder))
    into.mkdir(parents=True, exist_ok=True)
    with atomic_write(into / NETCDF) as draft:
        dataset.to_netcdf(draft, engine="scipy")
    return [into / NETCDF]


def _figures(options: argparse.Namespace) -> list[Path]:
    result = read_result(options.folder)
    from sim.plotting.figures import figures  # drawing takes a second to import
    from sim.plotting.files import save_as

    into = options.into or options.folder / OWN
    into.mkdir(parents=True, exist_ok=True)
    return [save_as(figure, into / name, options.to) for name, figure in figures(result).items()]


def _of_users(options: argparse.Namespace) -> list[Path]:
    _, found, into = _taken_again(options)
    paths = []
    for name, table in (("users", found.users), ("platforms", found.platforms)):
        path = into / f"{name}.{options.to}"
        with atomic_write(path) as draft:
            if options.to == "csv":
                table.to_csv(draft, index=False)
            else:
                table.to_parquet(draft, index=False)
        paths.append(path)
    return paths


def _of_graph(options: argparse.Namespace) -> list[Path]:
    for key in ("at", "scenarios", "replications"):
        if len(getattr(options, key)) > 1:
            raise ConfigError(f"{key}: a graph shows one date of one run; allowed: one")
    check_size(_run(options.run)[0])
    config, found, into = _taken_again(options)
    path = into / f"contacts.{options.to}"
    write(contacts(config, found), path)
    return [path]


def _taken_again(options: argparse.Namespace) -> tuple[SimConfig, UserSnapshots, Path]:
    """Return the configuration of a run, the requested snapshot, and its folder."""
    config, folder = _run(options.run)
    dates = options.at or (config.end - dt.timedelta(days=1),)
    # or refuse
    steps_of(config, dates, options.scenarios or (config.scenario,), options.replications)
    check_memory(config)
    found = user_snapshots(config, dates, options.scenarios, options.replications)
    if folder is not None:
        _compare(folder, found)
    into: Path = options.into or (
        folder / OWN if folder else Path("outputs/export") / folder_name()
    )
    into.mkdir(parents=True, exist_ok=True)
    return config, found, into


def _run(words: Sequence[str]) -> tuple[SimConfig, Path | None]:
    """Return the configuration of a run's folder, and the folder; or that of overrides."""
    first = Path(words[0])
    if len(words) == 1 and (first.is_dir() or "=" not in words[0]):
        return read_result(first).config, first
    return load_config(*words), None


def _compare(folder: Path, found: UserSnapshots) -> None:
    """Refuse users that are not those of the folder's run.

    Raises
    ------
    ConfigError
        If what was observed of them differs from the folder's table in a bit.
    """
    result = read_result(folder)
    own, rows = {series.measure for series in step_series(result.config)}, result.timeseries
    rows = rows[(rows["group"] == "all") & rows["measure"].isin(own)]
    for key, observed in found.observed.groupby(["scenario", "replication", "date"]):
        scenario, replication, date = key
        there = rows[
            (rows["scenario"] == scenario)
            & (rows["replication"] == replication)
            & (rows["date"] == pd.Timestamp(date))
        ]["value"].to_numpy()
        if not np.array_equal(there, observed["value"].to_numpy(), equal_nan=True):
            raise ConfigError(
                f"{folder}: its run cannot be taken again: these sources or libraries give other "
                f"numbers for {scenario}, replication {replication}; manifest.json says which "
                "made it"
            )


if __name__ == "__main__":
    main()
