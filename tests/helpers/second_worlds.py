"""Random small worlds in which much happens, for tests/theory/test_second.py."""

import datetime as dt
from functools import cache

from hypothesis import strategies as st

from sim import load_config
from sim.config.parameters import Behaviour

START = dt.date(2025, 6, 2)
MESSENGERS = ("whatsapp", "telegram", "max", "imo", "vk", "sixth")
SEGMENTS = ("pupils", "parents", "students", "public_sector", "housing_chats", "egov", "friends")
# Ranges in which much happens in a few steps; hazards are those of a whole step.
HAZARDS = dict.fromkeys(
    (
        "pair_rate",
        "word_of_mouth",
        "peer_rate",
        "forget_rate",
        "vpn_rate",
        "chat_rate",
        "lapse_rate",
    ),
    (0, 1),
) | {"install_rate": (0.1, 0.42), "drop_rate": (0.1, 0.42), "habit_rate": (0.01, 1)}
RANGES = {
    "network_value": (0, 5), "network_shape": (1, 3), "keep_value": (0, 4),
    "mandate_value": (0, 8), "taste_sd": (0, 2),
    "failure_exit": (0, 10), "message_loss": (0, 6), "call_loss": (0, 6), "risk_value": (0, 3),
    "attention": (0, 20), "habit_break": (0, 20), "traffic_openings": (0, 10),
    "call_openings": (0, 2),
    "chilling_value": (0, 10), "vpn_repair": (0, 0.3), "vpn_value": (0, 10), "chat_value": (0, 2),
    "content_value": (0, 3), "content_openings": (0.1, 10), "search_rate": (0, 5),
    "search_tolerance": (0, 1), "search_awareness": (0, 0.2), "vpn_search": (0, 5),
    "failure_memory": (1, 60), "vpn_help": (0, 3), "vpn_skill_sd": (0, 3), "chat_choice": (0, 8),
    "call_share_sd": (0, 2),
}  # fmt: skip


@cache
def base():
    """Return the default configuration as a tree, which nobody changes."""
    return load_config().model_dump(mode="json")


def shares(low=0.0, high=1.0):
    """Return numbers of a range, its ends often; nothing so small that only rounding sees it."""
    return st.one_of(st.sampled_from([low, high]), st.floats(low + 0.001 * (high - low), high))


@st.composite
def behaviours(draw, h):
    """Return parameters of behaviour: lively, ends of ranges included."""
    values = {}
    for name, field in Behaviour.model_fields.items():
        if (
            field.default == 0.0 and name not in RANGES
        ):  # a rule that is off need not be written a second time
            continue
        bounds = {kind: getattr(m, kind) for m in field.metadata for kind in ("ge", "le")
                  if hasattr(m, kind)}  # fmt: skip
        low, high = RANGES.get(name, (bounds["ge"], bounds["le"]))
        if name in HAZARDS:
            low, high = (end / h for end in HAZARDS[name])
            high = min(high, bounds["le"])
        values[name] = draw(shares(low, high) if low < high else st.just(high))
    return values


@st.composite
def windows(draw, days):
    """Return when a policy is in force: whole days inside the run."""
    last = max(days - 1, 0)
    first = draw(st.integers(0, last))
    stop = draw(st.one_of(st.none(), st.integers(first + 1, days))) if first < days - 1 else None
    dates = {"start": str(START + dt.timedelta(first))}
    return dates if stop is None else {**dates, "stop": str(START + dt.timedelta(stop))}


@st.composite
def policies(draw, config, days, h):
    """Return a random subset of policies of all kinds, some kinds twice."""
    names = [name for name in config["platforms"] if name != "cellular"]
    one, rates = st.sampled_from(names), shares(0.0, 2 / h)
    some = st.lists(one, min_size=1, unique=True)
    mixed = draw(st.permutations(names))  # nobody is made to join what is gated or restricted
    cut = draw(st.integers(0, len(names)))
    gates = st.lists(st.sampled_from(mixed[cut:] or names), min_size=1, unique=True)
    chats = list(config["population"]["chats"])
    goals = {name: draw(st.sampled_from(mixed[:cut])) for name in SEGMENTS if cut}
    grades, ramps = shares(), st.one_of(st.just(0.0), st.floats(0.5, 20))
    regions = st.one_of(
        st.just(["all"]),
        st.lists(st.sampled_from(list(config["population"]["regions"])), min_size=1, unique=True),
    )
    shocks = st.fixed_dictionaries(
        dict.fromkeys(("state_averse", "indifferent", "foreign_averse"), st.floats(-2, 3))
    )
    where = {"grade": grades, "ramp_days": ramps, "regions": regions}
    push = {"rate": rates, "ceiling": grades, "ramp_days": ramps}
    story = {"shock": shocks, "awareness_rate": rates, "contact_rate": rates}
    yes = st.booleans()
    any_platform = st.sampled_from([*names, "cellular"])
    channels = st.sampled_from(["message", "call", "any"])
    kinds = {
        "restriction": {"platforms": gates, "channel": channels, "circumventable": yes, **where},
        "restriction_of_calls": {"platforms": some, "channel": st.just("call"), **where},
        "proxies": {"platform": one, "circumvention": grades},
        "price": {"platforms": some, "per": st.sampled_from(["use", "day"]),
                  "cost": st.floats(-3, 3)},
        "shutdown": {"whitelist": st.lists(one, unique=True), **where},
        "registration_gate": {"platforms": gates, "grade": grades},
        "mandate": {"segment": st.sampled_from(SEGMENTS), **push},
        "group_move": {
            "segment": st.sampled_from(chats or [""]),
            "by": st.sampled_from(["order", "invitation"]), **push,
        },
        "preinstallation": {"platform": one, "rate": rates},
        "campaign": {"platform": one, "awareness_rate": rates, "trial_rate": rates},
        "onboarding": {"platform": one, "help": st.floats(-3, 3)},
        "trend": {"platform": one, "rate": st.floats(-10, 10)},
        "vpn_blocking": {"rate": rates},
        "vpn_fine": {"cost": st.floats(0, 4)},
        "vpn_support": {"help": st.floats(0, 4), "repair_rate": rates},
        "information_event": {
            "platform": one, "audience": st.lists(one, unique=True, max_size=2), **story,
        },
        "compliance": {
            "platform": one, "degree": grades, "relief": grades,
            "lost_users": st.one_of(st.none(), st.sampled_from([0.0, 0.01, 0.1])), **story,
        },
        "moderation": {"platform": any_platform, "effort": grades},
        "bank_delay": {"prevented": grades},
    }  # fmt: skip
    left_out = set() if goals else {"mandate", "group_move"}
    left_out |= set() if chats else {"group_move"}
    left_out |= set() if mixed[cut:] else {"restriction", "registration_gate"}
    found = {}
    for kind in [kind for kind in kinds if kind not in left_out]:
        for n in range(draw(st.integers(0, 2))):
            policy = {"kind": kind.removesuffix("_of_calls"), **draw(windows(days))}
            policy |= draw(st.fixed_dictionaries(kinds[kind]))
            if "segment" in policy:
                policy["platform"] = goals[policy["segment"]]
            found[f"{kind}_{n}"] = policy
    return found


@st.composite
def networks(draw, n):
    kind = draw(st.sampled_from(
        ["layered", "rewired", "watts_strogatz", "barabasi_albert", "erdos_renyi", "from_file"]
    ))  # fmt: skip
    match kind:
        case "erdos_renyi":
            return {"kind": kind, "mean_degree": draw(st.floats(0.5, 12))}
        case "watts_strogatz" | "barabasi_albert":
            return {"kind": kind, "mean_degree": draw(st.sampled_from([2, 4, 10]))}
        case "from_file":
            ring = [(i, (i + 1) % n) for i in range(n)]  # a file names every user
            pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
            return {"kind": kind, "pairs": [*ring, *draw(st.lists(pairs, max_size=4 * n))]}
    return {"kind": kind}


@st.composite
def worlds(draw):
    """Return the tree of a small random world, a replication, and the edge list of its graph."""
    h, n_steps = draw(st.sampled_from([0.5, 1, 3.5, 7])), draw(st.integers(2, 4))
    n = draw(st.integers(20, 60))
    config = {**base(), "seed": draw(st.integers(0, 2**63 - 1)), "start": str(START)}
    config |= {"step_days": h, "dur_days": n_steps * h, "behaviour": draw(behaviours(h))}

    chats = draw(st.lists(st.sampled_from(SEGMENTS), unique=True))
    sizes, orders = st.integers(2, 8), st.sampled_from(["place", "age"])
    regions = draw(st.sampled_from([{"all_of_it": 1.0}, {"a": 0.3, "b": 0.2, "c": 0.5}]))
    abroad = {"share": draw(shares()), "weight": draw(st.floats(0.01, 0.9)), "call_price": 3.0}
    config["population"] = base()["population"] | {
        "n_users": n,
        "regions": regions,
        "abroad": abroad,
        "concern_median": draw(st.floats(0, 5)),
        "chats": {name: {"size": draw(sizes), "order": draw(orders)} for name in chats},
    }
    case, kept = base()["case"], MESSENGERS[: draw(st.integers(1, 6))]
    sixth = base()["platforms"]["imo"] | {"label": "Sixth"}
    platforms = base()["platforms"] | {"sixth": sixth}
    config["platforms"] = {name: dict(platforms[name]) for name in (*kept, "cellular")}
    for platform in config["platforms"].values():
        platform |= {"circumvention": draw(shares()), "state_access": draw(shares())}
        platform["channels"] = draw(st.sampled_from([["message"], ["call"], ["message", "call"]]))
        platform["mandate_openings"] = draw(st.floats(0, 2))
        appeal = draw(st.one_of(st.none(), st.floats(-2, 2)))
        platform["pair_appeal"] = appeal if "call" in platform["channels"] else None
    seeds = case["seeds"] | {"sixth": {"users": 0.2, "pattern": "single", "aware": 0.5}}
    config["case"] = case | {
        "observed_shares": {p: v for p, v in case["observed_shares"].items() if p in kept},
        "seeds": {p: v for p, v in seeds.items() if p in kept},
    }
    abuse = draw(st.lists(st.sampled_from(list(base()["abuse"])), unique=True))
    responses = st.one_of(st.just(0.0), st.floats(0.3, 3))
    config["abuse"] = {
        name: base()["abuse"][name] | {
            "response": draw(responses), "elasticity": draw(shares(0, 2)),
            "adaptation_rate": draw(shares(0, 1 / h)), "incident_rate": draw(shares(0, 1 / h)),
        }
        for name in abuse
    }  # fmt: skip
    for kind in config["abuse"].values():
        kind["conversion"] = {p: draw(st.floats(0, 3)) for p in kept}
        if len(kept) == 1:
            kind["shares"] = {"whatsapp": 0.6, "cellular": 0.4}
    config["policies"] = draw(policies(config, max(1, int(n_steps * h)), h))
    config["network"] = draw(networks(n))
    return config, draw(st.integers(0, 5))
