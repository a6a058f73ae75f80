# %% [markdown]
# # 1. A first run
#
# In August 2025 Russia restricted calls in WhatsApp and Telegram, the two messengers that most
# people there used, and pushed one of its own, Max. Who moves, where to, and at what cost? This
# notebook builds a small synthetic society, lets the ban happen in it, and reads what came out.
# You need no more than this checkout and its environment ([how to open notebooks](README.md)).

# %%
# %matplotlib inline

# %% [markdown]
# ## Say what is to be run
#
# A configuration is composed from the files in `conf/`, exactly as on the command line: here the
# scenario `call_ban`, in a society small enough for a notebook. What cannot be run is refused at
# once, with the key, the value and what is allowed.

# %%
from sim import ConfigError, compare, load_config
from sim.report.descriptions import description

config = load_config("+scenario=call_ban", "population.n_users=2000", "replications=4")
print(config.case.title)
print(f"{config.population.n_users:,} users, {config.start} to {config.end}")
print(f"{config.n_steps} steps of {config.step_days:g} days")
print("messengers:", ", ".join(config.messengers))
print(f"{config.scenario}: {description(config.scenario)}")

try:
    load_config("+scenario=call_ban", "policies.call_restriction.grade=2")
except ConfigError as error:
    print(f"\nRefused: {error}")

# %% [markdown]
# ## Run it, beside what it is compared with
#
# `compare` runs the scenario and its *counterfactuals*: the same society with the same random
# numbers, without the ban (`mandate_only`), or with neither ban nor push (`baseline`). Each is run
# in several *replications*, which differ by chance alone.

# %%
result = compare(config)
print(result.timeseries["scenario"].unique().tolist())
result.timeseries.head()

# %% [markdown]
# All results are tidy tables with one row for each value. [docs/measures.md](../docs/measures.md)
# defines every measure. `result.effects` holds paired differences between the scenario and each
# counterfactual, `result.flows` who moved from which primary messenger to which.

# %%
result.effects.query("measure == 'dau' and group == 'all'").tail(5)

# %% [markdown]
# ## The answer, and what it costs
#
# The same three sentences stand on top of the report of every run: who moved, at what cost, how
# sure. They are written from the numbers of this run.

# %%
from sim import fact_table, facts

found = facts(result)
for sentence in found.answer:
    print(sentence, end="\n\n")

# %%
fact_table(found)

# %% [markdown]
# Adoption is never shown without *exposure* (what share of communication the state can read),
# what is *displaced*, who is *worse off* and *welfare* (what one can use, even if forced to).
#
# ## The same as figures

# %%
from sim import figures

drawn = figures(result)
drawn["reach"]

# %%
drawn["harms"]

# %% [markdown]
# ## What may be concluded
#
# *May*: how the mechanisms of the model play together in this scenario, in which direction, and
# how much of that is chance (the bands). *May not*: that this is what will happen, or how large an
# effect was in Russia. The society is synthetic, most parameters are priors that fit, and the
# bands hold no error of the model. The run says so itself:

# %%
from sim.report.summary import warnings

for line in warnings(result):
    print("-", line)

# %% [markdown]
# The same from a terminal, with tables, figures and a report in a folder of their own:
#
# ```
# python -m sim +scenario=call_ban population.n_users=2000 replications=4
# ```
#
# Next: [what the ban did](02_what_the_ban_did.ipynb), and to whom.
