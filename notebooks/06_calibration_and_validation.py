# %% [markdown]
# # 6. Calibration and validation: is it true?
#
# A model that fits is not yet a model that is right. Here: how parameters are fitted to what was
# observed until a date, what the data could tell of them, and how the fit does on months that it
# never saw.

# %%
# %matplotlib inline

# %% [markdown]
# ## What was observed
#
# Every figure is a row with its measurer, its grade and its error. What is only shown (claims of
# companies, other bases) is never fitted.

# %%
from sim import load_config, observations, run

config = load_config("+scenario=as_happened", "population.n_users=2000", "replications=12")
observed = observations(config)
print(observed.groupby(["use", "quality"]).size().to_string())
observed[["date", "platform", "operator", "value", "sigma", "measurer", "use"]].head()

# %% [markdown]
# ## How a posterior is made
#
# A wave of simulations fills the prior, history matching rules out what cannot be, and emulators
# close in on the rest. All simulations are sweeps, which can be resumed. What follows is a toy
# that shows how it works; it has far too few points to learn from.

# %%
import tempfile
from pathlib import Path

import pandas as pd

from experiments import calibrate

folder = Path(tempfile.mkdtemp()) / "calibration"
calibrate.main(["case=russia_2025", "until=2025-12-31", f"folder={folder}", "--quick"])
pd.read_csv(folder / "generations.csv").round(2)

# %% [markdown]
# ## The posterior that ships
#
# What ships is the fit to all cases ([docs/transport.md](../docs/transport.md)), with draws for
# each.
# Where did those of Russia end up, compared with the prior (dashed)?

# %%
from experiments.identify import contraction, trade_offs
from experiments.shipped import Shipped
from sim.plotting.posterior import contraction as draw_contraction

shipped = Shipped("russia_2025")
draw_contraction(*shipped.over_prior())

# %%
contraction(shipped.prior.names, shipped.scores).set_index("parameter").round(2)

# %% [markdown]
# *Told* says whether the data narrowed a parameter or the prior was left as it was. Reach alone
# cannot tell most behavioural parameters apart; two that trade off against each other are known
# only together:

# %%
trade_offs(shipped.prior.names, shipped.scores).round(2)

# %% [markdown]
# ## What it says of the months it saw, and of those it did not
#
# With `parameters=posterior` each replication runs with one of the draws. Bands then hold the
# error of the fitted parameters and chance, not that of the model.

# %%
from sim import figures

posterior = load_config(
    "+scenario=as_happened", "parameters=posterior", "compare_to=[]",
    "population.n_users=2000", "replications=12",
)  # fmt: skip
fitted = run(posterior)
drawn = figures(fitted)
drawn["reach"]

# %% [markdown]
# Errors, separately for months that were fitted and months held out. `points`: root mean square
# error in percentage points; `sigmas`: in standard deviations of the source.

# %%
from sim import residuals, score

until = pd.Timestamp("2025-12-31")
table = residuals(fitted.timeseries, observed[observed["use"] == "fit"])
pd.concat(
    {
        "until then": score(table[table["date"] <= until]),
        "held out": score(table[table["date"] > until]),
    }
).round(1)

# %% [markdown]
# And what the fitted world costs, which no observed figure checks:

# %%
drawn["harms"]

# %% [markdown]
# ## What may be concluded
#
# *May*: that a fit to these figures is possible, which parameters the data speak of, and how far
# off the model is on months held out. *May not*: that the mechanisms are right because reach
# fits. Naive forecasts that know reach alone are hard to beat and in part are not beaten
# ([docs/validation.md](../docs/validation.md) begins with what is missed), and some defaults were
# tuned with later months in sight.
#
# Next: [your own case](07_your_own_case.ipynb).
