"""What the words of a result mean, said once for the terminal and the report."""

from __future__ import annotations

from sim.engine.accumulators import ISOLATION

_LESS = f"{100 * ISOLATION:.0f}\N{NO-BREAK SPACE}%"
MEANING = {
    "daily reach": "% of people aged 12+ who open a messenger on a day.",
    "open to the state, exposure": (
        "% of communication over what the state can read: the plain phone, and messengers that it "
        "has access to."
    ),
    "isolated": (
        f"% of people who can reach over {_LESS} fewer of their contacts by app than at the "
        "start, each contact counting by how much one talks with them. Any app that works counts; "
        "the plain phone does not."
    ),
    "cut off": (
        "The same by apps that the state cannot read. Whom one can reach on the state's app alone "
        "is reachable, but not securely: a mandate can heal isolation, and people stay cut off."
    ),
    "welfare": (
        "What people can do with the means of communication they have, in utils; only differences "
        "mean something. Being made to have them is not in it: that it rises with a mandate is no "
        "case for one."
    ),
}
CAPTION = (
    "Reach, VPN, isolated, cut off: % of people aged 12+. Cellular calls: a person a day, all "
    "communication of the average person = 1. Exposure: % of communication open to the state. "
    f"Isolated: reach over {_LESS} fewer contacts by app than at the start; cut off: the same by "
    "apps that the state cannot read. Welfare: mean logsum of what one can use, in utils; being "
    "made to use it is not in it."
)
UNITS = (
    "Lines in bold are costs. Cellular calls: a person a day, all communication of the average "
    "person = 1."
)
OF_ABUSE = " Incidents, losses: the average at the start = 1."  # where a case has any
