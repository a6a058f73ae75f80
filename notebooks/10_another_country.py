# %% [markdown]
# # 10. Another country
#
# In January 2021 WhatsApp announced new terms, and Turkey looked elsewhere: to Telegram, and to
# BiP, to which offices of the state moved. Nothing was blocked. The behaviour is the same as in
# Russia in 2025; only the country, its messengers and the events are others. Does it do as well?

# %%
# %matplotlib inline

# %% [markdown]
# ## Choose a case
#
# Eighteen cases are shipped in `cases/`, each a folder of files with its sources
# ([docs/cases.md](../docs/cases.md) scores them all). `case_dir` chooses one; its scenario is what
# happened there.

# %%
from pathlib import Path

from sim import compare, load_config
from sim.report.descriptions import description

case = ("case_dir=turkey_whatsapp_2021", "+scenario=turkey_whatsapp_2021")
config = load_config(*case, "population.n_users=2000", "replications=4")
print(config.case.title)
print("messengers:", ", ".join(config.messengers))
print(description(config.scenario, Path(config.case.folder)))

# %%
for name, policy in config.policies.items():
    print(f"{name}: {policy.kind}, {policy.start} to {policy.stop}")

# %% [markdown]
# ## Run it with the behaviour that all cases taught
#
# `parameters=posterior` draws a set of parameters for each replication from the fit to all cases
# ([docs/transport.md](../docs/transport.md)), so the bands hold chance and what the records leave
# open.

# %%
from sim import fact_table, facts, figures

result = compare(load_config(*case, "population.n_users=2000", "replications=8",
                             "parameters=posterior"))  # fmt: skip
found = facts(result)
for sentence in found.answer:
    print(sentence, end="\n\n")

# %%
fact_table(found)

# %%
drawn = figures(result)
drawn["reach"]

# %%
drawn["harms"]

# %% [markdown]
# ## Hold it against what was observed
#
# Each figure of the record beside the median of the model, with the error in points and in
# standard deviations of the source. A figure further off than three of them is missed.

# %%
from sim import observations, residuals

timeseries = result.timeseries
here = timeseries[timeseries["scenario"] == config.scenario]
misses = residuals(here, observations(config)).dropna(subset="median")
shown = ["date", "platform", "operator", "value", "median", "low", "high", "error_points"]
misses[shown].set_index("date").round(2)

# %% [markdown]
# ## Ask what would have happened otherwise
#
# Without BiP: nobody names it, and the state's offices stay where they are.

# %%
without = compare(load_config(*case, "population.n_users=2000", "replications=8",
                              "parameters=posterior", "~policies.bip_named"))  # fmt: skip
for name, one in (("as it happened", result), ("BiP not named", without)):
    print(f"{name}: {facts(one).answer[0]}")

# %% [markdown]
# ## What may be concluded
#
# *May*: how far a behaviour that was learnt from many events carries in a country that had little
# part in it, figure by figure, misses included. *May not*: that a country without a record is
# predicted as well as this one. The shocks and rates of these policies are assumptions that the
# files name; a case of your own has to state its own ([notebook 7](07_your_own_case.ipynb)).
