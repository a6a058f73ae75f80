"""Channels: how much of what a user wants to say is calls (docs/model.md, 2.3).

People differ: some call, others write. The share of calls d_i is logit-normal among users,

    logit d_i = m + sd_d z_i,     z_i normal,     m such that the mean of d_i is d_v

It is drawn apart from D_i, how much one says in all. So D_i d_i has the mean d_v as well: of all
communication, too, the share d_v wants a call. Of a tie each end counts what it says itself.
"""

from __future__ import annotations

import numpy as np

from sim.kernel.compiled import rule
from sim.rules.declare import DERIVED, Parameter
from sim.rules.records import Record

PARAMETERS = (
    Parameter(
        "call_share", 0.372, 0, 1, "1", "d_v", "share of communication that wants a call",
        "fit S3", storage=DERIVED,
    ),
    Parameter(
        "call_share_sd", 0.0, 0, 5, "1", "sd_d",
        "sd of the log-odds of a user's own share of calls; 0: all have the same",
        "assumption", storage=DERIVED,
    ),
)  # fmt: skip


@rule
def channel_shares(user: Record) -> tuple[np.float32, np.float32]:
    """Return the shares of messages and of calls in what `user` wants to say; their sum is 1."""
    calls = np.float32(user.call_share)
    return np.float32(1.0) - calls, calls
