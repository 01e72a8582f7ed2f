# Everything one does with this repository. `make help` lists it; only python3 (3.11 or later) and make are assumed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PIP := pip==26.3
BIN := .venv/bin
ARGS ?=
PORT ?= 8000
STATE ?=
WORKERS ?= 2
SOURCES := functions local tests
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

export PORT STATE
export SAM_CLI_TELEMETRY := 0
# Nothing here may reach an account: the tools that ask for a region get one, and no credentials.
export AWS_DEFAULT_REGION := ap-southeast-1
export AWS_EC2_METADATA_DISABLED := true

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.PHONY: setup
setup: .venv/.installed ## Make .venv with every tool (the other commands do it by themselves)

# Again only when what is asked for has changed; a half-made environment counts as none.
.venv/.installed: pyproject.toml functions/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(PIP)'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c functions/constraints.txt --group dev
	@touch $@

.PHONY: run
run: setup ## Start the local cloud and play two requests (ARGS=--once | --serve, PORT=8000, STATE=folder)
	@$(BIN)/python -m local $(ARGS)

.PHONY: test
test: setup ## Run every test that needs no account (ARGS= for pytest)
	$(PYTEST) $(ARGS)

.PHONY: check
check: setup format lint types templates ## What CI runs: format, lint, types, templates, tests
	$(PYTEST)

.PHONY: format
format: setup ## Check the format
	$(BIN)/ruff format --check $(SOURCES)

.PHONY: lint
lint: setup ## Check the code for mistakes
	$(BIN)/ruff check $(SOURCES)

LOCALE := functions/rights/notices/locale

.PHONY: catalogues
catalogues: setup ## Collect the texts for people, then compile what is translated in the .po files
	$(BIN)/pybabel -q extract -F $(LOCALE)/babel.cfg -k 'say:2 N_ t' --omit-header --no-location --sort-output -o .venv/rights.pot functions
	$(BIN)/pybabel -q update --omit-header --no-wrap --ignore-obsolete -D rights -i .venv/rights.pot -d $(LOCALE)
	$(BIN)/pybabel -q compile -f -D rights -d $(LOCALE)

.PHONY: graph
graph: setup ## Write the graph of the state machine that the console draws
	$(BIN)/python -m local.machine_graph

.PHONY: verify
verify: setup ## Check a certificate offline (ARGS="certificate.jws --keys jwks.json [--package ..] [--events ..] [--digests ..]")
	@$(BIN)/python -m local.verify $(ARGS)

.PHONY: types
types: setup ## Check the types
	$(BIN)/mypy $(SOURCES)

.PHONY: templates
templates: setup ## Check the template as sam reads it; the tests lint it, the mall's and the state machines
	$(BIN)/sam validate --template template.yaml --region $(AWS_DEFAULT_REGION)

.PHONY: fmt
fmt: setup ## Format the code and repair what can be repaired by itself
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

.PHONY: datamap-check
datamap-check: setup ## Compare the data map with the real stores: a local cloud's, or with ARGS=--aws those you have access to
	@PYTHONPATH=functions $(BIN)/python -m local.datamap check $(ARGS)

.PHONY: datamap-build
datamap-build: setup ## Make the connectors' parameters and the roles of the stores from the data map, in build/datamap
	@PYTHONPATH=functions $(BIN)/python -m local.datamap build $(ARGS)

.PHONY: bench
bench: setup ## Run the benchmarks, or those named by ARGS= (`postgres lake`); all of them write docs/bench.md
	PYTHONPATH=functions $(BIN)/python -m local.bench $(if $(ARGS),$(ARGS),--write docs/bench.md)

.PHONY: costs
costs: setup ## Count what a request does in the local cloud, and write docs/costs.md (ARGS=--render: the page alone)
	PYTHONPATH=functions $(BIN)/python -m local.costs $(ARGS)

.PHONY: openapi
openapi: setup ## Describe all doors anew: functions/public_api/openapi.json and docs/api.md
	@PYTHONPATH=functions $(BIN)/python -m local.openapi

.PHONY: build
build: setup ## Build what is deployed, with sam
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build

.PHONY: clean
clean: ## Remove what was built; .venv and state folders stay
	rm -rf .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
