# Kumun. `make` alone says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
BIN := .venv/bin
T ?=

.PHONY: help
help: ## This list
	@echo "Kumun:"; grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'
	@echo "PORT, SIM_PORT and KUMUN_VAR move the ports and the data folder."

.PHONY: setup setup-dev setup-tests
setup: ## The virtual environment, up to date
	@$(PYTHON) outils/preparer.py
setup-dev:
	@$(PYTHON) outils/preparer.py --developpement
setup-tests:
	@$(PYTHON) outils/preparer.py --tests

.PHONY: run worker migrate seed doctor
run: setup ## The whole portal with demonstration communes; Ctrl-C stops it
	@exec $(BIN)/python -m outils.lancer --avec-parent
worker: setup ## One more worker (jobs, outbox, clocks)
	@exec $(BIN)/python -m app.worker
migrate: setup ## Bring the database to the latest migration
	@$(BIN)/python -m app.cli migrer
seed: setup ## Load the demonstration communes if there are none
	@$(BIN)/python -m app.cli demo charger --si-vide
doctor: setup ## Say what is missing or wrong
	@$(BIN)/python -m app.cli docteur

.PHONY: test lint format check bench
test: setup-tests ## Every test, browser ones included; T="tests/paiements -x" for some
	@$(BIN)/pytest -n 2 --dist loadgroup $(T)
lint: setup-dev ## Style, types, imports, templates, house rules
	@bash outils/lint.sh
format: setup-dev ## Rewrite Python and templates in the house format
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format .
check: lint test ## What the continuous integration runs
bench: setup-dev ## Measure, and write benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks

.PHONY: messages captures lock vendor clean
messages: setup-dev ## Bring the Breton and English catalogues up to date
	@$(BIN)/python -m outils.langues
captures: setup-tests ## Take the documentation's pictures again (docs/images)
	@$(BIN)/python -m outils.captures
lock: ## Recompute requirements/*.txt (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed: pip install uv" >&2; exit 1; }
	@for name in run test amorce serveurs-s3; do \
	  if [ -f requirements/$$name.in ]; then \
	    uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt; fi; done
	@npm install --package-lock-only --ignore-scripts
vendor: setup-dev ## Fetch again what static/vendor holds
	@$(BIN)/python -m outils.vendor
clean: ## Remove what can be made again; never the data folder
	@rm -rf .venv .outils node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
