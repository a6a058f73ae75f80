"""The lines of a CSV file with their line numbers, for error messages."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sim.base.errors import ConfigError
from sim.base.inputs import open_table

Line = dict[str, str]


def read_lines(path: Path, columns: tuple[str, ...]) -> dict[int, Line]:
    """Return the lines of a table, keyed by their line number in the file.

    Raises
    ------
    ConfigError
        If the file is missing or may not be opened, or its columns are not `columns`.
    """
    with _errors_of(path), open_table(path) as file:
        reader = csv.DictReader(file, restkey="", restval="")
        found = tuple(reader.fieldnames or ())
        refuse_separator(found, path)
        if sorted(found) != sorted(columns):
            unknown = sorted(set(found) - set(columns)) or "none"
            twice = sorted({name for name in found if found.count(name) > 1}) or "none"
            missing = [name for name in columns if name not in found] or "none"
            raise ConfigError(
                f"{path.name}, line 1: unknown columns: {unknown}, missing: {missing}, "
                f"twice: {twice}; "
                f"allowed: {', '.join(columns)}"
            )
        numbered = [(reader.line_num, line) for line in reader]
    for number, line in numbered:
        if "" in line:
            raise ConfigError(f"{path.name}, line {number}: more values than columns")
    return {number: {k: v.strip() for k, v in line.items()} for number, line in numbered}


def read_header(path: Path) -> tuple[str, ...]:
    """Return the names in the first line of a table.

    Raises
    ------
    ConfigError
        If the file is missing or may not be opened.
    """
    with _errors_of(path), open_table(path) as file:
        return tuple(next(csv.reader(file), ()))


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name}: no text in UTF-8: {error.reason}") from error
    except (OSError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot read the table: {error}") from error


def refuse_separator(columns: Sequence[str], path: Path) -> None:
    """Refuse a table whose values are separated by anything but commas.

    Raises
    ------
    ConfigError
        If the header is a single name that contains a semicolon or a tab.
    """
    signs = {";": "semicolons", "\t": "tabs"}
    for sign, name in signs.items():
        if len(columns) == 1 and sign in columns[0]:
            raise ConfigError(f"{path.name}, line 1: separated by {name}; allowed: commas")
