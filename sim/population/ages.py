"""The age pyramid: a table of persons in five-year groups."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np

from sim.base.csv_lines import refuse_separator
from sim.base.errors import ConfigError
from sim.base.inputs import as_number, open_table
from sim.kernel.arrays import F64

FIRST_AGE, LAST_AGE = 12, 100  # youngest and oldest user [years]; the last stands for "100+"
MOST_PERSONS = 1e10  # in an age group
_GROUP = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3})|\+)")


def age_shares(path: Path) -> F64:
    """Read the age pyramid, shape (89,): share of each age 12 to 100 among users, sum 1.

    Raises
    ------
    ConfigError
        As `people`.
    """
    users = people(path)
    return users / users.sum()


def people(path: Path) -> F64:
    """Read the number of people of each age 12 to 100, shape (89,), in the unit of the table.

    People of an age group are spread evenly over its years; an open group ends at 100.

    Raises
    ------
    ConfigError
        If it cannot be read, does not hold each age once, or nobody in it is 12 or older; which
        line, and what is allowed.
    """
    persons = np.zeros(LAST_AGE + 1)
    known = np.zeros(LAST_AGE + 1, np.bool_)
    try:
        with open_table(path) as file:
            rows = csv.DictReader(file)
            refuse_separator(rows.fieldnames or (), path)
            missing = {"age", "male", "female"} - set(rows.fieldnames or ())
            if missing:
                raise ConfigError(
                    f"{path}: no column {', '.join(sorted(missing))}; "
                    "the first line must name age, male and female"
                )
            for row in rows:
                where = f"{path}, line {rows.line_num}"
                first, last, count = _age_group(row, where)
                if known[first : last + 1].any():
                    raise ConfigError(
                        f"{where}: age is {row['age']!r}, but a line above holds some of these "
                        "ages; allowed: each age once"
                    )
                known[first : last + 1] = True
                persons[first : last + 1] = count / (last - first + 1)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: no text in UTF-8: {error.reason}") from error
    except (OSError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot read the age table: {error}") from error
    between = np.arange(*np.flatnonzero(known)[[0, -1]]) if known.any() else np.empty(0, int)
    if not known[between].all():
        gap = ", ".join(map(str, between[~known[between]]))
        raise ConfigError(f"{path}: no line holds the ages {gap}; allowed: groups without gaps")
    users = persons[FIRST_AGE:]
    if users.sum() <= 0:
        raise ConfigError(f"{path}: nobody is {FIRST_AGE} or older")
    return users


def _age_group(row: dict[str | Any, str | Any], where: str) -> tuple[int, int, float]:
    """Return first age, last age and number of persons of a line."""
    if None in row:  # csv collects surplus values under None, for example of 3,449,266
        raise ConfigError(f"{where}: more values than columns; numbers are written 3449266")
    label = (row["age"] or "").strip()
    match = _GROUP.fullmatch(label)
    first = int(match[1]) if match else -1
    last = int(match[2] or LAST_AGE) if match else -1
    if not 0 <= first <= last <= LAST_AGE:
        raise ConfigError(
            f"{where}: age is {label!r}, allowed are groups like 15-19 or 100+, up to {LAST_AGE}"
        )
    count = 0.0
    for sex in ("male", "female"):
        try:
            value = as_number(row[sex] or "")
        except ValueError:
            value = -1.0
        if not 0 <= value <= MOST_PERSONS:
            raise ConfigError(
                f"{where}: {sex} is {row[sex]!r}, it must be a number from 0 to {MOST_PERSONS:.0e}"
            )
        count += value
    return first, last, count
