"""A number and its band as text: as a level, a difference, or a change up or down."""

from __future__ import annotations

from math import isnan, nan
from typing import NamedTuple, Self

import pandas as pd

from sim.base.units import BAND

UNSHOWN = "no effect shown"  # for a difference whose band contains zero


def written(value: float, form: str) -> str:
    """Write a level without its unit; `form` is "percent" or "number"."""
    return f"{100 * value:.1f}" if form == "percent" else f"{value:.3f}"


def signed(value: float, n_digits: int = 1) -> str:
    """Write a difference with its sign; one that rounds to zero has none."""
    text = f"{value:+.{n_digits}f}"
    text = text if float(text) else text[1:]
    return text.replace("-", "\N{MINUS SIGN}")


class Number(NamedTuple):
    """A median over replications and its 90 % band; in points where it is a share.

    With one replication there is no band: `low` and `high` are NaN, and no band is written.
    """

    median: float
    low: float
    high: float
    form: str  # "percent" or "number", as in summary.Row

    @classmethod
    def of(cls, values: pd.Series, form: str) -> Self:
        """Return median and band of `values`, one value a replication."""
        low, median, high = values.quantile(list(BAND.values()))
        if len(values) == 1:
            low = high = nan
        return cls(float(median), float(low), float(high), form)

    def __str__(self) -> str:
        return self._write(self.median)

    @property
    def band(self) -> str:
        """Return the band in words."""
        return "" if isnan(self.low) else f"{self._write(self.low)} to {self._write(self.high)}"

    @property
    def change(self) -> str:
        """Return the number with its sign and unit, as a difference, and its band."""
        unit = " points" if self.form == "percent" else ""
        return f"{self._signed(self.median)}{unit}{self.signed_band}"

    @property
    def difference(self) -> str:
        """Return the number with its sign, as a difference, and its band."""
        return f"{self._signed(self.median)}{self.signed_band}"

    @property
    def signed_band(self) -> str:
        """Return the band of a difference, in brackets."""
        if isnan(self.low):
            return ""
        return f" ({self._signed(self.low)} to {self._signed(self.high)})"

    def level(self, unit: str = "") -> str:
        """Return the number with its unit, and its band in brackets."""
        return f"{self}{unit}" + (f" ({self.band})" if self.band else "")

    @property
    def is_nought(self) -> bool:
        """Return whether the number is zero as it is written, after rounding."""
        return float(self._write(self.median)) == 0.0

    @property
    def is_clear(self) -> bool:
        """Return whether the band of a difference leaves zero out; without a band, True."""
        return not self.low <= 0.0 <= self.high

    def moved(self, up: str, down: str, unit: str = "points") -> str:
        """Return a difference in words: ``2.2 points lower (-2.4 to -2.2)``."""
        way = f"{up} or {down}" if self.is_nought else up if self.median > 0.0 else down
        band = self.signed_band
        if not self.is_clear:
            band = f"{band[:-1]}, {UNSHOWN})"
        return f"{self._write(abs(self.median))} {unit} {way}{band}"

    def _write(self, value: float) -> str:
        return written(value, self.form)

    def _signed(self, value: float) -> str:
        return signed(100 * value) if self.form == "percent" else signed(value, 3)
