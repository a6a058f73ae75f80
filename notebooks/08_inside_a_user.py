# %% [markdown]
# # 8. Inside a user
#
# All curves of this simulator are sums over people. Here we look at one: whom it talks to, what
# it believes, and what it does, week by week, while calls fail, an app is pushed and news break
# that the state reads it. Every user is a [Mesa](https://mesa.readthedocs.io) agent.

# %%
# %matplotlib inline

# %%
from sim import MigrationModel, load_config
from sim.commands.scenarios import dated
from sim.report.descriptions import description

config = load_config("+scenario=trust_shock", "population.n_users=300", "engine=mesa")
model = MigrationModel(config)
print(description(config.scenario))
print(dated(config.scenario))

# %% [markdown]
# With `engine=mesa` one agent steps after another, and what each does stays readable. The default
# engine runs the same rules compiled, over all users at once, and gives the same bits.
#
# ## Pick somebody
#
# Here somebody who mistrusts the state, uses Telegram and has many contacts. Change the condition
# to follow somebody else.

# %%
wary = model.agents.select(lambda u: u.type == "state_averse" and "telegram" in u.messengers)
user = max(wary, key=lambda u: len(u.contacts))
who = f"user {user.row}, aged {user.age_band}, {user.region}, {user.type.replace('_', ' ')}"
print(f"{len(wary)} such users of {len(model.agents)}")
print(who)
print("has", ", ".join(user.messengers), "and", len(user.contacts), "contacts")
print("used to", {name: round(habit, 2) for name, habit in user.habits.items()})
print("believes that the state reads", {n: round(b, 2) for n, b in user.beliefs.items()})

# %% [markdown]
# Contacts stand closest first: households, then kin, work or school, circles, acquaintances.

# %%
for contact in user.contacts[:8]:
    print(f"user {contact.row}, {contact.age_band}, {contact.region}:", *contact.messengers)

# %% [markdown]
# ## A year in its life
#
# `trace_user` lets *all* users take their steps and writes down what happens to this one. A model
# ends with its run, so the year gets a model of its own: the cell can be run again, and the people
# above stay as they were at the start.

# %%
from sim.exports.user_trace import trace_user

year = MigrationModel(config)
trace = trace_user(year, year.users[user.row], config.n_steps)
trace.days.set_index("date").iloc[::8].round(2)

# %%
import pandas as pd

from sim.plotting.user_trace import user_trace as draw

ban = pd.Timestamp(config.policies["call_restriction"].start)
draw(trace.days, trace.platforms, who, ban, f"calls are restricted from {ban:%d %B %Y}")

# %% [markdown]
# Read it in this order. *Calls*: what takes the place of calls that fail. *Contacts who have it*:
# what others install decides what one can use. *Has it*: an outlined bar means that an institution
# demanded the app. *Believes*: what news, contacts and time do to a belief. *Whom it can reach*:
# the cost, and whether contact that the state cannot read comes back.
#
# The choices in the last step, in full (shares of this user's messages and calls):

# %%
trace.platforms.set_index(["date", "platform"]).tail(len(config.platforms)).round(2)

# %% [markdown]
# ## The same person in another world
#
# Random numbers are addressed, not drawn from a sequence: in the counterfactual the same user
# meets the same coin tosses, so any difference is the scenario's doing. Here: without the leak.

# %%
comparison = config.compare_to[0]
other = MigrationModel(config.counterfactual(comparison))
counterfactual = trace_user(other, other.users[user.row], config.n_steps)
both = trace.days.merge(counterfactual.days, on="date", suffixes=("", f" ({comparison})"))
shown = [f"{name}{end}" for name in ("primary", "exposed") for end in ("", f" ({comparison})")]
both[["date", *shown]].iloc[::8]

# %% [markdown]
# ## What may be concluded
#
# *May*: how the rules lead from what a person sees to what it does; it is the best place to find
# out that a rule is wrong. *May not*: anything about people. One user is an anecdote, of a
# synthetic society at that; totals come from many users and many replications ([notebook
# 2](02_what_the_ban_did.ipynb)). How to replace a rule by your own Python stands in
# [docs/howto_agents.md](../docs/howto_agents.md).
