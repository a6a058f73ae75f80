"""The prior of `failure_exit`, learnt from precedents by a hierarchical model.

    python -m experiments.precedents > docs/precedents.md

Those who have an app reconsider it at rho_out (1 + rf (1 - q)) a day, 1 - q the share of attempts
that fails (sim/rules/adoption.py). Without failure those who leave and those who come are in
balance; of those whom failure makes reconsider a share s leaves, so reach falls by
s rho_out rf (1 - q) a day. Each case has its own rf, drawn from what cases have in common:
log rf ~ N(mu, tau^2). The law of rf in a case that nobody has seen is the prior of the
calibration (conf/design/calibration_russia_2025.yaml), which a test holds to this.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments import command
from experiments.base_study import markdown
from sim.base.units import BAND
from sim.config.parameters import Behaviour
from sim.kernel.arrays import F64

CASES = Path(__file__).with_suffix(".csv")
N = 400_000  # draws of the prior
SEED = 1
GUESS, GUESS_SD = np.log(2.0), 1.5  # prior of mu: a factor of twenty either way
APART = 0.7  # scale of the half-normal prior of tau: cases differ by a factor of two
LEAVING = (0.25, 1.0)  # share of those who reconsider that leaves: a guess
DROP = 2.0  # rho_out lies within this factor of its default, as in the calibration
NEW = "a case that nobody has seen"
ERROR = 0.15  # sd of the logarithm of an observed ratio of two months' reach


class Learnt(NamedTuple):
    """What precedents say of `failure_exit`.

    Attributes
    ----------
    of_case : DataFrame
        By case: median, low, high of its rf (90 %).
    new : ndarray, shape (n,)
        rf of a case that has not been seen, with weights.
    weight : ndarray, shape (n,)
    """

    of_case: pd.DataFrame
    new: F64
    weight: F64

    @property
    def bell(self) -> tuple[float, float]:
        """Return where the normal law of log rf has two standard deviations, as rf."""
        log = np.log(self.new)
        mean = float(self.weight @ log)
        sd = float(np.sqrt(self.weight @ (log - mean) ** 2))
        return float(np.exp(mean - 2 * sd)), float(np.exp(mean + 2 * sd))


def learnt(cases: pd.DataFrame) -> Learnt:
    """Return the posterior by weighted draws of the prior (importance sampling)."""
    rng = np.random.default_rng(SEED)
    mu = GUESS + GUESS_SD * rng.standard_normal(N)
    tau = APART * np.abs(rng.standard_normal(N))
    rho = Behaviour().drop_rate * DROP ** rng.uniform(-1, 1, N)
    log_weight, of_case = np.zeros(N), {}
    for case in cases.itertuples():
        rf = np.exp(mu + tau * rng.standard_normal(N))
        failing = rng.uniform(case.failing_low, case.failing_high, N)
        fall = rng.uniform(*LEAVING, N) * rho * rf * failing * case.days
        log_weight -= ((fall - np.log(case.before / case.after)) / ERROR) ** 2 / 2
        of_case[case.case] = rf
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    new = np.exp(mu + tau * rng.standard_normal(N))
    quantiles = {
        name: np.quantile(rf, list(BAND.values()), weights=weight, method="inverted_cdf")
        for name, rf in {**of_case, NEW: new}.items()
    }
    return Learnt(pd.DataFrame(quantiles, index=list(BAND)).T, new, weight)


def page(cases: pd.DataFrame, found: Learnt) -> str:
    """Return the page as Markdown."""
    low, high = found.bell
    rows = [
        [c.case, f"{c.before:g} mln, {c.when_before} ([source]({c.source_before}))",
         f"{c.after:g} mln, {c.when_after} ([source]({c.source_after}))",
         f"{np.log(c.before / c.after) / c.days:.3f}",
         f"{c.failing_low:g} to {c.failing_high:g}: {c.why}", _fmt(found.of_case.loc[c.case])]
        for c in cases.itertuples()
    ]  # fmt: skip
    headers = ["case", "before", "after", "fall a day", "1 - q, assumed", "rf, median (90 %)"]
    return f"""# What happened elsewhere when an app began to fail

Made by `python -m experiments.precedents`. The parameter `failure_exit` (rf) says how much sooner
people reconsider an app because its messages fail: they do so with the hazard
rho_out (1 + rf (1 - q)) a day, where rho_out is the hazard while everything works (`drop_rate`)
and 1 - q is the share of messages that fail. It decides how far WhatsApp falls in January and
February 2026, and no figure before these months shows it. So its prior is learnt from precedents.

Figures are daily users in Russia, measured by Mediascope. *Fall a day* is the logarithm of the
number before over that after, divided by the days between; 1 - q is an assumption, and the last
column says what each case makes of rf.

{markdown(headers, rows)}

**In a case that nobody has seen** rf is {_fmt(found.of_case.loc[NEW])}. Each case has an rf of
its own, whose logarithm is normal around a common mean; mean and spread are learnt from these four
cases (a hierarchical model). The prior of the calibration is that normal law of log rf; its two
standard deviations reach from {low:.2g} to {high:.2g}. The default ({Behaviour().failure_exit:g})
was tuned in sight of January and February 2026, and plays no part here.

Assumptions:

- A share of {LEAVING[0]:g} to {LEAVING[1]:g} of those whom failure makes reconsider leaves.
- rho_out is within a factor of {DROP:g} of its default, as in the calibration.
- An observed ratio errs by {100 * ERROR:.0f} %.
- Before any case is seen, rf is {np.exp(GUESS):g}, give or take a factor of
  {np.exp(GUESS_SD):.1f}, and cases differ by a factor of about {np.exp(APART):.0f}.

Limits: Instagram, Facebook and YouTube are no messengers; on a messenger, those who leave still
need those who stay. People who only open a failing app less often are counted as leaving, so rf is
rather too high. [validation.md](validation.md) tells what was fitted until December 2025 with this
prior, and how it fared.
"""


def _fmt(row: pd.Series) -> str:
    return f"{row['median']:.1f} ({row['low']:.1f} to {row['high']:.1f})"


def main(arguments: list[str]) -> None:
    """Print the page."""
    command.parser("precedents", __doc__).parse_args(arguments)
    cases = pd.read_csv(CASES)
    print(page(cases, learnt(cases)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
