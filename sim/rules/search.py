"""Search: who is worse off than usual looks around (docs/model.md, 2.4b).

    L_i = max(0, Wbar_i - W_i - theta),     Wbar_i' = rho_W (W_i - Wbar_i)           [utils]

W_i is the value of contacts and content in the step. Those with a shortfall reconsider messengers
not in use sooner, hear of more of them, and look for a VPN. A loss below theta goes unnoticed:
people search when they are no longer satisfied (Simon 1955, doi:10.2307/1884852). Who drops a
messenger that works as usual has chosen to be without it, so Wbar_i starts anew from the next W_i.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.bits import first, without_first
from sim.kernel.compiled import rule
from sim.rules.content import content_welfare
from sim.rules.declare import DERIVED, Field, Parameter
from sim.rules.records import CALL, MESSAGE, Environment, Record

PARAMETERS = (
    Parameter(
        "usual_rate", 0.009, 0.0001, 1, "1/day", "rho_W", "speed at which people get used to less",
        "assumption: near that of habit",
    ),
    Parameter(
        "search_tolerance", 0.15, 0, 10, "utils", "theta", "loss that nobody searches for",
        "assumption; above what coming and going contacts make", storage="f4",
    ),
    Parameter(
        "search_rate", 4.0, 0, 100, "1/util", "rs",
        "relative rise of rho_in by a shortfall of 1 util", "assumption", storage="f4",
    ),
    Parameter(
        "search_awareness", 0.014, 0, 1, "1/(day util)", "sigma_s",
        "hazard of finding a messenger that works by a shortfall of 1 util", "assumption",
        storage="f4",
    ),
    Parameter(
        "serious_loss", 0.36, 0, 100, "utils", "l_s",
        "loss of benefit from which a user counts as worse off; acts on nothing",
        "python -m experiments.serious_loss: 15 % called the ban of calls a serious loss "
        "(FOM, 22 to 24 August 2025: kommersant.ru/doc/8038466)", storage=DERIVED,
    ),
)  # fmt: skip
STATE = (
    Field("usual", "i2", "Wbar_i, usual welfare [utils / 512]"),
    Field("shortfall", "u2", "L_i [utils / 4096]"),
)
USUAL_STEPS, SHORTFALL_STEPS = 512, 4096
MOST_SHORTFALL = 8.0  # utils
UNKNOWN = -32768


@rule
def shortfall(user: Record) -> np.float32:
    """Return L_i [utils]."""
    return np.float32(user.shortfall) * np.float32(1.0 / SHORTFALL_STEPS)


@rule
def benefit(user: Record, step_record: Record, env: Environment, params: Record) -> float:
    """Return beta W_i + Y_i, what contacts and content are worth to `user` [utils]."""
    content = content_welfare(user, user.place, env, params)
    return float(params.network_value * step_record.welfare + content)


@rule
def choose_to_be_without(user: Record, dropped: Int, env: Environment) -> None:
    """Let `user` take the next step for usual if one of the `dropped` works as it is used to."""
    while dropped:
        p, dropped = first(dropped), without_first(dropped)
        if env.surprise[user.place, MESSAGE, p] + env.surprise[user.place, CALL, p] == 0.0:
            user.usual = UNKNOWN


@rule
def feel(
    user: Record, step_record: Record, env: Environment, params: Record, memory: np.float32
) -> None:
    """Compare the welfare of the step with what `user` is used to, and get used to it."""
    now = benefit(user, step_record, env, params)
    usual = user.usual / USUAL_STEPS if user.usual != UNKNOWN else now
    lost = min(max(0.0, usual - now - params.search_tolerance), MOST_SHORTFALL)
    user.shortfall = np.uint16(min(65535.0, lost * SHORTFALL_STEPS))
    usual = memory * usual + (1.0 - memory) * now
    user.usual = np.int16(min(32767.0, max(-32767.0, np.rint(usual * USUAL_STEPS))))
