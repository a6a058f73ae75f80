"""Behavioural parameters: unit, range and source stand beside each default.

The defaults marked "fit S3" start from a prototype of this structure fitted to the Russian record
until December 2025, those marked "tuned" were moved on this implementation (docs/defaults.md says
how). Aggregate reach cannot identify most of them: they are priors, not measurements.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sim.strict import Strict


def _parameter(
    default: float, low: float, high: float, unit: str, meaning: str, source: str
) -> Any:
    """Return a bounded field that documents itself."""
    return Field(
        default=default,
        ge=low,
        le=high,
        description=meaning,
        json_schema_extra={"unit": unit, "source": source},
    )


class Behaviour(Strict):
    """How users choose, adopt, forget and use; all rates are hazards per day."""

    network_value: float = _parameter(
        2.157, 0, 20, "utils per unit logsum", "beta, value of reaching contacts", "fit S3"
    )
    call_share: float = _parameter(
        0.372, 0, 1, "1", "d_v, share of communication that wants a call", "fit S3"
    )
    habit_value: float = _parameter(
        1.983, 0, 5, "utils", "eta, habit in the choice on a tie", "fit S3"
    )
    message_loss: float = _parameter(
        2.35, 0, 20, "utils", "gamma_m, disutility of messages that fail", "tuned"
    )
    call_loss: float = _parameter(
        3.680,
        0,
        20,
        "utils",
        "gamma_v, disutility of calls that fail",
        "fit S3; reach is flat in it",
    )
    keep_value: float = _parameter(
        2.412, 0, 10, "utils", "K, state dependence: keeping what one is used to", "fit S3"
    )
    install_rate: float = _parameter(
        0.0158, 0, 1, "1/day", "rho_in, hazard of reconsidering a platform not in use", "fit S3"
    )
    drop_rate: float = _parameter(
        0.0117, 0, 1, "1/day", "rho_out, hazard of reconsidering a platform in use", "fit S3"
    )
    failure_exit: float = _parameter(
        4.6,
        0,
        20,
        "1",
        "rf, relative rise of rho_out when messages fail",
        "tuned; no point before January 2026 informs it",
    )
    habit_rate: float = _parameter(
        0.01223, 0.0001, 1, "1/day", "rho_h, speed of habit", "fit S3; Lally et al. 2010: .012-.17"
    )
    taste_sd: float = _parameter(0.8246, 0, 5, "utils", "sd of a user's own taste", "fit S3")
    mandate_value: float = _parameter(
        7.84, 0, 20, "utils", "M, what a mandate adds to the wish to keep", "tuned"
    )
    preinstall_value: float = _parameter(
        1.0, 0, 10, "utils", "saved effort when the app lies on the phone already", "prior"
    )
    vpn_efficacy: float = _parameter(
        0.8116,
        0,
        1,
        "1",
        "e, what a VPN lifts of a restriction",
        "fit S3; not identified by reach",
    )
    traffic_openings: float = _parameter(
        5.4, 0, 100, "1/day", "c_use, app openings a day for one unit of communication", "fit S3"
    )
    call_openings: float = _parameter(
        0.7082, 0, 5, "1", "s_v, openings by calls relative to messages", "fit S3"
    )
    pair_rate: float = _parameter(
        0.0014,
        0,
        1,
        "1/day",
        "iota, hazard of moving calls with a contact when they fail",
        "tuned",
    )
    pair_type: float = _parameter(
        0.8,
        -5,
        5,
        "utils",
        "pull of what the state reads on the types, where a pair moves",
        "prior",
    )
    trial_type: float = _parameter(
        0.5, -5, 5, "1", "the same, trying what the media name", "prior"
    )
