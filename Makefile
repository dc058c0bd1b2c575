# Everything sets itself up; nothing needs doing first.
# The executable specification needs a library that has wheels for 3.11 and 3.12 alone.
RUNS := -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do $$p $(RUNS) 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup native demo test coverage check bench docs interop soak clean
help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)
$(READY): pyproject.toml constraints.txt
	@$(or $(PYTHON),false) $(RUNS) || { echo "walkaway needs Python 3.11 or 3.12; name yours: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing walkaway into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

KERNEL := $(VENV)/.native
KERNEL_SOURCES := native/Cargo.toml native/Cargo.lock native/pyproject.toml $(wildcard native/src/*.rs native/src/*/*.rs)

native: $(KERNEL) ## build the fast EVM where cargo is; a few minutes the first time
$(KERNEL): $(KERNEL_SOURCES) | $(READY)
	@if command -v cargo >/dev/null; then \
		echo "building the native kernel (a few minutes the first time)"; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall ./native && touch $(KERNEL); \
	else \
		echo "no cargo here: the native kernel is not built, and calls run on the executable specification"; \
	fi

demo: $(READY) ## a small network and a website, the endpoint and the gateway in front, and liars caught; ARGS=--once to end after it
	@trap : INT; $(BIN)/walkaway demo $(ARGS) || [ $$? -eq 130 ]

test: $(READY) ## the project's own suite, over both engines where cargo is
	@$(MAKE) --no-print-directory native || echo "the native kernel did not build: its tests are skipped"
	$(BIN)/python -m pytest -m "not interop" -n auto --dist loadfile $(ARGS)

coverage: $(READY) ## every branch of the trusted base, from its own tests
	$(BIN)/python -m coverage run --source=walkaway.proofs -m pytest -q -m "not interop and not adversary" tests/proofs tests/test_seal.py
	$(BIN)/python -m coverage report --fail-under=100 --show-missing --skip-covered

check: $(READY) ## formatting, lint, types, import floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) ## measure side by side; ONLY=rpc for one
	@$(MAKE) --no-print-directory native || echo "the native kernel did not build: its figures are left out"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -c constraints.txt blspy || echo "blspy does not install here; py_ecc stands beside the figures"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt trie
	$(BIN)/python -m bench $(ONLY)

docs: $(READY) ## write the README's transcript from a run of the demo
	$(BIN)/python docs/write_transcript.py

interop: $(READY) ## test against real peers, which it installs and starts; ONLY=viem for one
	@$(MAKE) --no-print-directory native || echo "the native kernel did not build: calls run on the executable specification"
	$(BIN)/python -m pytest -v -m interop $(if $(ONLY),-k $(ONLY)) tests/interop $(ARGS)

SECONDS ?= 600
soak: $(READY) ## ask a node at random while its sources fail and lie; SECONDS=120 for less, SEED=7 for the same dice
	@$(MAKE) --no-print-directory native || echo "the native kernel did not build: calls run on the executable specification"
	$(BIN)/python -m tests.soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

clean: ## remove what make made
	rm -rf $(VENV) native/target .mypy_cache .ruff_cache .pytest_cache .hypothesis
