# Two commands are enough: `make run` and `make test`. Both set up .venv on their first use.
.DEFAULT_GOAL := help
.PHONY: help run app test first_fast first_all lint typecheck compiled compiled_tiles interpreted fast all docs bench studies notebooks lock clean
PYTHON := .venv/bin/python
SCENARIO ?= call_ban
ARGS ?=
TESTS ?= fast
# Tests start hundreds of processes: what Python compiles for one is kept for the next.
unexport PYTHONDONTWRITEBYTECODE

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: .venv/ready  ## run the main job with fitted parameters: SCENARIO=call_ban ARGS="seed=2"
	$(PYTHON) -m sim +scenario=$(SCENARIO) parameters=posterior $(ARGS)

app: .venv/all  ## the live app in a browser: ARGS="population.n_users=2000 --port 8080"
	$(PYTHON) -m sim.app $(ARGS)

test: .venv/all  ## what must pass, in minutes; TESTS=all: a quarter of an hour
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target first_$(TESTS)
	@$(MAKE) --no-print-directory $(TESTS)

# the compiler has one core, and what needs no compiled rules the other
first_fast: compiled lint typecheck
first_all: compiled lint typecheck interpreted compiled_tiles

lint: .venv/all  ## ruff: rules and format
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

typecheck: .venv/all  ## mypy, strict
	$(PYTHON) -m mypy

compiled: .venv/all  ## have the rules compiled, so that not every process of the tests does so
	$(PYTHON) -m pytest -n 0 "tests/engine/test_engines.py::test_both_engines_give_the_same_bits_on_other_graphs[watts_strogatz]"

compiled_tiles: compiled  ## the same for runs of two tiles, which slow tests take
	$(PYTHON) -m pytest -n 0 -m slow tests/engine/test_tiles_runs.py

interpreted: .venv/all  ## the rules interpreted, so that coverage sees their lines
	rm -f .coverage .coverage.*
	NUMBA_DISABLE_JIT=1 $(PYTHON) -m pytest -n 0 -m "interpreted and not slow" --cov --cov-report= tests

fast: .venv/all  ## the tests but for the slow ones
	$(PYTHON) -m pytest -n 2 --dist worksteal tests

all: .venv/all  ## all tests, after `interpreted`, whose coverage they add to
	$(PYTHON) -m pytest -n 3 --dist worksteal -m "" --cov --cov-append --cov-report= tests
	$(PYTHON) -m coverage report --skip-covered --fail-under=90

docs: .venv/all  ## the site of the docs, to outputs/site
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build

bench: .venv/all  ## speed beside other simulators (half an hour), to docs/performance.md: ARGS=--quick
	@test -e .venv-bench/ready || { rm -rf .venv-bench && $(PYTHON) -m venv .venv-bench \
	  && .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    --only-binary :all: --require-hashes -r experiments/bench/requirements.txt \
	  && touch .venv-bench/ready; } || echo "bench: other simulators could not be installed" >&2
	$(PYTHON) -m experiments.bench $(ARGS)

studies: .venv/all  ## draw the pages of the docs anew that are out of date; says how long first: ARGS=--status
	$(PYTHON) -m experiments.studies $(ARGS)

notebooks: .venv/all  ## execute the notebooks to outputs/notebooks: ARGS=01_first_run
	$(PYTHON) -m experiments.notebooks $(ARGS)

LOCK := uv pip compile --universal --python-version 3.12 --generate-hashes --no-emit-index-url \
  --no-header --no-annotate
lock: .venv/ready  ## pin and hash the requirements anew (needs uv)
	$(LOCK) pyproject.toml --extra build -o requirements.txt
	$(LOCK) pyproject.toml --all-extras -c requirements.txt -o requirements-all.txt
	$(LOCK) --override experiments/bench/overrides.txt experiments/bench/requirements.in \
	  -o experiments/bench/requirements.txt

.venv/ready: requirements.txt pyproject.toml
	@sh .ci/venv
	@touch $@

.venv/all: .venv/ready requirements-all.txt
	@echo "Setting up what tests, studies, the app, notebooks and docs need (once, a minute)" >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements-all.txt
	@touch $@

clean:  ## remove the virtual environment and caches
	rm -rf .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .coverage .coverage.*
