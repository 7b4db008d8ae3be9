PYTHON ?= python3
# Options for installing PyTorch, such as the --index-url of a build for CPUs only.
TORCH_OPTIONS ?=

BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
SAMPLE := seeds/003_e50b77e81069cd99.txt

.DEFAULT_GOAL := help
.PHONY: help quickstart test lint clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

quickstart: .venv/installed ## install, train on the seed articles, score, export and try the model, in under six minutes
	$(BIN)/narasumber convert seeds --to build/seeds
	$(BIN)/narasumber train configs/quickstart.yaml
	$(BIN)/narasumber evaluate runs/quickstart
	$(BIN)/narasumber export runs/quickstart --to build/quickstart-model
	$(BIN)/narasumber predict build/quickstart-model $(SAMPLE) --format html --to build/prediction.html
	@echo
	@echo 'Open runs/quickstart/eval/report.html for the report, build/prediction.html for the held-out article as read.'

test: .venv/installed ## run the tests; at least 90 % of narasumber/ and data/ must be covered
	$(BIN)/pytest --cov

lint: .venv/installed ## check style, types and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean: ## remove all that is made, but for runs/
	rm -rf .venv build dist *.egg-info .coverage .*_cache .hypothesis

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("Narasumber needs Python 3.10 or newer: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(INSTALL) $(TORCH_OPTIONS) torch
	$(INSTALL) --editable '.[train,dev]'
	touch $@
