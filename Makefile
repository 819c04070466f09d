# Needs nothing but Python >= 3.11 and make: everything else goes into .venv from requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-peers
WORKERS := 6  # more than there are cores, because most process tests wait
TOGETHER = -n $(WORKERS) --dist loadscope --no-loadscope-reorder

export PYTHONDONTWRITEBYTECODE :=  # what one worker or program of the tests compiled, the others read
MEASURED := tests/unit tests/property tests/contract
LONG := tests/process/crash tests/process/test_kills.py tests/process/web/test_storm.py tests/property

.DEFAULT_GOAL := help
.PHONY: help demo test coverage unmeasured check bench proof simulations lock schema clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "syncd needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP)  ## the main job on sample data: files, ledger, plan, a simulated TikTok Shop, report
	$(BIN)/syncd demo

test: $(STAMP)  ## every test
	$(BIN)/python -m pytest $(TOGETHER)

coverage: $(STAMP)  ## unit, property and contract tests; fails where a module that decides has an untested branch
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest $(TOGETHER) $(MEASURED)
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m tests.coverage_floor

unmeasured: $(STAMP)  ## every test that `make coverage` leaves out: processes, database servers
	$(BIN)/python -m pytest $(TOGETHER) $(addprefix --ignore=,$(MEASURED))

check: $(STAMP)  ## lint, format, types, layers, freshness of generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.freshness

$(PEERS)/.installed: tests/benchmarks/peers/requirements.lock
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install -qq --require-hashes --requirement tests/benchmarks/peers/requirements.lock
	@touch $@

bench: $(STAMP) $(PEERS)/.installed  ## speed and memory, as ratios against a reference measured in the same run
	$(BIN)/python -m tests.benchmarks

proof: WORKERS := 4
proof: $(STAMP)  ## the long proofs: 3,000 kills, every call of a cycle, 2,000 examples of a property, 150 to 400 of a machine; within an hour
	SYNCD_PROOF=1 $(BIN)/python -m pytest $(TOGETHER) $(LONG)

simulations: $(STAMP)  ## the long simulations: five seeds of 40,000 buyers, a million units in escrow; an hour or two
	SYNCD_PROOF=1 $(BIN)/python -m pytest tests/process/simulation

schema: $(STAMP)  ## rewrite generated files: config/syncd.schema.json, Shopify's trimmed schema
	$(BIN)/python -m tests.freshness --write

lock:  ## rewrite requirements.lock from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra dev pyproject.toml -o requirements.lock
	sed -i '1i # Every package that `make` installs, with hashes. Rewritten by `make lock` from pyproject.toml; no registry is named on purpose.' requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url tests/benchmarks/peers/requirements.in -o tests/benchmarks/peers/requirements.lock

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
