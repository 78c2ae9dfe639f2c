# Everything a user or developer types. `make demo` and `make test` set up all they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
ROWS ?= 100000 1000000 10000000 20000000
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help setup system demo test lint types format bench lock up clean

help: ## Show what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

system: ## Install the system's packages (Pango for PDF; poppler, Chromium and PostgreSQL for the tests)
	@./scripts/system-packages pango

setup: system $(VENV)/.ready ## Make the virtual environment

$(VENV)/.ready: requirements.lock pyproject.toml
	@./scripts/virtual-environment $(PYTHON) $(VENV)
	@touch $@

demo: setup ## Close last month over all five providers against the built-in sandbox
	@$(BIN)/tallybook demo

test: setup ## Run all tests
	@./scripts/system-packages pango poppler chromium postgresql
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: setup ## ruff, import-linter and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/mypy

types: setup ## mypy alone
	@$(BIN)/mypy

format: setup ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup $(PEERS)/.ready ## Time a month of 100 thousand to 20 million rows, beside its peers; what Prefect adds; the pages
	@$(BIN)/python bench/run.py --rows $(ROWS) --peers $(PEERS)/bin/python --json bench/results.json
	@$(BIN)/python bench/overhead.py
	@$(BIN)/python bench/render.py --growth

$(PEERS)/.ready: bench/peers/requirements.txt
	@$(PYTHON) -m venv $(PEERS) && $(PEERS)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

lock: ## Resolve requirements.lock anew (names, versions, hashes)
	@./scripts/lock $(PYTHON)

up: setup ## Prefect server, worker, deployments and served reports on this machine
	@./scripts/up

clean: ## Remove what the targets above made
	rm -rf $(VENV) demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
