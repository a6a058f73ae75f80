"""Configurations that can be run, and what holds for whatever comes out of them."""

import datetime as dt
import os
import signal

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

from sim.base.errors import ConfigError
from sim.base.interrupts import Interrupted
from sim.base.units import PEOPLE
from sim.config.compose import load_tree
from sim.config.conf import CASES, names
from sim.config.draws import check_draws
from sim.config.validation import validate
from sim.measures.registry import find, meaning
from sim.observation.observed import check_observed
from sim.policies.registry import policy_kinds
from sim.runs.checkpoint import Checkpoint
from sim.runs.run import compare, compare_watched, n_steps_in_all
from tests.fuzz.schemas import OF_KINDS, drawn, leaves, put
from tests.fuzz.trial import assert_in_words

SHIPPED = sorted(path.name for path in CASES.iterdir())
TABLES = "timeseries", "effects", "flows"
SUMS = "regions", "types", "shares"  # keys whose values have to sum to 1
CHANGED = "behaviour", "population", "platforms", "abuse", "network", "case", "policies"
FIXED = "n_users", "persons", "age_from", "age_to"
RELATIVE = (
    "use",
    "unsent",
    "attempts",
    "incidents",
    "losses",
)  # 1 is a level
RATIOS = (  # of what there may be none
    "use", "exposure", "exposure_phone", "exposure_apps", "displaced", "reachable", "secure",
    "reachable_abroad",
)  # fmt: skip
SLACK = 1e-6  # of sums in single precision


def run_valid(trial):
    """Draw a configuration, run it in two ways, and check what comes out."""
    tree = _tree(trial)
    try:
        config = _accepted(tree, trial)
        check_draws(config)
        check_observed(config)
        result = compare(config)
    except ConfigError as error:
        trial.note("refused:", error)
        assert_in_words(str(error))
        return "refused"
    assert_sound(result)
    way = _other_way(config, trial)
    trial.note("the other way:", way.__name__)
    assert_same(result, way(config, trial))
    return way.__name__.strip("_")


def _accepted(tree, trial):
    """Return the configuration, without the drawn policies that are refused."""
    try:
        return validate(tree)
    except ConfigError as error:
        trial.note("refused at first:", error)
        assert_in_words(str(error))
        for name in [name for name in tree["policies"] if name in str(error)]:
            del tree["policies"][name]
        return validate(tree)


# -- what is drawn ------------------------------------------------------------------------------


def _tree(trial):
    """Return the tree of a configuration: a case, perhaps a scenario, and changed values."""
    case = trial.one_of([None, *SHIPPED]) if trial.chance(0.5) else None
    overrides = [f"case_dir={case}"] if case else []
    whole = trial.chance(0.3)
    if whole:  # a scenario has its dates, which lie within the year
        scenarios = [case] if case else names("scenario")
        overrides.append(f"+scenario={trial.one_of(scenarios)}")
    overrides += ["compare_to=[]"] if trial.chance(0.5) else []
    tree = _composed(overrides, trial)
    step = trial.one_of([7, 3.5, 14, 13] if whole else [7, 1, 0.5, 2.25, 31])
    n_steps = tree["dur_days"] // step if whole else trial.one_of([1, 2, 6, 8])
    tree |= {
        "seed": trial.below(2**62), "step_days": step, "dur_days": step * n_steps,
        "replications": trial.one_of([1, 1, 2, 3]),
        "engine": {"name": "compiled", "threads": 1, "checkpoint_minutes": 10.0},
    }  # fmt: skip
    tree["population"]["n_users"] = trial.one_of([10, 24, 60, 150] if whole else [10, 30])
    for k in range(trial.one_of([0, 1, 2, 3, 6])):
        tree["policies"][f"drawn_{k}"] = _policy(tree, trial)
    can_change = [leaf for leaf in leaves(tree) if _may_change(leaf)]
    for leaf in trial.some_of(range(len(can_change)))[: trial.one_of([0, 1, 3, 10, 40])]:
        key, schema, value = can_change[leaf]
        value = drawn(schema, trial, value)
        trial.note(".".join(key), "=", value)
        put(tree, key, value)
    _fit(tree)
    for name in ("seed", "step_days", "dur_days", "replications"):
        trial.note(name, "=", tree[name])
    return tree


def _fit(tree):
    """Lower values that others of the tree limit."""
    for name in ("install_rate", "drop_rate"):
        tree["behaviour"][name] = min(tree["behaviour"][name], 0.42 / tree["step_days"])
    for start in tree["case"]["observed_shares"].values():
        if start.get("daily") is not None:
            start["reach"] = max(start["reach"], 1e-3)
            start["daily"] = min(start["daily"], 0.9 * start["reach"])


def _composed(overrides, trial):
    """Return the composed tree, with platforms left out if that is allowed."""
    tree = load_tree(*overrides)
    gone = trial.some_of(name for name in tree["platforms"] if name != "cellular")
    n = min(trial.one_of([0, 0, 1, 3]), len(tree["platforms"]) - 2)  # one and cellular stay
    leaving = [*overrides, *(f"~platforms.{name}" for name in gone[:n])]
    trial.note("load_tree:", *leaving)
    try:
        return load_tree(*leaving)
    except ConfigError as error:
        trial.note("refused:", error)
        assert_in_words(str(error))
        return tree


def _may_change(leaf):
    """Return whether a value can be drawn from its schema alone."""
    key, schema, value = leaf
    kind = schema.get("type")
    ours = key[0] in CHANGED and not {*SUMS, *FIXED} & {*key} and key[-1] != "kind"
    if key[0] == "network" and "degree" in key[-1]:
        return False  # more ties than users
    is_known = "enum" in schema or kind in ("number", "integer", "boolean")
    return ours and is_known and (value is not None or kind == "number")


def _policy(tree, trial):
    """Return a policy of any kind that fits the names and dates of a configuration."""
    kind = trial.one_of(policy_kinds())
    schema, people = OF_KINDS[kind], tree["population"]
    messengers = [name for name in tree["platforms"] if name != "cellular"]
    addressed = "chats" if kind == "group_move" else "segments"
    named = {
        "kind": kind, "platform": trial.one_of(messengers), "audience": trial.some_of(messengers),
        "platforms": trial.some_of(messengers, 1), "whitelist": trial.some_of(messengers),
        "segment": trial.one_of(people.get(addressed) or ["nobody"]),
        "regions": trial.one_of([["all"], trial.some_of(people["regions"], 1)]),
        "standing": policy_kinds()[kind].may_stand and trial.chance(0.3),
    }  # fmt: skip
    policy = named | {
        name: drawn(below, trial)
        for name, below in schema["properties"].items()
        if name not in (*named, "start", "stop")
        and (name in schema["required"] or trial.chance(0.5))
    }
    n_days, begin = int(tree["dur_days"]), dt.date.fromisoformat(tree["start"])
    first = 0 if policy["standing"] else trial.below(max(n_days, 1))
    policy["start"] = str(begin + dt.timedelta(days=first))
    if kind == "going_online" or trial.chance(0.3):
        policy["stop"] = str(begin + dt.timedelta(days=min(first + 1 + trial.below(40), n_days)))
    for name in {"no_internet", "no_smartphone"} & {*policy}:
        policy[name] = {b: share * trial.rng.random() for b, share in people[name].items()}
    policy = {name: policy[name] for name in schema["properties"] if name in policy}
    trial.note("policy", policy)
    return policy


# -- what holds ---------------------------------------------------------------------------------


def assert_sound(result):
    """Fail unless numbers are numbers, shares are shares, and a month has all of its days."""
    table = result.timeseries
    values, everybody = table["value"].to_numpy(), (table["group"] == "all").to_numpy()
    assert not np.isinf(values).any(), _shown(table[np.isinf(values)])
    measure = table["measure"].astype(str)
    missing, ratio = np.isnan(values), measure.isin(RATIOS).to_numpy()  # a group may be empty
    assert not (gone := missing & everybody & ~ratio).any(), _shown(table[gone])
    of_people = [m for m in measure.unique() if _is_share(m)]
    outside = measure.isin(of_people).to_numpy() & ((values < -SLACK) | (values > 1 + SLACK))
    assert not outside.any(), _shown(table[outside])
    flows = result.flows["share"].to_numpy(float)
    assert np.isfinite(flows).all()
    assert ((flows >= 0) & (flows <= 1 + SLACK)).all()
    for name in ("median", "low", "high"):
        assert not np.isinf(result.effects[name].to_numpy(float)).any()
    assert_monthly_reach_holds_daily(result)


def _is_share(measure):
    return meaning(measure).unit == PEOPLE and find(measure).name not in RELATIVE


def _shown(table):
    return table.head(8).to_string()


def assert_monthly_reach_holds_daily(result):
    """Fail where fewer open a messenger in a month than on a day of a step within it."""
    table = result.timeseries
    month, keys = table["date"].dt.to_period("M"), ["scenario", "replication", "group", "platform"]
    ends = table["date"] + pd.Timedelta(days=result.config.step_days)
    within = (table["measure"] == "dau") & (ends <= (month + 1).dt.start_time)
    by = [table[name] for name in keys] + [month]
    daily = table[within]["value"].groupby([one[within] for one in by], observed=True).max()
    is_month = table["measure"] == "mau"
    monthly = table[is_month]["value"].groupby([one[is_month] for one in by], observed=True).max()
    both = pd.concat([daily, monthly], axis=1, keys=["dau", "mau"]).dropna()
    assert (both["mau"] >= both["dau"] - SLACK).all(), _shown(
        both[both["mau"] < both["dau"] - SLACK]
    )


def assert_same(one, other):
    """Fail unless two results have the same bits."""
    for name in TABLES:
        mine, theirs = getattr(one, name), getattr(other, name)
        assert isinstance(mine, pd.DataFrame)
        assert_frame_equal(mine, theirs, check_exact=True)


# -- the other way ------------------------------------------------------------------------------


def _other_way(config, trial):
    few = config.population.n_users * n_steps_in_all(config) <= 500
    return trial.one_of([_threads, _resumed, *([_mesa] * 3 if few else [])])


def _threads(config, _):
    return compare(_with_engine(config, threads=2))


def _mesa(config, _):
    return compare(_with_engine(config, name="mesa"))


def _with_engine(config, **changes):
    return config.model_copy(update={"engine": config.engine.model_copy(update=changes)})


def _resumed(config, trial):
    """Stop after any step, as a user would, and go on from the checkpoint."""
    checkpoint = Checkpoint.at(trial.folder, config)
    left = iter(range(trial.below(n_steps_in_all(config)), -1, -1))

    def on_step():
        if next(left, None) == 0:
            os.kill(os.getpid(), signal.SIGTERM)  # which comes to the main thread

    try:
        with checkpoint.interrupts.listening():
            return compare_watched(config, checkpoint, on_step)
    except Interrupted:
        checkpoint.flush()
        return compare_watched(config, Checkpoint.of(trial.folder), lambda: None)
