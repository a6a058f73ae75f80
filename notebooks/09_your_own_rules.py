# %% [markdown]
# # 9. A policy, a measure and a rule of your own
#
# Nothing of this notebook is in the package: it adds a kind of policy, a measure and a compiled
# rule of behaviour, each in a dozen lines, runs them with both engines, and finds them in tables,
# figures and the report. A configuration file cannot name code, so all of it stands here.

# %%
# %matplotlib inline

# %% [markdown]
# ## A policy
#
# A policy is a class. This one makes calls fail for some hours of every day.
# [How to add a policy](../docs/howto_policy.md) lists what a policy can say.

# %%
import datetime as dt
from typing import Literal

from sim import Policy, compare, load_config, register_policy, run
from sim.policies.policy import ALL, Failure


@register_policy
class NightBan(Policy):
    """Calls fail for some hours of every day."""

    kind: Literal["night_ban"] = "night_ban"
    platforms: tuple[str, ...]
    hours: float  # of every day

    def restricts(self):
        return Failure(self, self.hours / 24, 0.0, ALL, ("call",), self.platforms)

    def named(self):
        return self.platforms

    def sentence(self, labels, span):  # noqa: ARG002
        return "calls fail at night on {}", labels(self.platforms)


# %% [markdown]
# ## A measure
#
# `value` computes a measure from the sums over users of a step; `lines` gives it a line in the
# report ([How to add a measure](../docs/howto_measure.md)).

# %%
from sim import Measure, register_measure

register_measure(
    Measure(
        "watched", "1", "attempts to talk that can succeed only where the state reads",
        channel="each",
        value=lambda sums: sums.mean("reachable") - sums.mean("secure"),
        lines={("any", "call"): "Watched calls"},
        form="percent",
    )
)  # fmt: skip

# %% [markdown]
# ## A rule
#
# A rule is a function of one user, called at the end of every step. Here victims of abuse remove
# all messengers with a hazard of `hazard` a day. It is compiled, and draws from an address of its
# own, so scenarios keep their common random numbers ([How to add a rule](../docs/howto_rule.md)).

# %%
from sim import register_rule
from sim.kernel.rng import uniform
from sim.rules.chance import happens


def quit_after_abuse(i, user, own, values, env, params, keys):  # noqa: ARG001
    """Remove all messengers of a victim with a hazard."""
    if user.victim and happens(uniform(keys[0], i), values.hazard * env.effects.days):
        user.installed = 0
        own.times += 1


quitting = register_rule(
    "quitting",
    quit_after_abuse,
    parameters={"hazard": 0.05},
    state=[("times", "u4")],
    draws=("quit",),
)

# %% [markdown]
# ## Run them
#
# Scenario `call_ban` with the ban at night in place of the ban around the clock, beside the worlds
# that it is compared with; measure and rule are in all of them.

# %%
size = ("population.n_users=2000", "replications=2", "dur_days=273")
night = NightBan(platforms=("whatsapp", "telegram"), hours=8, start=dt.date(2025, 8, 13))
config = load_config("+scenario=call_ban", *size).with_policies(call_restriction=night)
result = compare(config)

# %%
from sim import fact_table, facts

fact_table(facts(result))

# %% [markdown]
# The measure is in the table of effects, and the costs can be drawn as ever:

# %%
effects = result.effects
effects[(effects["measure"] == "watched") & (effects["group"] == "all")].tail(4)

# %%
from sim.plotting.runs import harms

harms(result.timeseries, ["call_ban", *config.compare_to])

# %% [markdown]
# ## Both engines
#
# Mesa's agents run the same function, one after another, with the same bits.

# %%
toy = (
    "+scenario=call_ban",
    "population.n_users=200",
    "replications=1",
    "dur_days=210",
    "step_days=14",
)
tables = [
    run(load_config(*toy, f"engine={engine}").with_policies(night=night)).timeseries
    for engine in ("compiled", "mesa")
]
print("the same values:", tables[0]["value"].equals(tables[1]["value"]))

# %% [markdown]
# What is registered stays so until the kernel ends, or until it is taken back:

# %%
from sim.measures.registry import unregister_measure
from sim.policies.registry import unregister_policy

unregister_policy("night_ban")
unregister_measure("watched")
quitting.unregister()

# %% [markdown]
# ## What may be concluded
#
# *May*: what a mechanism of your own would change, beside the costs for people, in a world in
# which all else is as shipped. *May not*: that it does so anywhere. The curfew and the hazard are
# invented; give yours a source, and compare its figures with a record
# ([notebook 7](07_your_own_case.ipynb)).
