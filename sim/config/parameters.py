"""Behavioural parameters, each with symbol, unit, range, source and identifiability.

The defaults marked "fit S3" start from a prototype of this structure fitted to the Russian record
until December 2025, those marked "tuned" were moved on this implementation (docs/defaults.md says
how). Aggregate reach cannot identify most of them: they are priors, not measurements.

``identified_by`` says whether dated reach identifies it (docs/parameters.md, generated): "reach",
"reach, with others" (only in a combination with others), or "prior" (data do not narrow it).
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sim.base.strict import Strict

REACH, JOINT, PRIOR = "reach", "reach, with others", "prior"


def _parameter(
    default: float, low: float, high: float, unit: str, symbol: str, meaning: str, source: str,
    identified_by: str = PRIOR,
) -> Any:  # fmt: skip
    """Return a bounded field that documents itself."""
    return Field(
        default=default,
        ge=low,
        le=high,
        description=meaning,
        json_schema_extra={
            "unit": unit,
            "symbol": symbol,
            "source": source,
            "identified_by": identified_by,
        },
    )


class Behaviour(Strict):
    """How users choose, adopt, believe, forget and use; all rates are hazards per day."""

    # choice on a tie, and adoption
    network_value: float = _parameter(
        2.157, 0, 20, "utils per unit logsum", "beta", "value of reaching contacts", "fit S3",
        JOINT,
    )  # fmt: skip
    network_shape: float = _parameter(
        1, 1, 5, "1", "alpha",
        "exponent of that value; above 1 contagion is complex: a contact counts for more, the "
        "more there are", "simple contagion: Karsai et al. 2014",
    )  # fmt: skip
    call_share: float = _parameter(
        0.372, 0, 1, "1", "d_v", "share of communication that wants a call", "fit S3"
    )
    habit_value: float = _parameter(
        1.983, 0, 5, "utils", "eta", "habit in the choice on a tie", "fit S3", JOINT
    )
    message_loss: float = _parameter(
        2.5, 0, 20, "utils", "gamma_m", "disutility of messages that fail", "tuned", REACH
    )
    call_loss: float = _parameter(
        3.680, 0, 20, "utils", "gamma_v", "disutility of calls that fail",
        "fit S3; reach is flat in it",
    )  # fmt: skip
    keep_value: float = _parameter(
        2.412, 0, 10, "utils", "K", "state dependence: keeping what one is used to", "fit S3"
    )
    install_rate: float = _parameter(
        0.0158, 0, 1, "1/day", "rho_in", "hazard of reconsidering a messenger not in use",
        "fit S3", JOINT,
    )  # fmt: skip
    drop_rate: float = _parameter(
        0.0117, 0, 1, "1/day", "rho_out", "hazard of reconsidering a messenger in use", "fit S3",
        JOINT,
    )  # fmt: skip
    failure_exit: float = _parameter(
        4.6, 0, 20, "1", "rf", "relative rise of rho_out when messages fail",
        "tuned; no point before January 2026 informs it", JOINT,
    )  # fmt: skip
    habit_rate: float = _parameter(
        0.01223, 0.0001, 1, "1/day", "rho_h", "speed of habit",
        "fit S3; Lally et al. 2010: .012-.17",
    )  # fmt: skip
    taste_sd: float = _parameter(
        0.8246, 0, 5, "utils", "sd_t", "sd of a user's own taste", "fit S3"
    )
    mandate_value: float = _parameter(
        7.84, 0, 20, "utils", "M", "what a mandate adds to the wish to keep", "tuned", JOINT
    )
    preinstall_value: float = _parameter(
        1.0, 0, 10, "utils", "M'", "effort saved when the app lies on the phone", "prior"
    )
    second_phone: float = _parameter(
        0.05, 0, 1, "1", "chi_s", "share of the mandated who keep a second phone for it",
        "assumption; reports only",
    )  # fmt: skip
    # openings
    traffic_openings: float = _parameter(
        5.4, 0, 100, "1/day", "c_use", "openings a day for one unit of communication", "fit S3",
        REACH,
    )  # fmt: skip
    call_openings: float = _parameter(
        0.7082, 0, 5, "1", "s_v", "openings by calls relative to messages", "fit S3"
    )
    # moving calls in pairs
    pair_rate: float = _parameter(
        0.0014, 0, 1, "1/day", "iota", "hazard of moving calls with a contact when they fail",
        "tuned", JOINT,
    )  # fmt: skip
    # awareness and beliefs
    word_of_mouth: float = _parameter(
        0.001, 0, 1, "1/day", "lambda_w", "hazard of hearing of a messenger from contacts",
        "assumption",
    )  # fmt: skip
    peer_rate: float = _parameter(
        0.01, 0, 1, "1/day", "phi", "speed of averaging beliefs with contacts",
        "assumption; DeGroot: Chandrasekhar et al. 2020",
    )  # fmt: skip
    forget_rate: float = _parameter(
        0.005, 0, 1, "1/day", "delta", "speed of going back to the prior belief",
        "assumption; effects of news are short-lived",
    )  # fmt: skip
    risk_value: float = _parameter(
        1.2, 0, 10, "utils", "chi", "weight of being read in taking up a messenger",
        "assumption; polls: 47 % would avoid Max, 34 % are ready",
    )  # fmt: skip
    attention: float = _parameter(
        6.0, 0, 100, "1", "a_n", "hazard of looking around by how much a story repels",
        "assumption; Korea 2014: 2-4 % moved within weeks",
    )  # fmt: skip
    sensitive_share: float = _parameter(
        0.1, 0, 1, "1", "y", "share of messages one would not want read",
        "assumption; Penney 2016, Marthews & Tucker 2017",
    )  # fmt: skip
    chilling_value: float = _parameter(
        1.0, 0, 10, "utils", "lambda", "fear of being read in sensitive messages", "assumption"
    )
    # circumvention
    vpn_efficacy: float = _parameter(
        0.8116, 0, 1, "1", "e_max", "what a VPN lifts of a restriction, unblocked",
        "fit S3; not identified by reach",
    )  # fmt: skip
    vpn_repair: float = _parameter(
        0.05, 0, 10, "1/day", "r_V", "speed at which blocked VPNs are replaced", "assumption"
    )
    vpn_rate: float = _parameter(
        0.01, 0, 1, "1/day", "rho_V", "hazard of reconsidering a VPN",
        "tuned by hand: VPN use in spring 2026 (docs/defaults.md)",
    )  # fmt: skip
    vpn_value: float = _parameter(
        4.0, 0, 20, "utils per unit logsum", "beta_V", "value of what a VPN opens up",
        "tuned by hand: VPN use in spring 2026 (docs/defaults.md)",
    )  # fmt: skip
    content_value: float = _parameter(
        1.0, 0, 10, "utils day", "c_V", "value of one opening a day a VPN lets through",
        "tuned by hand: VPN use in spring 2026 (docs/defaults.md)",
    )  # fmt: skip
    vpn_help: float = _parameter(
        0.5, 0, 10, "utils", "nu", "help from contacts who all use a VPN",
        "assumption; transmission significant but small: Chen & Yang 2019",
    )  # fmt: skip
    vpn_skill_sd: float = _parameter(
        2.0, 0, 10, "utils", "sd_s", "sd of the skill with a VPN", "assumption"
    )
    # group chats
    chat_value: float = _parameter(
        0.3, 0, 10, "utils", "zeta", "value of a messenger by a group chat on it", "assumption"
    )
    chat_rate: float = _parameter(
        0.002, 0, 1, "1/day", "rho_g", "hazard of a chat reconsidering where it is", "assumption"
    )
    chat_choice: float = _parameter(
        4.0, 0, 50, "1/utils", "theta_g", "sharpness of a chat's choice", "assumption"
    )
    chat_quorum: float = _parameter(
        0.6, 0, 1, "1", "phi_g", "share of members a chat needs on a messenger", "assumption"
    )
