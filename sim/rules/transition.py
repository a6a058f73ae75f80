"""Transition: how a messenger comes and goes in a step, by its utility (docs/model.md, 2.4).

A user who reconsiders p decides for it with chance s(U) = sigmoid(U / sqrt(1 - r)). So p comes and
goes as the two-state chain with the hazards

    a = rho_in q s(U without p),     b = rho_out (1 - s(U with p))                   [1/day]

and a step of h days brings it with chance P01 = a / (a + b) (1 - exp(-(a + b) h)), and takes it
with chance P10 = b / (a + b) (1 - exp(-(a + b) h)) (Cox and Miller 1965, ch. 4). Both are below
the chances 1 - exp(-rho h) of reconsidering, so those are drawn first.

Of the logistic noise in U, the share r of the variance lasts: it is part of the taste of the user.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernel.arrays import Int
from sim.kernel.compiled import rule
from sim.kernel.vec8 import Vec8, read_tile, sigmoid
from sim.rules.chance import mean_survival
from sim.rules.declare import JOINT, Parameter
from sim.rules.records import MESSAGE, Environment, Record
from sim.rules.search import shortfall

PARAMETERS = (
    Parameter(
        "install_rate", 0.0158, 0, 1, "1/day", "rho_in",
        "hazard of reconsidering a messenger not in use", "fit S3", JOINT, storage="f4",
    ),
    Parameter(
        "drop_rate", 0.0117, 0, 1, "1/day", "rho_out",
        "hazard of reconsidering a messenger in use", "fit S3", JOINT, storage="f4",
    ),
    Parameter(
        "failure_exit", 6.0, 0, 20, "1", "rf",
        "relative rise of both clocks when all messages fail and nobody is used to it", "tuned",
        JOINT, storage="f4",
    ),
    Parameter(
        "taste_sd", 0.8246, 0, 5, "utils", "sd_t", "sd of a user's own taste", "fit S3",
        storage="f4",
    ),
    Parameter(
        "taste_persistence", 0.8, 0, 0.99, "1", "r",
        "share of the variance of the noise in utility that lasts",
        "Flurry 2015: of new users of messengers 68, 65, 62 % are left after 1, 3, 12 months, so "
        "98 % from month to month once a month has passed", storage="f4",
    ),
)  # fmt: skip
LOGISTIC_VARIANCE = np.pi**2 / 3  # of scale 1


@rule
def haste(params: Record, surprise: Vec8) -> Vec8:
    """Return 1 + rf F, by messenger: new failure makes users reconsider, in or out."""
    return 1.0 + params.failure_exit * surprise


@rule
def clocks(user: Record, env: Environment, params: Record, o: Int = 0) -> tuple[Vec8, Vec8]:
    """Return rho_in h and rho_out h: hazards of reconsidering a messenger, lacking and having it.

    They are integrated over the step, by messenger of tile `o`.
    """
    days = haste(params, read_tile(env.surprise[user.place, MESSAGE], o)) * env.effects.days
    search = 1.0 + params.search_rate * shortfall(user)
    works = read_tile(env.availability[user.place, MESSAGE], o)
    return days * works * (params.install_rate * search), days * params.drop_rate


@rule
def noise_scale(params: Record) -> np.float32:
    """Return sqrt(1 - r), the scale of the noise that is new in each decision [utils]."""
    return np.float32(np.sqrt(1.0 - np.float64(params.taste_persistence)))


@rule
def taste_scale(params: Record) -> np.float32:
    """Return the sd of taste, sqrt(sd_t^2 + r pi^2 / 3), with the noise that lasts [utils]."""
    lasting = np.float64(params.taste_persistence) * LOGISTIC_VARIANCE
    return np.float32(np.sqrt(np.float64(params.taste_sd) ** 2 + lasting))


class Transitions(NamedTuple):
    """What the chances of a step to take up and to drop a messenger are made of, by messenger."""

    wants: Vec8  # s(U without it)
    leaves: Vec8  # 1 - s(U with it)
    lasting: Vec8  # (1 - exp(-(a + b) h)) / ((a + b) h)


@rule
def transitions(
    without: Vec8, having: Vec8, rho_in: Vec8, rho_out: Vec8, params: Record
) -> Transitions:
    """Return P01 = rho_in h wants lasting and P10 = rho_out h leaves lasting, in factors.

    Parameters
    ----------
    without, having : Vec8
        Utilities of a user without it and with it [utils].
    rho_in, rho_out : Vec8
        Hazards of reconsidering it, integrated over the step.
    """
    scale = noise_scale(params)
    wants, leaves = sigmoid(without / scale), sigmoid((0.0 - having) / scale)
    return Transitions(wants, leaves, mean_survival(rho_in * wants + rho_out * leaves))
