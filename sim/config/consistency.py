"""What a case, its platforms and its files have to agree on before a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

from sim.base.errors import allowed
from sim.base.inputs import not_a_file
from sim.config.abuse import AbuseKind
from sim.config.case import DATA, CaseConfig
from sim.config.platforms import CELLULAR, Platform
from sim.config.settings import FileNetwork, NetworkConfig


def file_problems(case: CaseConfig, ages: str, network: NetworkConfig) -> Iterator[str]:
    """Yield problems with files that a run needs."""
    if case.folder and not case.data.is_dir():
        yield (
            f"case.folder={case.folder}: no folder data in it; allowed: where the case "
            "stands (a run is read beside its case)"
        )
    elif not case.data.is_dir():
        shipped = sorted(p.name for p in DATA.iterdir() if p.is_dir())
        yield (
            f"case.name={case.name}: no data for this case; {allowed(shipped)}, "
            "or case_dir=FOLDER with a folder data in it"
        )
    elif Path(ages).name != ages:
        yield f"population.ages={ages}: allowed: the name of a file of the data"
    elif not (case.data / ages).is_file():
        tables = sorted(p.name for p in case.data.glob("*.csv"))
        yield f"population.ages={ages}: no such file; {allowed(tables)}"
    if isinstance(network, FileNetwork):
        try:
            problem = not_a_file(Path(network.path))
        except (OSError, ValueError):
            problem = "no such file; allowed: a file that exists"
        if problem:
            yield f"network.path={network.path}: {problem}"


def platform_problems(
    case: CaseConfig,
    platforms: Mapping[str, Platform],
    abuse: Mapping[str, AbuseKind],
    first_day: dt.date,
) -> Iterator[str]:
    """Yield what is missing or unknown of the platforms of a case."""
    messengers = [name for name in platforms if name != CELLULAR]
    if CELLULAR not in platforms:
        yield f"platforms: {CELLULAR} is missing; it is the outside option of every choice"
    if not messengers:
        yield "platforms: no messengers; allowed: one at least"
    named = {**case.observed_shares, **case.seeds}
    for name in case.observed_shares.keys() & case.seeds.keys():
        yield f"case.seeds.{name}: {name} is also in observed_shares; give one of the two"
    for key in ("observed_shares", "seeds"):
        for name in getattr(case, key):
            if name not in messengers:
                yield f"case.{key}.{name}: unknown platform {name!r}; {allowed(messengers)}"
    for kind, one in abuse.items():
        for key in ("shares", "conversion"):
            for name in getattr(one, key):
                if name not in platforms:
                    known = allowed(platforms)
                    yield f"abuse.{kind}.{key}.{name}: unknown platform; {known}"
    for name in messengers:
        platform, start = platforms[name], case.observed_shares.get(name)
        if start and start.earlier and start.earlier.date >= first_day:
            yield (
                f"case.observed_shares.{name}.earlier.date={start.earlier.date} must be before "
                f"start={first_day}"
            )
        if name not in named:
            yield f"case: platform {name!r} needs an entry in observed_shares or seeds"
        if platform.belief is None:
            yield f"platforms.{name}.belief: missing; users hold one about every messenger"
        if platform.standalone is None and start is None:
            yield (
                f"platforms.{name}.standalone=null needs case.observed_shares.{name}; allowed: "
                "that, or a value for each age band"
            )
        if platform.openings is None and (start is None or start.daily is None):
            yield (
                f"platforms.{name}.openings=null needs case.observed_shares.{name}.daily; "
                "allowed: that, or a number a day"
            )
