"""A measure: everything that tables, figures, report, app and docs say of it, in one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np

from sim.config.platforms import CHANNELS
from sim.config.sim_config import SimConfig
from sim.kernel.arrays import U8
from sim.rules.records import Environment, Records


class Series(NamedTuple):
    """What one column of a result is about."""

    platform: str
    channel: str
    measure: str


class Users(NamedTuple):
    """All users of a run in one step."""

    config: SimConfig
    users: Records  # USER (n,) before the step changed them
    step_records: Records  # STEP_RECORD (n,) what they did in it
    primary: U8  # (n,) messenger with most communication
    exposed: U8  # (n,) 1: the state reads much of what the user says, else 0
    env: Environment


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes
    ----------
    name : str
        In the column `measure` of tables; of abuse, after the kind: ``fraud_victims``.
    unit : str
        ``1`` is a fraction.
    meaning : str
        A line for tables of units and the netCDF export.
    definition : str
        For docs/measures.md; `meaning` if there is none.
    platform, channel : str
        By what it is split: not at all (``any``), by messenger, or by messenger and cellular
        (``carrier``); by ``each`` channel, or by channel and in all (``each and any``).
    abuse : str
        ``every``: one for every kind of abuse; ``money``: for kinds that take money.
    every : str
        How often it is observed: in each ``step``, each ``month``, or, as ``change``, between a
        scenario and its counterfactual. ``paired step`` and ``paired month``: by a comparison
        with the first counterfactual under the same random numbers; 0 in that one itself, and
        not observed where nothing is compared.
    value : callable
        Computes it. In a step or month: from `sums.Sums` (and, of abuse, the number of a kind) to
        an array (n steps, n groups), with an axis of 2 channels (3 with ``any``), then one of
        platforms, if it is split by them. Of a change: from who is exposed in the scenario and in
        the counterfactual, as bits, to bits. Of a paired step: from the use in both, (n
        replications, n steps, n groups, 2, P + 1), to an array of the same first axes. Of a
        paired month: from the benefits of all users in both, (n,) in utils, and the behavioural
        parameters of the replication, to flags (n,).
    of_user : callable
        Computes it for each user, from `Users`: an array (n,), with axes as above. Such a measure
        is a column in snapshots of users. Without `value`, it is the mean over a group.
    column : str
        The name of this column; `name` if there is none.
    lines : mapping
        Lines of the report's table: what is printed, by platform and channel; ``{kind}`` is the
        kind of abuse.
    form : str
        How the report writes it: ``percent`` or ``number``.
    axis : str
        The unit on the axis of a figure.
    is_harm : bool
        Whether it is a cost that a policy has for people: bold in the report, and in its figure.
    word, words : str
        A word of report and app, and its explanation to a lay reader.
    """

    name: str
    unit: str
    meaning: str
    value: Callable[..., np.ndarray[Any, Any]] | None = None
    definition: str = ""
    platform: Literal["any", "messenger", "carrier"] = "any"
    channel: Literal["any", "each", "each and any"] = "any"
    abuse: Literal["", "every", "money"] = ""
    every: Literal["step", "month", "change", "paired step", "paired month"] = "step"
    of_user: Callable[[Users], np.ndarray[Any, Any]] | None = None
    column: str = ""
    lines: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    form: Literal["percent", "number"] = "number"
    axis: str = ""
    is_harm: bool = False
    word: str = ""
    words: str = ""

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the channels by which it is split."""
        return {"any": ("any",), "each": CHANNELS, "each and any": (*CHANNELS, "any")}[
            self.channel
        ]

    @property
    def is_paired(self) -> bool:
        """Say whether it compares a scenario with its first counterfactual."""
        return self.every.startswith("paired")

    @property
    def is_monthly(self) -> bool:
        """Say whether its rows are dated by the month instead of the step."""
        return self.every.endswith("month")

    def platforms(self, config: SimConfig) -> tuple[str, ...]:
        """Return the platforms of a case by which it is split."""
        split = {"any": ("any",), "messenger": config.messengers, "carrier": config.carriers}
        return tuple(split[self.platform])

    def kinds(self, config: SimConfig) -> Iterator[tuple[int, str]]:
        """Yield number and name of the kinds of abuse for which a case has it."""
        for k, (name, kind) in enumerate(config.abuse.items()):
            if self.abuse == "every" or (self.abuse and kind.takes == "money"):
                yield k, name

    def names(self, config: SimConfig) -> list[str]:
        """Return its names in the tables of a case: one, or one a kind of abuse."""
        return [f"{kind}_{self.name}" for _, kind in self.kinds(config)] or (
            [] if self.abuse else [self.name]
        )

    def printed(self, config: SimConfig) -> Iterator[tuple[Series, str]]:
        """Yield its lines of the report's table in a case, each with what is printed."""
        known = set(self.series(config))
        for name in self.names(config):
            kind = name.removesuffix(f"_{self.name}").replace("_", " ").capitalize()
            for (platform, channel), label in self.lines.items():
                if (series := Series(platform, channel, name)) in known:
                    yield series, label.format(kind=kind)

    def series(self, config: SimConfig) -> list[Series]:
        """Return the columns of a result that it fills in a case."""
        return [
            Series(platform, channel, name)
            for name in self.names(config)
            for channel in self.channels
            for platform in self.platforms(config)
        ]
