# Everything a person types. Needs Python >= 3.11 with venv, git and make; the rest is installed below this folder.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
RECORDINGS := data/storefront/recordings
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input
PYTEST := EFFNB_MODE=report $(BIN)/python -m pytest -q
# Two at a time, whatever the machine has: some tests measure, and a busy machine measures badly.
SIDE_BY_SIDE := --numprocesses 2 --dist loadfile
# Apart, in .venv-bench: otava keeps numpy and dateutil below what effnb needs.
COMPARED := changeforest==1.2.1 skchange==0.18.0 apache-otava==0.8.0
NBVAL := --nbval-lax --nbval-current-env --nbval-sanitize-with tests/sanitize.cfg
# The notebooks lie beside the demo workspace, not in it.
IN_DEMO := EFFNB_WORKSPACE=$(abspath $(DEMO))
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

.PHONY: help demo test check format lint types layers lab wheel record reference bench-deps constraints install system clean
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: install system ## set everything up, run the whole story, say where the report lies
	@$(BIN)/effnb demo --fixes $(DEMO)
	@for report in $(DEMO)/reports/*.html; do echo "report: $$report"; done
	@echo "the notebooks: make lab"

test: install system lint types $(if $(NOTEBOOKS),$(DEMO)/effnb.toml) ## lint, types, all tests, notebooks, browser
	@$(if $(NOTEBOOKS),$(IN_DEMO)) $(PYTEST) $(SIDE_BY_SIDE) tests $(if $(NOTEBOOKS),$(NBVAL) notebooks)

check: install lint types layers ## what to run before a commit: lint, types, layers, quick tests
	@$(PYTEST) $(SIDE_BY_SIDE) -m "not slow and not browser and not server" tests

format: install ## rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: install
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted: run make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .

types: install
	@$(BIN)/mypy --no-error-summary

layers: install
	@$(PYTEST) tests/test_layers.py

lab: install $(DEMO)/effnb.toml ## open JupyterLab on the notebooks
	@$(IN_DEMO) $(BIN)/jupyter lab $$([ "$$(id -u)" = 0 ] && echo --allow-root) --ip=127.0.0.1 notebooks/00_start_here.ipynb

wheel: install ## build dist/effnb-*.whl
	@rm -rf dist
	@$(BIN)/python -m build --wheel --outdir dist >/dev/null
	@ls dist/*.whl

record: install ## make the shipped recordings again with the real profiler; FORCE=1 all of them
	@$(BIN)/python tools/record_storefront.py $(RECORDINGS) $(if $(FORCE),--force)

bench-deps: ## install what benchmarks compare against, apart from the rest
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install -qq --disable-pip-version-check --no-input $(COMPARED)

reference: install ## write docs/reference.md from the code
	@$(BIN)/python tools/reference.py

constraints: install ## write constraints.txt from what is installed and tested
	@$(BIN)/python tools/pin.py > constraints.tmp && mv constraints.tmp constraints.txt

install: $(VENV)/.installed ## make .venv

system: $(VENV)/.system

clean: ## remove all that was made here, the demo workspace included
	rm -rf $(VENV) .venv-bench $(DEMO) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis constraints.tmp
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "effnb needs Python 3.11 or newer with the venv module; name it: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh tools/system_packages.sh python3-venv
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV)" >&2
	@$(PIP) -c constraints.txt -e '.[dev]'
	@touch $@

# Tried once: what cannot be had here is skipped by the tests that need it, with the reason.
$(VENV)/.system: tools/system_packages.sh | $(VENV)/.installed
	@sh tools/system_packages.sh chromium bubblewrap prometheus
	@touch $@

$(DEMO)/effnb.toml: | $(VENV)/.installed
	@$(BIN)/effnb demo $(DEMO) >&2
