"""The observed world the simulator is held against: reach, indicators and events.

Everything is read from a folder of CSV files with their sources (`sim/data/<name>`); what is
written here is only which rows count and which do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sim.errors import ConfigError

DATA = Path(__file__).parent / "data"
PLATFORMS = {  # "VK" in the sources is the social network, not the messenger
    "WhatsApp": "whatsapp",
    "Telegram": "telegram",
    "Max": "max",
    "imo": "imo",
    "VK Messenger": "vk",
}
METRICS = {
    "monthly_reach": "mau",
    "monthly_reach_share": "mau",
    "avg_daily_reach": "dau",
    "daily_reach_share": "dau",
    "company_daily_users": "dau",
}
POINT = ["date", "platform", "measure"]
SOURCE = ["measurer", "quality", "source"]
REACH = [*POINT, "value", *SOURCE, "note"]
CHANGE = ["indicator", "from_date", "to_date", "value", "low", "high", *SOURCE]
COMPARISON = [*POINT, "observed", "median", "low", "high", "error_points", "quality"]
BAND = {"low": 0.05, "median": 0.5, "high": 0.95}
COVERED = 0.9  # a month counts when the steps cover this share of its days
DAY, MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")


@dataclass(frozen=True)
class Indicator:
    """Where an indicator's value stands in the data, and what it may be compared with."""

    name: str
    table: str
    metric: str
    measurer: str
    population: str
    since: str
    until: str
    half_width: float


INDICATORS = (
    # National figures run from 15-20 % (TelecomDaily) over 20-30 % (the ministry) to "more than
    # 25 %" (Kommersant); the biggest operators gave none. Hence ten points to either side.
    Indicator(
        name="cellular_call_traffic_change",
        table="indicators.csv",
        metric="traffic_change_since_Aug",
        measurer="Kommersant average of operators",
        population="Russia",
        since="2025-08",
        until="2025-10",
        half_width=0.10,
    ),
    # One measurer, Android only: no range is known.
    Indicator(
        name="whatsapp_time_per_user_change",
        table="audience.csv",
        metric="time_per_user_per_week",
        measurer="Digital Budget",
        population="Russia Android users",
        since="2024-11",
        until="2025-11",
        half_width=float("nan"),
    ),
)


def observed_reach(folder: Path | str) -> pd.DataFrame:
    """Return the observed monthly and average daily reach, at most one row a point.

    The rule, where the sources conflict:

    1. Mediascope's monthly averages on the base "Russia 12+" stand (`measured`; `derived` where
       the number is arithmetic on them).
    2. A company's own claim stands where Mediascope gives nothing (`company`). Claims of a day
       go to their month. Of several in a month the smallest stands: claims err upwards, and the
       larger one of January 2026 (60 million) was a forecast.

    What stays out: peaks and averages of single days (Max 46.4 million in December 2025 against
    the monthly 42; 16.4 on 11 September; 25.6 on 6 November; 16.8 on 5 October); MTS AdTech,
    a different method (July 2025: WhatsApp 93.5, Telegram 92.7); figures whose measurer is not
    named and whose month is not stated (October 2025: WhatsApp 96.5, Telegram 90.97); quarters,
    as no month; cities only (Telegram 2018); registered accounts, which are not people and not
    only in Russia; a change without a level (Telegram February 2026).

    Parameters
    ----------
    folder : Path or str
        A folder with audience.csv and indicators.csv, or the name of one that is shipped.

    Returns
    -------
    DataFrame, shape (n_points, 8)
        date (first day of the month), platform, measure (`mau` or `dau`), value (share of the
        12+ population), measurer, quality, source (address), note; by platform, measure, date.
    """
    rows = _read(folder, "audience.csv")
    rows = rows[rows["platform"].isin(list(PLATFORMS)) & rows["metric"].isin(list(METRICS))]
    claim = rows["measurer"].str.contains("(company", regex=False) | (
        rows["metric"] == "company_daily_users"
    )
    panel = (
        rows["measurer"].str.startswith("Mediascope")
        & rows["population"].str.startswith("Russia 12+")
        & rows["date"].str.fullmatch(r"\d{4}-\d{2}")
    )
    rows = rows.assign(claim=claim)[claim | panel]
    kinds = [rows["claim"], rows["note"].str.startswith("DERIVED")]
    scale = rows["unit"].map({"persons": 1.0 / _population(folder), "percent": 0.01})
    points = pd.DataFrame(
        {
            "date": pd.to_datetime(rows["date"].str[:7], format="%Y-%m"),
            "platform": rows["platform"].map(PLATFORMS),
            "measure": rows["metric"].map(METRICS),
            "value": rows["value"] * scale,
            "measurer": rows["measurer"],
            "quality": np.select(kinds, ["company", "derived"], "measured"),
            "source": rows["url"],
            "note": rows["note"],
            "claim": rows["claim"],
        }
    )
    points = points.sort_values(["platform", "measure", "date", "claim", "value"])
    points = points.drop_duplicates(POINT)
    return points[REACH].reset_index(drop=True)


def observed_indicators(folder: Path | str = "russia_2025") -> pd.DataFrame:
    """Return the few other figures the simulator can be held against.

    A relative change (-0.27 is 27 % less) between two months, with the range within which a
    simulation agrees where one is known (NaN otherwise).

    Returns
    -------
    DataFrame, shape (n_indicators, 9)
        indicator, from_date, to_date (first days of months), value, low, high, measurer,
        quality, source.
    """
    rows = []
    for indicator in INDICATORS:
        value, quality, source = _change(_read(folder, indicator.table), indicator)
        low, high = value - indicator.half_width, value + indicator.half_width
        since, until = pd.Timestamp(indicator.since), pd.Timestamp(indicator.until)
        found = (value, low, high, indicator.measurer, quality, source)
        rows.append((indicator.name, since, until, *found))
    return pd.DataFrame(rows, columns=CHANGE)


def events(folder: Path | str) -> pd.DataFrame:
    """Return the dozen steps that matter, with labels short enough for a figure.

    Returns
    -------
    DataFrame, shape (n_events, 4)
        date, label (at most 40 characters), platforms (our names, joined by ";"), url; by date.

    Raises
    ------
    ConfigError
        If labels.csv labels an event that events.csv does not hold.
    """
    labels = _read(folder, "labels.csv")
    rows = labels.merge(_read(folder, "events.csv"), on=["date", "event"], how="left")
    if rows["url"].isna().any():
        lost = rows.loc[rows["url"].isna(), ["date", "event"]].agg(" ".join, axis=1).tolist()
        raise ConfigError(
            f"labels.csv: not in events.csv: {lost}; date and event must be the same"
        )
    return pd.DataFrame(
        {
            "date": pd.to_datetime(rows["date"]),
            "label": rows["label"],
            "platforms": rows["platforms"].map(_our_names),
            "url": rows["url"],
        }
    ).sort_values("date", ignore_index=True)


def compare_with_observed(
    timeseries: pd.DataFrame, scenario: str, folder: Path | str
) -> pd.DataFrame:
    """Set every observed point within the run beside what was simulated.

    Parameters
    ----------
    timeseries : DataFrame
        The run's tidy table; group `all` and channel `any` are used.
    scenario : str
        The scenario to compare.
    folder : Path or str
        As in `observed_reach`.

    Returns
    -------
    DataFrame, shape (n_points, 9)
        date, platform, measure, observed, median, low, high (5 and 95 % over replications), all
        shares of the 12+ population; error_points (median minus observed, percentage points);
        quality of the observation. Company claims are rows too: filter them before fitting.
    """
    rows = timeseries[
        (timeseries["scenario"] == scenario)
        & (timeseries["group"] == "all")
        & (timeseries["channel"] == "any")
    ]
    monthly = rows.loc[rows["measure"] == "mau", ["date", "platform", "replication", "value"]]
    daily = monthly_mean(rows[rows["measure"] == "dau"])
    simulated = pd.concat([monthly.assign(measure="mau"), daily.assign(measure="dau")])
    values = simulated.groupby(POINT)["value"]
    bands = pd.DataFrame({name: values.quantile(at) for name, at in BAND.items()})
    points = observed_reach(folder).rename(columns={"value": "observed"})
    table = points.merge(bands.reset_index(), on=POINT, how="inner")
    table["error_points"] = 100.0 * (table["median"] - table["observed"])
    return table[COMPARISON]


def monthly_mean(steps: pd.DataFrame) -> pd.DataFrame:
    """Average a measure over calendar months, a step weighing by its days in the month.

    A step lasts until the next one starts, the last as long as the one before it. Months of
    which the steps cover less than 90 % of the days are left out.

    Parameters
    ----------
    steps : DataFrame, columns date (start of the step), platform, replication, value

    Returns
    -------
    DataFrame, columns date (first day of the month), platform, replication, value
    """
    wide = steps.pivot_table(index="date", columns=["platform", "replication"], values="value")
    if len(wide) < 2:  # a single step has no length
        return steps.iloc[:0][["date", "platform", "replication", "value"]]
    start = wide.index.to_numpy().astype("datetime64[s]")
    end = np.append(start[1:], start[-1] + (start[-1] - start[-2]))
    month = np.arange(start[0].astype("datetime64[M]"), end[-1].astype("datetime64[M]") + MONTH)
    opens = month.astype("datetime64[s]")[:, None]
    closes = (month + MONTH).astype("datetime64[s]")[:, None]
    days = (np.minimum(end, closes) - np.maximum(start, opens)) / DAY
    days = np.maximum(days, 0.0)  # shape (months, steps)
    covered = days.sum(axis=1)
    whole = covered >= COVERED * ((closes - opens) / DAY).ravel()
    means = (days @ wide.to_numpy())[whole] / covered[whole, None]
    of_series = {  # by hand: melt would build an index for each of what may be a thousand columns
        name: wide.columns.get_level_values(name).repeat(len(means)) for name in wide.columns.names
    }
    dates = np.tile(month[whole].astype("datetime64[ns]"), wide.shape[1])
    return pd.DataFrame({"date": dates, **of_series, "value": means.T.ravel()})


def _read(folder: Path | str, name: str) -> pd.DataFrame:
    """Read one table, dates as text and empty notes as empty text."""
    path = folder if isinstance(folder, Path) else DATA / folder
    if not (path / name).is_file():
        shipped = sorted(entry.parent.name for entry in DATA.glob(f"*/{name}"))
        raise ConfigError(
            f"observed data {str(folder)!r}: no {name} there; "
            f"allowed: {', '.join(shipped)}, or a Path to a folder that holds it"
        )
    table = pd.read_csv(path / name, dtype={"date": str})
    return table.fillna({"note": ""}) if "note" in table else table


def _population(folder: Path | str) -> float:
    """Return the number of people aged 12+ that the sources' shares refer to."""
    table = _read(folder, "indicators.csv")
    return float(table.loc[table["metric"] == "universe_12plus", "value"].iloc[0])


def _change(table: pd.DataFrame, indicator: Indicator) -> tuple[float, str, str]:
    """Return relative change, quality, source: stated in percent, or between two levels."""
    rows = table[
        (table["metric"] == indicator.metric)
        & (table["measurer"] == indicator.measurer)
        & (table["population"] == indicator.population)
    ].set_index("date")
    last = rows.loc[indicator.until]
    if last["unit"] == "percent":
        return float(last["value"]) / 100.0, "measured", str(last["url"])
    ratio = float(last["value"] / rows.loc[indicator.since, "value"])
    return ratio - 1.0, "derived", str(last["url"])


def _our_names(platforms: str) -> str:
    return ";".join(PLATFORMS[name] for name in platforms.split(";") if name in PLATFORMS)
