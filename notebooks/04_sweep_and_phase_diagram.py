# %% [markdown]
# # 4. Sweeps, and where society tips
#
# One run answers "what if calls fail to this degree and the mandate weighs that much". What if we
# do not know either number? Then we run a *design*: many points of a space of parameters, each in
# several replications. This notebook runs two: a small grid, and a phase diagram.

# %%
# %matplotlib inline

# %% [markdown]
# ## A design is a file
#
# Designs stand in `conf/design`; anything in them can be set in the request. Every run is checked
# before the first one starts, and all of it is kept in a folder: what is missing or failed can be
# done later (`python -m sim.resume FOLDER`).

# %%
from experiments.base_study import take
from sim.config.conf import CONF
from sim.sweeps.request import Request

print((CONF / "design/grade_and_push.yaml").read_text())

request = Request.of(
    [
        "design=grade_and_push",
        "design.overrides=['population.n_users=500']",
        "design.replications=2",
    ]
)
sweep = take(request, "grade_and_push")
print(f"{len(sweep.runs)} runs in {sweep.path}")

# %% [markdown]
# `collect` joins its outcomes to tables with the parameters as columns, and gives a hash by which
# the same sweep is known again, wherever it was run.

# %%
import pandas as pd

from sim import collect

collection = collect(sweep.path)
print(collection.runs["status"].value_counts().to_dict(), "hash", collection.digest)
summary = pd.read_parquet(collection.folder / "summary.parquet")
summary.query("measure == 'exposure' and channel == 'any'").tail(3)

# %% [markdown]
# The same in one row for each run, for its last whole month: adoption beside what it costs.

# %%
from experiments.run_outcomes import OUTCOMES, by_run

table = by_run(sweep)
x, y = sweep.design.factors
print({outcome.name: f"{outcome.label} [{outcome.unit}]" for outcome in OUTCOMES})
table.groupby([y, x])[[outcome.name for outcome in OUTCOMES]].mean().round(2)

# %% [markdown]
# ## Where society tips
#
# The phase diagram asks over two parameters: how hard both messengers are restricted, and what a
# mandate weighs. Each point is reached in two ways: *from below*, the restriction holding from
# its first day, and *from above*, after a year in which both were blocked. If the two ways end in
# different places, society remembers.

# %%
from experiments.hysteresis import lowered, memory, outcomes
from experiments.phase_diagram import draw, request, small

grid = take(small(request([]), n_levels=4), "phase_diagram")
found = outcomes(grid)
print(f"{len(grid.runs)} runs; from above: the restriction is lowered on {lowered(grid):%d %B %Y}")
draw(grid, found)

# %% [markdown]
# The first map is what tips: the share of people who talk mostly where the state reads. Beside it
# stand exposure, displaced calls, no means and welfare at the same points, and how far the
# two ways are apart. White lines: where half have tipped, from below and from above.
#
# How long is it remembered?

# %%
memory(grid).round(3)

# %% [markdown]
# ## What may be concluded
#
# *May*: over which ranges the model hardly changes and over which it tips, and that the way back
# is longer than the way there, if the last map and the table say so. *May not*: that Russia is at
# a point of this map; nor anything finer than the steps of the grid, which is a toy here. The real
# one, with more points, users and replications, is `python -m experiments.phase_diagram`
# ([docs/phase_diagram.md](../docs/phase_diagram.md)); designs, executors and clusters are in
# [docs/sweeps.md](../docs/sweeps.md).
#
# Next: [which parameters matter](05_sensitivity.ipynb).
