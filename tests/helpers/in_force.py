"""Conditions for tests: the default case in which some policies, and no others, are in force."""

import datetime as dt

from sim import load_config
from sim.engine.policy_schedule import PolicySchedule
from sim.policies.grades import restricted
from sim.policies.information import Shock
from sim.policies.promotion import Mandate
from sim.policies.restrictions import Restriction, Shutdown

WORLD = load_config()
START = WORLD.start
STEP = WORLD.step_days
WHATSAPP, TELEGRAM, MAX_APP, VK = (
    WORLD.messengers.index(name) for name in ("whatsapp", "telegram", "max", "vk")
)
MOSCOW = WORLD.regions.index("moscow")
SLICES = 16  # of a day, in the brute-force sums
NEWS = Shock(state_averse=2.0, indifferent=1.0, foreign_averse=-0.5)


def day(k):
    return START + dt.timedelta(days=k)


def world(*policies, **changes):
    """Return the configuration in which `policies`, and nothing else, happen."""
    named = {f"policy_{k}": policy for k, policy in enumerate(policies)}
    return WORLD.model_copy(update={"policies": named, **changes})


def at(step, *policies, **changes):
    return PolicySchedule(world(*policies, **changes)).at(step)


def restriction(grade, start=0, stop=None, ramp=0.0, channel="call", regions="all"):
    return Restriction(
        platforms=("whatsapp",),
        channel=channel,
        grade=grade,
        ramp_days=ramp,
        regions=regions,
        start=day(start),
        stop=None if stop is None else day(stop),
    )


def grades(step, *policies, obeyed=()):
    """Return the grades of WhatsApp in Moscow by channel."""
    span = (step * STEP, (step + 1) * STEP, START)
    return restricted(WORLD, [*policies, *obeyed], span)[MOSCOW, :, WHATSAPP]


def shutdown(grade=0.8, start=0, **changes):
    return Shutdown(whitelist=("max", "vk"), grade=grade, start=day(start), **changes)


def mandate(**changes):
    keys = {"platform": "max", "segment": "pupils", "rate": 0.02, "start": day(3)}
    return Mandate(**keys | changes)
