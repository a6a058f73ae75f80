"""What a case leaves off, borrows or cannot know: the notes of ``python -m sim.case``."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sim.config.sim_config import SimConfig
from sim.observation.observed import observations
from sim.observation.waves import SAME

LEVELS = ("monthly_reach", "daily_reach", "installed")
GROWS = 1.0  # points a year from which on growth is noted


def notes(config: SimConfig) -> Iterator[str]:
    """Yield a sentence for each thing that is silently off, borrowed or out of reach."""
    if config.from_kinds:
        yield f"taken from kinds (sim/data/kinds.yaml): {', '.join(config.from_kinds)}"
    yield from _off(config)
    for name, seed in config.case.seeds.items():
        if seed.users * config.population.n_users < 1.0:
            yield (
                f"case.seeds.{name}.users={seed.users:g}: less than one of "
                f"population.n_users={config.population.n_users}, so nobody begins to use it"
            )
    yield from growth(config)


def _off(config: SimConfig) -> Iterator[str]:
    """Yield mechanisms that a case leaves off."""
    platforms = {name: config.platforms[name] for name in config.messengers}
    alone = [n for n, p in platforms.items() if p.pair_appeal is None and "call" in p.channels]
    if alone:
        yield f"pair_appeal=null: no two contacts agree to call on {', '.join(alone)}"
    if bare := [n for n, p in platforms.items() if p.openings == 0.0]:
        yield f"openings=0: opened to communicate and for nothing else: {', '.join(bare)}"
    if not config.population.chats:
        yield "population.chats: none, so no group moves as a whole"
    if not any(platform.abroad for platform in platforms.values()):
        yield "platforms.NAME.abroad: nowhere true, so contacts abroad are reached by phone alone"
    if not config.abuse:
        yield "abuse: none, so no fraud"


def growth(config: SimConfig) -> Iterator[str]:
    """Yield shares that changed before the run and stand still at its start, with what to do."""
    table = observations(config)
    plain = table["operator"].isin(LEVELS) & (table["bound"] == "")
    before = table[plain & (table["date"] <= pd.Timestamp(config.start))].sort_values("date")
    for (*_, operator, platform, _, _), series in before.groupby(SAME):
        first, last = series.iloc[0], series.iloc[-1]
        years = (last["date"] - first["date"]).days / 365.25
        share = config.case.observed_shares.get(platform)
        if years == 0.0 or abs(last["value"] - first["value"]) * 100.0 / years < GROWS:
            continue
        if share is not None and share.earlier is not None:
            continue
        if share is not None and 0.0 < first["value"] < last["value"]:
            reach = share.reach * first["value"] / last["value"]
            advice = (
                f"case.observed_shares.{platform}.earlier={{date: {first['date']:%Y-%m-%d}, "
                f"reach: {reach:.3g}}} lets it go on"
            )
        else:
            advice = "a trend (kind: trend) can go on with it"
        yield (
            f"{platform}: {operator} went from {first['value']:.1%} in {first['period']} to "
            f"{last['value']:.1%} in {last['period']} ({first['measurer']}) before the run, whose "
            f"start stands still: {advice}"
        )
