"""Thresholds of the people who are counted as isolated, cut off or exposed, in print."""

from sim.engine.accumulators import EXPOSED, ISOLATION

LOST = f"{100 * ISOLATION:.0f} %"  # of the reach at the start; more is lost by the isolated
READ = f"{100 * EXPOSED:.0f} %"  # of the talk by messenger; of the exposed the state reads more
