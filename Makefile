# What you can do here. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin
NAME ?=
.DEFAULT_GOAL := help
.PHONY: help demo test check format lock bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/demo.stamp ## Start the demo: a simulated network, a real ERP, the agent at work
	@$(BIN)/quartermaster demo $(ARGS)

test: .venv/dev.stamp ## Run all tests (ARGS="-k name" for some)
	@# A worker a core: threads of the arithmetic libraries would only wait for each other.
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

check: .venv/dev.stamp ## Lint, format, types, import contracts
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/basedpyright --level error

format: .venv/dev.stamp ## Format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/dev.stamp ## Run a benchmark: make bench NAME=triage
	@$(BIN)/python -m benchmarks.$(or $(NAME),triage) $(ARGS)

lock: .venv/bootstrap.stamp ## Resolve the dependencies anew into requirements/*.txt
	@$(BIN)/python scripts/lock.py

clean: ## Remove the virtual environment and all demo data (var/)
	rm -rf .venv var

.venv/bootstrap.stamp: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Preparing .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

.venv/demo.stamp: .venv/bootstrap.stamp requirements/demo.txt requirements/embedding.txt pyproject.toml
	@echo "Installing what the demo needs (once)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/demo.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements/embedding.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --config-setting editable_mode=compat --editable .
	@touch $@

.venv/dev.stamp: .venv/demo.stamp requirements/dev.txt
	@echo "Installing what the tests need (once)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@
