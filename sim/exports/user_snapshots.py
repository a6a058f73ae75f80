"""A snapshot of every user on chosen dates: apps, communication and beliefs.

A run keeps sums and forgets its users. All random numbers are addressed, so a repeated run gives
exactly the same users, which are recorded here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.base.errors import ConfigError
from sim.config.draws import drawn
from sim.config.platforms import CELLULAR, CHANNELS
from sim.config.settings import BANDS, TYPES
from sim.config.sim_config import SimConfig
from sim.engine.engines import CompiledEngine, RecordingEngine
from sim.engine.policy_schedule import PolicySchedule
from sim.engine.start import prepare
from sim.engine.threads import Threads
from sim.kernel.arrays import F64, U8
from sim.measures.measure import Measure, Users
from sim.measures.registry import measures, of_user
from sim.model.simulation import Simulation
from sim.rules.fixed_point import BELIEF_STEPS, CONCERN_STEPS, INTENSITY_STEPS, SHARE_STEPS
from sim.rules.records import Environment

KEYS = ("scenario", "replication", "date")
MOST = 5_000_000  # rows of users that fit in the memory of one machine


class UserSnapshots(NamedTuple):
    """The tables of a snapshot.

    Attributes
    ----------
    users : DataFrame, a row a user, date, scenario and replication
        docs/howto_export.md lists the columns.
    platforms : DataFrame, a row a platform of each of them
        The same keys and user, then what the user has, does and believes of the platform.
    observed : DataFrame
        The series of group `all` in the same steps, columns KEYS, k (number of the series), value:
        by these the run is known to be the same.
    """

    users: pd.DataFrame
    platforms: pd.DataFrame
    observed: pd.DataFrame


def user_snapshots(
    config: SimConfig, dates: Sequence[dt.date], scenarios: Sequence[str] = (),
    replications: Sequence[int] = (0,),
) -> UserSnapshots:  # fmt: skip
    """Repeat runs and record their users on dates.

    Parameters
    ----------
    config : SimConfig
    dates : sequence of date
        Each means the step that contains it.
    scenarios : sequence of str
        The scenario of `config` or its counterfactuals; the scenario if there is none.
    replications : sequence of int

    Raises
    ------
    ConfigError
        If a date, scenario or replication lies outside the run, or there would be too many rows.
    """
    scenarios = scenarios or (config.scenario,)
    steps = steps_of(config, dates, scenarios, replications)
    threads = Threads(config.engine.threads)
    parts = [
        part
        for replication in replications
        for part in _replication(config, replication, scenarios, steps, threads)
    ]
    return UserSnapshots(
        *(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    )


def steps_of(
    config: SimConfig, dates: Sequence[dt.date], scenarios: Sequence[str],
    replications: Sequence[int],
) -> list[int]:  # fmt: skip
    """Return the steps of dates, in order; refuse dates outside the run, and too many rows.

    Raises
    ------
    ConfigError
        Which names key, value and what is allowed.
    """
    known = (config.scenario, *config.compare_to)
    last = config.end - dt.timedelta(days=1)
    for name in scenarios:
        if name not in known:
            raise ConfigError(f"scenarios={name}: not in this run; allowed: {', '.join(known)}")
    for number in replications:
        if not 0 <= number < config.replications:
            raise ConfigError(
                f"replications={number}: not in this run; allowed: 0 to {config.replications - 1}"
            )
    days = [date.date() if isinstance(date, dt.datetime) else date for date in dates]  # of pandas
    if not days:
        raise ConfigError(f"at: no date; allowed: {config.start} to {last}")
    for day in days:
        if not config.start <= day <= last:
            raise ConfigError(f"at={day}: outside the run; allowed: {config.start} to {last}")
    steps = sorted({int((day - config.start).days / config.step_days) for day in days})
    n_rows = config.population.n_users * len(steps) * len(scenarios) * len(replications)
    if n_rows > MOST:
        raise ConfigError(
            f"population.n_users={config.population.n_users}: a row a user, date, scenario and "
            f"replication makes {n_rows:,} rows; allowed: {MOST:,}"
        )
    return steps


def _replication(
    config: SimConfig, replication: int, scenarios: Sequence[str], steps: list[int],
    threads: Threads,
) -> Iterator[UserSnapshots]:  # fmt: skip
    """Yield the snapshots of each scenario and step; scenarios share a start."""
    start = prepare(drawn(config, replication), threads)
    for name in scenarios:
        scenario = config if name == config.scenario else config.counterfactual(name)
        schedule = PolicySchedule(drawn(scenario, replication))
        engine, recorder = CompiledEngine(threads), RecordingEngine(threads)
        simulation = Simulation(schedule, start.copy(), replication, engine, threads)
        while simulation.n_done <= steps[-1]:
            step = simulation.n_done
            simulation.engine = recorder if step in steps else engine
            simulation.step()
            if step in steps:
                yield _found(simulation, recorder, step)


def _found(simulation: Simulation, recorder: RecordingEngine, step: int) -> UserSnapshots:
    config = simulation.config
    date = config.step_begins(step)
    values = simulation.recorder.observations.steps[-1][0]
    recorded = simulation.recorder
    seen = Users(
        config, recorder.users, recorder.step_records, recorded.primary, recorded.exposed,
        simulation.env,
    )  # fmt: skip
    tables = (
        _users(simulation, seen),
        _platforms(seen),
        pd.DataFrame({"k": np.arange(len(values)), "value": values}),
    )
    for table in tables:
        for at, (name, value) in enumerate(
            zip(KEYS, (config.scenario, simulation.replication, date), strict=True)
        ):
            table.insert(at, name, value)
        table["date"] = table["date"].astype("datetime64[ms]")
    return UserSnapshots(*tables)


def _users(simulation: Simulation, seen: Users) -> pd.DataFrame:
    config, users = seen.config, seen.users
    columns: dict[str, Any] = {
        "user": np.arange(len(users), dtype=np.uint32),
        "age_band": _named(users.band, BANDS),
        "region": _named(users.place // 2, config.regions),
        "type": _named(users.type + 1, TYPES),
        "segments": _joined(users.segments, tuple(config.population.segments)),
        "online": users.online == 1,
        "abroad": users.abroad == 1,
        "contacts": simulation.state.ties.degree,
        "intensity": (users.intensity / INTENSITY_STEPS).astype(np.float32),
        "concern": (users.concern / CONCERN_STEPS).astype(np.float32),
        "messengers": _joined(users.installed & users.account, config.messengers),
        "primary": _named(_compact(seen.primary, config), config.carriers),
        "exposure": _exposure(config, seen.env, seen.step_records.use),
    }
    for one in measures():
        if one.of_user and one.platform == "any":
            columns |= _by_channel(one, of_user(one, seen))
    return pd.DataFrame(columns)


def _by_channel(measure: Measure, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of a measure: one, or one a channel."""
    name = measure.column or measure.name
    if measure.channel == "any":
        return {name: values}
    return {f"{name}_{channel}": values[:, c] for c, channel in enumerate(measure.channels)}


def _exposure(config: SimConfig, env: Environment, use: np.ndarray) -> F64:
    """Return the share of each user's communication that the state reads; NaN: has no contacts."""
    call = config.behaviour.call_share
    shares = (1.0 - call) * use[:, 0].astype(float) + call * use[:, 1].astype(float)
    total = shares.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray((shares @ env.effects.access) / total)


def _platforms(seen: Users) -> pd.DataFrame:
    config, users = seen.config, seen.users
    names, parts = config.carriers, []
    split = [(one, of_user(one, seen)) for one in measures() if one.of_user]
    split = [(one, values) for one, values in split if one.platform != "any"]
    for p, name in enumerate(names):
        column = -1 if name == CELLULAR else p
        part: dict[str, Any] = {
            "user": np.arange(len(users), dtype=np.uint32),
            "platform": pd.Categorical.from_codes(np.full(len(users), p, np.int8), names),
            **{c: seen.step_records.use[:, k, column] for k, c in enumerate(CHANNELS)},
        }
        for one, values in split:
            if name in one.platforms(config):
                part |= _by_channel(one, _nullable(values[..., p]))
        if name != CELLULAR:
            part |= {
                "in_use": _nullable((users.installed & users.account) >> p & 1 == 1),
                "habit": (users.habit[:, p] / SHARE_STEPS).astype(np.float32),
                "belief": 1.0 / (1.0 + np.exp(-users.belief[:, p] / BELIEF_STEPS)),
            }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True).sort_values("user", kind="stable")


def _nullable(values: np.ndarray) -> Any:
    """Return booleans that may be missing, as cellular has none; other values as they are."""
    return pd.array(values, "boolean") if values.dtype == bool else values


def _compact(primary: U8, config: SimConfig) -> U8:
    """Return primary platforms numbered without a gap: messengers of the case, then cellular."""
    return np.minimum(primary, len(config.messengers))


def _named(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes.astype(np.int8), list(names))


def _joined(bits: U8, names: Sequence[str]) -> pd.Categorical:
    """Return the names of each user's bits, joined by ``;``."""
    numbers, codes = np.unique(bits, return_inverse=True)
    sets = [
        ";".join(name for k, name in enumerate(names) if number >> k & 1)
        for number in numbers.tolist()
    ]
    return pd.Categorical.from_codes(codes, sets)
