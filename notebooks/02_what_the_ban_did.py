# %% [markdown]
# # 2. What the ban did
#
# When calls fail and an app is pushed at the same time, which change is the work of the ban and
# which that of the push? A comparison of before and after cannot tell. A simulator can: it runs
# the same people with the same random numbers in a scenario with the push and without the ban, and
# takes the difference person by person.

# %%
# %matplotlib inline

# %%
from sim import compare, facts, figures, load_config

config = load_config("+scenario=call_ban", "population.n_users=4000", "replications=6")
result = compare(config)
found, drawn = facts(result), figures(result)

# %% [markdown]
# ## The effect, as a paired difference
#
# `call_ban` minus `mandate_only`: the push of Max is in both, so it cancels. Above: daily reach.
# Below: where the calls went.

# %%
comparison, *others = config.compare_to
drawn[f"effects_against_{comparison}"]

# %% [markdown]
# Against `baseline`, where nothing happens, the same figure shows the effect of ban and push
# together. Beware of the different scale. (Other scenarios may have one counterfactual only.)

# %%
drawn[f"effects_against_{others[-1] if others else comparison}"]

# %% [markdown]
# To open an app less often is not to leave it. Use tells more than reach: messages above, calls
# below, with the plain phone network included.

# %%
drawn["use"]

# %% [markdown]
# ## Who moved from where to where
#
# A person's primary platform is the messenger that carries most of what the person says; people
# who use none stand under cellular. Those who stay where they are, are drawn pale.

# %%
drawn["flows"]

# %% [markdown]
# ## What it cost
#
# Exposure, displaced calls, who is worse off and welfare in all worlds. Note where the line of
# the world with the ban leaves the others, and when.

# %%
drawn["harms"]

# %% [markdown]
# ## To whom
#
# The same by age: reach above, costs below. Ages differ in whom a mandate addresses, which
# contacts can be reached on which messenger, and how many have a smartphone at all; the rules are
# the same for all.

# %%
from sim.plotting.groups import by_group

by_group(result.timeseries, config.scenario, "age")

# %% [markdown]
# And the effect of the ban by group, in percentage points of daily reach, with the exposure that
# it adds:

# %%
found.groups.round(1)

# %% [markdown]
# The other side of the same question, user by user: `newly_exposed` are people whom the state can
# read in the world with the ban and could not in the world without it.

# %%
result.effects.query(
    "measure in ['newly_exposed', 'no_longer_exposed'] and group == 'all'"
).groupby(["counterfactual", "measure"], observed=True).tail(1)

# %% [markdown]
# ## What may be concluded
#
# *May*: within the model, what the ban adds to the push, for whom, and through which channel;
# differences are causal by construction, because nothing else differs. *May not*: that the sizes
# hold outside the model. The figures by age and region rest on assumptions about segments
# ([docs/model.md](../docs/model.md)), small groups are noisy, and a rise of welfare through a
# mandate is no case for the mandate: welfare counts what one can use, not what one was made to
# use.
#
# Next: [scenarios side by side](03_compare_scenarios.ipynb).
