"""Thresholds of measures of people and ties, and what they are in print."""

from sim.engine.accumulators import EXPOSED

READ = f"{100 * EXPOSED:.0f} %"  # of the talk by messenger; of the exposed the state reads more

# Loss of the benefit of contacts and content by which a user is worse off [utils]. With it 15 %
# are worse off at the end of August 2025 in `call_ban`, as many as then said that losing calls by
# messenger was a serious loss (FOM, 22 to 24 August 2025: kommersant.ru/doc/8038466). It was set
# once, by `python -m experiments.serious_loss`, and is fitted to nothing else.
SERIOUS_LOSS = 0.36

# Price from which a call or text message by phone is not affordable, that of one abroad [utils].
# Of two equal means, the one so much dearer is taken once in twenty times.
DEAR = 3.0
