# %% [markdown]
# # 5. Which parameters matter, and how much is chance
#
# The model has dozens of behavioural parameters, and most of them were never measured. Which of
# them move an outcome, which do not, and how much would differ anyway, by chance? Two stages give
# an answer: a screening of all parameters, and then shares of the variance for the few that
# matter.

# %%
# %matplotlib inline

# %% [markdown]
# ## Screening
#
# Morris' method walks through the space of parameters, one step in one parameter at a time, and
# looks at how far an outcome moves. Ranges are half to double the default where nothing better is
# known (`conf/design/behaviour_screening.yaml` says which, and why). A toy size here.

# %%
from experiments.base_study import take
from experiments.sensitivity import DESIGN, screening, second, strongest, titled, variances
from sim.sweeps.request import Request

toy = ["design.n=2", "design.replications=2", "design.overrides=['population.n_users=300']"]
request = Request.of([f"design={DESIGN}", *toy])
screened = take(request, "screening")
effects = screening(screened)
print(f"{len(screened.design.factors)} parameters, {len(screened.runs)} runs")

# %%
from sim.plotting.sweeps import screening as draw_screening

draw_screening(titled(effects))

# %% [markdown]
# Adoption stands beside exposure, displaced calls, no means and welfare: a parameter can be
# without effect on one of them and decide another.
#
# ## Variance shares, with chance apart
#
# The strongest few go into a second design (Saltelli), from which Sobol' indices follow: `S1`,
# what a parameter explains alone; `ST`, with all its interactions. Chance is the variance between
# replications of the same point.

# %%
kept = strongest(effects, 2)
print("kept:", ", ".join(kept))
indices = variances(take(second(request, kept, 8), "indices"))

# %%
from sim.plotting.sweeps import variances as draw_variances

draw_variances(titled(indices))

# %% [markdown]
# How wide are the intervals? Each index with half of its 95 % interval, and the share of chance:

# %%
indices.set_index(["outcome", "parameter"]).round(2)

# %% [markdown]
# ## What may be concluded
#
# *May*: which parameters are worth measuring before anything is said about an outcome, and which
# can rest at their defaults. *May not*: anything from an interval as wide as these; a toy has too
# few points, and the page made at full size ([docs/sensitivity.md](../docs/sensitivity.md)) says
# of itself where it has too few as well. Shares depend on the ranges: what has a wide range
# counts for much. None of it says which value is true.
#
# ```
# python -m experiments.sensitivity            full size, resumable, leaves a page
# ```
#
# Next: [calibration and validation](06_calibration_and_validation.ipynb).
