"""What policies put in force in a step, again: written from docs/specification.md (7.4) alone.

Part of the second implementation, see tests/helpers/second.py.
"""

import math
from itertools import combinations, pairwise
from types import SimpleNamespace

from sim.config.settings import BANDS
from sim.kernel.rng import purpose_key
from tests.helpers.second_state import f4

CELLULAR = 6  # its column beside messengers
CHANNELS = ("message", "call")
UNREADABLE = 0.5


class InForce:
    """A policy with the days on which it is in force: [first, last), counted from the start."""

    def __init__(self, config, name, policy, noted):
        self.name, self.policy = name, policy
        self.first = (policy.start - config.start).days
        self.last = math.inf if policy.stop is None else (policy.stop - config.start).days
        if getattr(policy, "lost_users", None) is not None:
            self.first = noted.get(name, math.inf)

    def days(self, begin, end):
        return max(0.0, min(end, self.last) - max(begin, self.first))

    def at(self, t):
        return self.first <= t < self.last

    def ramp(self, t):
        length = self.policy.ramp_days
        return min((t - self.first) / length, 1.0) if length else 1.0

    def mean_ramp(self, begin, end):
        begin, end = max(begin, self.first), min(end, self.last)
        return mean(begin, end, [self.first + self.policy.ramp_days], self.ramp)

    def age(self, t):
        return min(max(t - self.first, 0.0), self.last - self.first)


def mean(begin, end, corners, value):
    """Return the mean of a function that is linear between `corners`."""
    cuts = sorted({begin, end, *(t for t in corners if begin < t < end)})
    pieces = [(b - a) * value((a + b) / 2) for a, b in pairwise(cuts)]
    return math.fsum(pieces) / (end - begin)


def corners_of(windows):
    """Return the days on which the strongest of `windows` may change its slope."""
    found = []
    rising = [w for w in windows if w.policy.ramp_days and w.policy.grade]
    for w in windows:
        found += [w.first, w.last, w.first + w.policy.ramp_days]
    for w in rising:  # meets one that has come to its grade
        slope = w.policy.grade / w.policy.ramp_days
        found += [w.first + other.policy.grade / slope for other in windows]
    for one, other in combinations(rising, 2):  # or one that rises
        a, b = (w.policy.grade / w.policy.ramp_days for w in (one, other))
        if a != b:
            found.append((a * one.first - b * other.first) / (a - b))
    return found


def mean_strongest(begin, end, windows, reliefs=()):
    """Return the mean of the largest grade x ramp, times 1 - relief where there is one."""

    def value(t):
        strongest = max([w.policy.grade * w.ramp(t) for w in windows if w.at(t)], default=0.0)
        return strongest * math.prod(1 - c.policy.relief for c in reliefs if c.at(t))

    corners = corners_of(windows) + [t for c in reliefs for t in (c.first, c.last)]
    return mean(begin, end, corners, value)


def mean_efficacy(begin, end, behaviour, windows):
    """Return E: the mean over the step of e, from day 0 on by its differential equation."""
    changing = [w for w in windows if w.policy.kind in ("vpn_blocking", "vpn_support")]
    cuts = {0.0, begin, end, *(t for w in changing for t in (w.first, w.last) if 0 < t < end)}
    e, area = behaviour.vpn_efficacy, 0.0
    for a, b in pairwise(sorted(cuts)):
        on = [w.policy for w in changing if w.at((a + b) / 2)]
        blocking = sum(p.rate for p in on if p.kind == "vpn_blocking")
        repair = behaviour.vpn_repair
        repair += sum(p.repair_rate for p in on if p.kind == "vpn_support")
        speed, length = repair + blocking, b - a
        rest = repair * behaviour.vpn_efficacy / speed if speed else e
        gone = -math.expm1(-speed * length)
        if a >= begin:
            area += rest * length + (e - rest) * (gone / speed if speed else length)
        e = rest + (e - rest) * (1 - gone)
    return area / (end - begin)


def offline(config, window, band, t):
    """Return the share of an age band without internet or smartphone while access grows."""
    gone = (t - window.first) / (window.last - window.first)
    online = 1.0
    for name in ("no_internet", "no_smartphone"):
        before, after = getattr(config.population, name)[band], getattr(window.policy, name)[band]
        online *= 1 - (before + (after - before) * gone)
    return 1 - online


def conditions(config, k, noted):
    """Return what is in force in step `k`; `noted`: first days of compliance that waited."""
    h = config.step_days
    begin, end = k * h, (k + 1) * h
    number = {name: p for p, name in enumerate(config.messengers)} | {"cellular": CELLULAR}
    messengers = range(len(config.messengers))
    segments = list(config.population.segments)
    windows = [InForce(config, name, p, noted) for name, p in config.policies.items()]

    def kinds(*names):
        return [w for w in windows if w.policy.kind in names]

    now = SimpleNamespace(h=h, passing=[1.0] * 6, loss=1.0, vpn_cost=0.0)
    now.price = [[0.0] * 7 for _ in CHANNELS]
    now.going_online = dict.fromkeys(BANDS, 0.0)
    for name in ("trend", "daily_price", "awareness", "trial", "preinstall", "onboarding"):
        setattr(now, name, [0.0] * 6)
    now.access = {number[name]: p.state_access for name, p in config.platforms.items()}
    now.detection = dict.fromkeys(range(7), 0.0)
    now.detection |= {number[name]: p.moderation for name, p in config.platforms.items()}
    now.mandates, now.moves, now.stories = [], [], []

    orders = [
        w for w in kinds("mandate", "group_move") if getattr(w.policy, "by", "order") == "order"
    ]
    now.ended = {number[w.policy.platform] for w in orders if w.last <= begin}
    now.ordered = {
        number[w.policy.platform] for w in orders
        if w.policy.kind == "group_move" and w.days(begin, end) > 0
    }  # fmt: skip

    stories = [w.name for w in kinds("information_event", "compliance")]
    for w in windows:
        policy, D = w.policy, w.days(begin, end)
        s = D / h
        p = number.get(getattr(policy, "platform", None))
        match policy.kind:
            case "registration_gate":
                for name in policy.platforms:
                    now.passing[number[name]] *= 1 - policy.grade * s
            case "mandate" | "group_move" if D > 0:
                chats = policy.kind == "group_move"
                (now.moves if chats else now.mandates).append(
                    SimpleNamespace(
                        platform=p,
                        by=getattr(policy, "by", None),
                        segment=segments.index(policy.segment),
                        hazard=policy.rate * D,
                        reached=policy.ceiling * w.mean_ramp(begin, end),
                        key=purpose_key(
                            config.seed, 0, f"rollout.{'chats.' * chats}{policy.segment}"
                        ),
                    )
                )
            case "preinstallation":
                now.preinstall[p] += policy.rate * D
            case "campaign":
                now.awareness[p] += policy.awareness_rate * D
                now.trial[p] += policy.trial_rate * D
            case "onboarding":
                now.onboarding[p] += policy.help * s
            case "trend":
                now.trend[p] += policy.rate * mean(begin, end, [w.first, w.last], w.age) / 365.25
            case "price":
                for k in (number[name] for name in policy.platforms):
                    if policy.per == "day":
                        now.daily_price[k] += policy.cost * s
                    for c, channel in enumerate(CHANNELS):
                        now.price[c][k] += policy.cost * s * (policy.per in (channel, "use"))
            case "going_online" if D > 0:
                a, b = max(begin, w.first), min(end, w.last)
                for band in BANDS:
                    before, after = (offline(config, w, band, t) for t in (a, b))
                    now.going_online[band] += math.log(before / after)
            case "vpn_fine":
                now.vpn_cost += policy.cost * s
            case "vpn_support":
                now.vpn_cost -= policy.help * s
            case "compliance":
                now.access[p] += max(policy.degree - now.access[p], 0.0) * s
            case "moderation":
                now.detection[p] = 1 - (1 - now.detection[p]) * (1 - policy.effort * s)
            case "bank_delay":
                now.loss *= 1 - policy.prevented * s
        if w.name in stories and D > 0:
            now.stories.append(
                SimpleNamespace(
                    platform=p,
                    kind=policy.kind,
                    bit=stories.index(w.name),
                    shock=policy.shock.by_type(),
                    media=policy.awareness_rate * D,
                    contact=policy.contact_rate * D,
                    audience={number[name] for name in getattr(policy, "audience", ())},
                    salt=purpose_key(0, 0, f"story.{w.name}"),
                )
            )
    now.unreadable = {p for p in messengers if now.access[p] < UNREADABLE}

    E = mean_efficacy(begin, end, config.behaviour, windows)
    now.unrounded = {(2 * len(config.regions), c, p): 1.0 for c in (0, 1) for p in messengers}
    for region, where in enumerate(config.regions):
        here = [
            w for w in kinds("restriction", "shutdown")
            if where in w.policy.regions or "all" in w.policy.regions
        ]  # fmt: skip
        for name, p in number.items():
            if p == CELLULAR:
                continue
            shut = [
                w for w in here if w.policy.kind == "shutdown" and name not in w.policy.whitelist
            ]
            reliefs = [w for w in kinds("compliance") if w.policy.platform == name]
            e0 = config.platforms[name].circumvention
            for w in kinds("proxies"):
                if w.policy.platform == name:
                    e0 += max(w.policy.circumvention - e0, 0.0) * w.days(begin, end) / h
            for c, channel in enumerate(CHANNELS):
                on = [
                    w for w in here
                    if w.policy.kind == "restriction" and name in w.policy.platforms
                    and w.policy.channel in (channel, "any")
                ]  # fmt: skip
                lifted = [w for w in on if w.policy.circumventable]
                r = mean_strongest(begin, end, lifted, reliefs)
                s_p = mean_strongest(begin, end, shut + [w for w in on if w not in lifted])
                for V in (0, 1):
                    q = (1 - r * (1 - e0) * (1 - E * V)) * (1 - s_p)
                    now.unrounded[2 * region + V, c, p] = q
    now.q = {at: f4(q) for at, q in now.unrounded.items()}
    return now
