"""Thresholds of measures of people and ties, and what they are in print."""

from sim.engine.accumulators import EXPOSED

READ = f"{100 * EXPOSED:.0f} %"  # of the talk by messenger; of the exposed the state reads more

# Loss of the benefit of contacts and content by which a user is worse off [utils]. With it 15 %
# are worse off at the end of August 2025 in `call_ban_only`, as many as then said that calls by
# messenger were a serious loss to them (FOM, 22 to 24 August 2025: sim/data/russia_2025). It was
# set once, with 10,000 users and 10 replications (`python -m experiments.serious_loss`), and is
# not fitted to anything else.
SERIOUS_LOSS = 0.5

# Price from which a call or text message by phone is not affordable, that of one abroad [utils].
# Of two equal means, the one so much dearer is taken once in twenty times.
DEAR = 3.0
