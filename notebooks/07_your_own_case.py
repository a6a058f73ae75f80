# %% [markdown]
# # 7. Your own case
#
# Another country, another year: a case is a folder of files, without code. This notebook copies
# one, breaks it, mends it, and holds a run against its own observations.

# %%
# %matplotlib inline

# %% [markdown]
# ## Start from one that works

# %%
import shutil
import tempfile
from pathlib import Path

from sim.commands.case import problems, summary
from sim.config.case_dir import case_folder

mine = Path(tempfile.mkdtemp()) / "mine"
shutil.copytree(case_folder("russia_telegram_2018"), mine)
print(*sorted(path.relative_to(mine) for path in mine.rglob("*.*")), sep="\n")
print(summary(str(mine)))

# %% [markdown]
# Population, platforms, start shares and policies are YAML; what was observed is a table. Its
# columns, operators and grades are explained in [docs/howto_case.md](../docs/howto_case.md).

# %%
print((mine / "conf/case/russia_telegram_2018.yaml").read_text())

# %% [markdown]
# ## Make a mistake
#
# A checker reads the folder and says which line of which file is wrong, and what is allowed. Here
# a figure on a messenger that does not exist:

# %%
table = mine / "data/observations.csv"
good = table.read_text()
header, first, *rest = good.splitlines()
print(header, first, sep="\n")

cells = dict(zip(header.split(","), first.split(","), strict=False))
table.write_text(good.replace(f",{cells['platform']},", ",wahtsapp,", 1))
print(*problems(str(mine)), sep="\n")
table.write_text(good)
print(*problems(str(mine)), "Mended.", sep="\n")

# %% [markdown]
# ## Run it
#
# `case_dir` goes wherever overrides go: in Python, on the command line, in designs of sweeps. The
# case names the world in which everything happens that is known to have happened; here it is
# compared with one in which nothing does.

# %%
from sim import compare, fact_table, facts, figures, load_config

happened = load_config(f"case_dir={mine}").case.happened
config = load_config(
    f"case_dir={mine}", f"+scenario={happened}", "compare_to=[baseline]",
    "population.n_users=2000", "replications=4",
)  # fmt: skip
result = compare(config)
drawn = figures(result)
fact_table(facts(result))

# %%
drawn["reach"]

# %%
drawn["harms"]

# %% [markdown]
# ## Hold it against what was observed
#
# `residuals` reads every observed figure off the run as its source would have measured it. First
# what a score of this case rests on:

# %%
from sim import observations, residuals, score

print(config.case.caveat)
timeseries = result.timeseries
here = timeseries[timeseries["scenario"] == happened]
misses = residuals(here, observations(config)).dropna(subset="median")
shown = ["date", "platform", "operator", "value", "median", "error_points", "standardised", "use"]
misses[shown].set_index("date").round(2)

# %%
score(misses).round(1)

# %% [markdown]
# ## What may be concluded
#
# *May*: whether the same rules, with the start of another country, go in the direction that
# country went. The cases that ship were not used to tune the model, and it misses a good part of
# what happened in them ([docs/cases.md](../docs/cases.md)). *May not*: that a case which scores
# well is understood; most cases have few figures, and of low grades.
#
# Next: [inside a user](08_inside_a_user.ipynb).
