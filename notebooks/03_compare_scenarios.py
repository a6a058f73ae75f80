# %% [markdown]
# # 3. Scenarios side by side
#
# A scenario is a world: a list of policies on dates. This notebook lists them, runs all of them
# in a very small society, and composes new ones.

# %%
# %matplotlib inline

# %%
from sim.commands.scenarios import dated, listed

print(listed(width=100))

# %% [markdown]
# What one of them does, by date:

# %%
print(dated("call_ban"))

# %% [markdown]
# ## All of them, adoption beside harms
#
# Each scenario is held against its own *counterfactual*, the first in its `compare_to`. This is
# the computation behind [docs/scenarios.md](../docs/scenarios.md), in a far smaller society and
# with fewer replications: look at signs and orders of size, not at decimals.

# %%
from IPython.display import Markdown

from experiments.scenario_effects import effect_table, level_table
from experiments.scenarios import run_all
from sim import load_config

small = ("population.n_users=1000", "replications=2")
worlds, effects, month = run_all(small)
labels = {name: platform.label for name, platform in load_config().platforms.items()}
print(f"{len(worlds)} worlds, means over {month:%B %Y}")

# %% [markdown]
# Levels, per cent (the columns are explained on that page):

# %%
Markdown("\n".join(level_table(worlds, labels)))

# %% [markdown]
# Effects against the counterfactual, points:

# %%
Markdown("\n".join(effect_table(effects, labels)))

# %% [markdown]
# ## A few of them over time
#
# Any scenario can be compared with any others: `compare_to` takes a list.

# %%
from sim import compare
from sim.plotting.runs import harms

config = load_config(
    "+scenario=full_block", "compare_to=[call_ban,vpn_crackdown,baseline]",
    "population.n_users=2000", "replications=4",
)  # fmt: skip
result = compare(config)
harms(result.timeseries, [config.scenario, *config.compare_to])

# %% [markdown]
# Reach in two of these worlds (solid: `full_block`; dashed: `call_ban`), with what was observed in
# the real world, which was neither:

# %%
from sim import figures

figures(result)["reach"]

# %% [markdown]
# ## Compose your own
#
# Worlds add up, and every policy in them can be changed or left out. Here help with VPNs is put
# on top of the full block, and the effect is taken against the block alone.

# %%
from sim import fact_table, facts

helped = load_config(
    "+scenario=[full_block,vpn_support]", "compare_to=[full_block]",
    "population.n_users=2000", "replications=4",
)  # fmt: skip
fact_table(facts(compare(helped)))

# %% [markdown]
# Other changes are further strings of this kind:
#
# ```
# "policies.call_restriction.grade=0.5"     half of the calls fail
# "~policies.max_egov"                      a policy left out
# "+policy=vpn_support"                     a policy added
# "dur_days=728"                            two years
# ```
#
# ## What may be concluded
#
# *May*: which worlds differ in what, and which of two policies hurts more in this model under the
# same assumptions. *May not*: rank policies by welfare alone, or read levels after the last
# observation as a forecast. There is no optimiser over what a regulator does, on purpose.
#
# Next: [sweeps and the phase diagram](04_sweep_and_phase_diagram.ipynb).
