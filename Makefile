# Threadpost: python 3.11 or newer and make are all that is needed. `make` lists what there is.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help venv demo test check lint bench falls attack lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 12

venv: $(STAMP) ## make the environment in .venv

# Hashes are checked for every package; the project itself cannot have one, so it comes second, alone.
# Some dependencies exist as source only: setuptools builds them, at the version that the constraints name.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv --clear .venv
	@awk '/^[a-z]/ {keep = /^(setuptools|wheel|packaging)==/} keep' constraints.txt > .venv/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $(STAMP)

demo: venv ## set everything up and run the gateway with demo records
	$(BIN)/threadpost demo

test: venv ## set everything up and run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## lint, types, import contracts, tests

bench: venv ## measure speed and memory
	$(BIN)/python -m tests.bench

falls: venv ## kill the server at random moments under load, fifty times
	$(BIN)/python -m tests.bench.falls

attack: venv ## hostile dialogues and mails against a running server (THREADPOST_ATTACK names the kit)
	$(BIN)/python -m pytest tests/attack -o norecursedirs=
	$(BIN)/python -m tests.attack

lock: venv ## write constraints.txt anew (needs uv)
	printf '%s\n' setuptools wheel editables | uv pip compile pyproject.toml - --group dev --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 -o constraints.txt

clean: ## remove the environment and what tools left behind
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
