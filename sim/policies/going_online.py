"""Access that grows: people get internet and smartphones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.base.strict import Share
from sim.policies.context import RunContext
from sim.policies.policy import Labels, Policy, Step
from sim.policies.window import Span

LACKS = ("no_internet", "no_smartphone")  # keys of the population and of the policy


class GoingOnline(Policy):
    """People go online: shares without access fall in a straight line until the stop."""

    kind: Literal["going_online"] = "going_online"
    no_internet: dict[str, Share]  # share without internet at the stop, by age band [1]
    no_smartphone: dict[str, Share]  # of the others without a smartphone, by age band [1]

    def act(self, step: Step) -> None:
        """Add the hazards of going online by age band, which give these shares."""
        begin, end, origin = step.span
        first, last = self._ends(origin)
        before, after = (
            1.0 - np.prod(1.0 - without(step.config, day), axis=0)
            for day in (max(begin, first), min(end, last))
        )
        some = before > 0.0
        step.effects.going_online[some] += np.log(before[some] / after[some])

    def towards(self, now: NDArray[np.float64], span: Span) -> NDArray[np.float64]:
        """Return the shares at the end of a span that begins before it, from those before it."""
        first, last = self._ends(span[2])
        progress = min(max((span[1] - first) / (last - first), 0.0), 1.0)
        then = np.array([_by_band(getattr(self, name)) for name in LACKS])
        return now + (then - now) * progress

    def problems(self, config: RunContext) -> Iterator[str]:
        """Yield a missing date, and shares that do not fall."""
        if self.stop is None:
            yield ".stop: missing; allowed: the day on which these shares are reached"
        for name in LACKS:
            before, after = getattr(config.population, name), getattr(self, name)
            if set(before) != set(after):
                yield f".{name}: needs exactly the age bands {', '.join(before)}"
                continue
            for band, share in before.items():
                if after[band] > share or (after[band] == 0.0 < share):
                    yield (
                        f".{name}.{band}={after[band]:g}: population.{name} says {share:g} at the "
                        "start; allowed: up to that, and above 0"
                    )

    def contradicts(self, other: Policy) -> str | None:
        """Return why `other` cannot be in force at the same time, or None."""
        if isinstance(other, GoingOnline):
            return "each says how many are online"
        return None

    def sentence(self, labels: Labels, span: Span) -> tuple[str, str]:  # noqa: ARG002
        """Return the sentence of its effect with a placeholder, and what it puts there."""
        return "{}", "more people go online"


def without(config: RunContext, day: float) -> NDArray[np.float64]:
    """Return the share without internet, and of the others without a smartphone, on a day.

    Parameters
    ----------
    day : float
        Since the start of the run [days].

    Returns
    -------
    Array of shape (2, n_bands)
    """
    shares = np.array([_by_band(getattr(config.population, name)) for name in LACKS])
    growing = [one for one in config.policies.values() if isinstance(one, GoingOnline)]
    for policy in sorted(growing, key=lambda one: one.start):
        shares = policy.towards(shares, (0.0, day, config.start))
    return shares


def _by_band(shares: dict[str, float]) -> list[float]:
    return [shares[band] for band in sorted(shares)]
