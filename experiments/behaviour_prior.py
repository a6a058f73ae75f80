"""The prior of the fit to all cases: which parameters they share, and which one case has alone."""

from __future__ import annotations

from experiments.cases import TUNED_ON
from experiments.hierarchy import Space
from experiments.prior import Prior
from sim.sweeps.request import Request

DEVIATES = (  # between countries: whom news reaches, which ways around work, what apps are for
    "behaviour.word_of_mouth",
    "behaviour.vpn_efficacy",
    "behaviour.content_openings",
)
SHARED = "behaviour."  # prefix of parameters that are not of one case


def behaviour_prior() -> tuple[Prior, Space, int]:
    """Return the prior of all parameters, which cases have them, and the seed of the design."""
    shared = Request.of(["design=behaviour"]).design
    own = Request.of([f"design=calibration_{TUNED_ON}"]).design
    theirs = {name: one for name, one in own.factors.items() if not name.startswith(SHARED)}
    prior = Prior(shared.model_copy(update={"factors": {**shared.factors, **theirs}}))
    owner = ["" if name in shared.factors else TUNED_ON for name in prior.names]
    return prior, Space(prior.names, owner, list(DEVIATES)), shared.seed
