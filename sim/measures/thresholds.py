"""Thresholds of measures of people and ties, and what they are in print."""

from sim.engine.accumulators import EXPOSED

READ = f"{100 * EXPOSED:.0f} %"  # of the talk by messenger; of the exposed the state reads more

# Price from which a call or text message by phone is not affordable, that of one abroad [utils].
# Of two equal means, the one so much dearer is taken once in twenty times.
DEAR = 3.0
