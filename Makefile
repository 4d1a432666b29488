.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CODE := app dev sandbox tests migrations bench tools serve.py wsgi.py
# Compiled once, beside the libraries: every process of a run starts half a second earlier.
export PYTHONDONTWRITEBYTECODE =
export PYTHONPYCACHEPREFIX = $(CURDIR)/$(VENV)/compiled

.PHONY: help setup run test check format lint lock bench bench-admin chaos faults upgrade fuzz screenshots lighthouse translations a11y audit secrets-baseline papers scaling tour load
CHECKOUTS ?= 10000
REQUESTS ?= 20000

help: ## List every target
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Make the virtual environment in .venv (done by every other target)

$(READY): requirements-dev.txt dev/setup.sh
	@PYTHON="$(PYTHON)" bash dev/setup.sh "$(VENV)"

run: $(READY) ## Serve the demo shop on http://127.0.0.1:8000 (PORT changes it)
	@exec $(BIN)/python -m dev

test: $(READY) ## Run the whole suite against real servers
	@$(BIN)/python -m pytest tests -n 2 --dist loadfile --no-loadscope-reorder

lint: $(READY) ## Formatting, lint, types, import rules, templates, translations, security, papers
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates sandbox --lint --quiet
	$(BIN)/python -m tools.translations check
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive app dev migrations sandbox tools wsgi.py
	$(BIN)/python -m tools.secret_scan check
	$(BIN)/python -m tools.limits
	$(BIN)/python -m tools.packages check
	$(BIN)/python -m tools.papers check

check: lint test ## What CI runs: lint, then the whole suite

format: $(READY) ## Format the code
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

audit: $(READY) ## Ask whether a pinned library has a known fault (needs the network)
	@$(BIN)/python -m tools.audit

secrets-baseline: $(READY) ## Take the keys that are in files now for known ones of tests and demos
	@$(BIN)/python -m tools.secret_scan accept

bench: $(READY) ## Measure pages, as ratios in one run, into docs/benchmarks.md (needs wrk)
	@$(BIN)/python -m bench $(if $(SIZES),--sizes $(SIZES))

bench-admin: $(READY) ## How long the pages of the panel take with 100 000 orders (docs/benchmarks-admin.md)
	@$(BIN)/python -m bench.admin

load: $(READY) ## A flash sale of 2 000 shoppers and a soak of 20 minutes, into docs/load.md
	@$(BIN)/python -m bench.under_load

scaling: $(READY) ## What an order costs and what breaks first, into docs/scaling.md (MEASURE=30 measures again)
	@$(BIN)/python -m bench.scaling $(if $(MEASURE),--measure $(MEASURE))

chaos: $(READY) ## The long payment-fault campaign (CHECKOUTS=10000, SEED=…)
	@$(BIN)/python -m tests.chaos --checkouts $(CHECKOUTS) $(if $(SEED),--seed $(SEED))

faults: $(READY) ## Break one server after the other under load, into docs/faults.md (ONLY="redis clock", SEED=…)
	@$(BIN)/python -m tests.faults $(if $(ONLY),--only $(ONLY)) $(if $(SEED),--seed $(SEED))

upgrade: $(READY) ## Replace an old version by this one under load, into docs/upgrade.md (OLD=git revision, SEED=…)
	@$(BIN)/python -m tests.rolling $(if $(OLD),--old $(OLD)) $(if $(SEED),--seed $(SEED))

fuzz: $(READY) ## Ask every address with grown input (REQUESTS=20000, SEED=…), into docs/fuzzing.md
	@$(BIN)/python -m tests.fuzz --requests $(REQUESTS) $(if $(SEED),--seed $(SEED))

a11y: $(READY) ## Judge every page and state with axe-core: desktop, phone, dark, narrow, wide text
	@A11Y=all $(BIN)/python -m pytest tests/browser/test_accessibility.py -n 2

screenshots: $(READY) ## Photograph every page of the running shop into var/screenshots
	@$(BIN)/python -m tools.screenshots

tour: $(READY) ## Walk the tour of docs/tour.md in a fresh demo shop, and photograph it
	@$(BIN)/python -m tools.tour

lighthouse: $(READY) ## Lighthouse on the running shop, as a phone (RUNS=3; needs Node.js)
	@$(BIN)/python -m tools.lighthouse

translations: $(READY) ## Bring the translators' catalogs in line with the texts of the shop
	@$(BIN)/python -m tools.translations update

papers: $(READY) ## Draw anew what docs/ draws of the code
	@$(BIN)/python -m tools.packages update
	@$(BIN)/python -m tools.papers update

lock: ## Pin every requirement with its hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --prerelease=if-necessary-or-explicit \
		requirements-dev.in -o requirements-dev.txt
