# Everything a developer or a newcomer does here has a target; `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= auto
# Of `make chaos`; a shorter storm has fewer changes and kills, unless CHANGES and KILLS say otherwise.
SEED ?= 1
SECONDS ?= 300
JSON ?= var/chaos.json

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kashforce needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check -e '.[demo,dev]'
	@touch $(READY)

.PHONY: install
install: $(READY) ## Make the virtual environment with everything pinned

.PHONY: demo
demo: $(READY) ## Play the main story on loopback: won opportunities become invoices
	$(BIN)/kashforce demo

.PHONY: lint
lint: $(READY) ## Format check, lint, strict types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: test
test: lint ## The one command that checks everything
	$(BIN)/pytest -n $(JOBS)

.PHONY: chaos
chaos: $(READY) ## Five minutes of kills and faults, then both worlds compared: SEED SECONDS CHANGES KILLS JSON
	$(BIN)/python -m tests.chaos --seed $(SEED) --seconds $(SECONDS) --json $(JSON) $(if $(CHANGES),--changes $(CHANGES)) $(if $(KILLS),--kills $(KILLS))

.PHONY: bench
bench: $(READY) ## Benchmarks against peers and limits, ten to twelve minutes; QUICK=1: one to one and a half; PARTS="latency scale"
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check -e '.[demo,dev,bench]'
	$(BIN)/python -m bench $(if $(QUICK),--quick) $(PARTS)

.PHONY: format
format: $(READY) ## Format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: constraints
constraints: $(READY) ## Renew constraints.txt from pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	printf '%s\n' "# The exact versions that the tests ran with. Renew with 'make constraints'; names no index and no host." > constraints.txt
	echo hatchling | $(BIN)/uv pip compile --quiet --python-version 3.11 --no-annotate --no-header --all-extras pyproject.toml - >> constraints.txt
