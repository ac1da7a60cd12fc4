# Everything is made in .venv, from Python 3.11 or later and the package registry; `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
INSTALLED := $(VENV)/.installed
WARM := $(VENV)/.warm
KERNEL := $(wildcard engine/kernel/*.py engine/messages/*.py engine/model/*.py)
WORLD := $(VENV)/.world
SIMULATED := $(wildcard simulations/world/*.py)
# Of tests: one more than cores, as those of browsers and phones wait much of their time.
WORKERS ?= $(shell n=$$(($$(nproc 2>/dev/null || echo 2) + 1)); echo $$((n > 4 ? 4 : n)))
# Real counterparts of the peer tests, as `command:Debian package`; tests say so where one is absent.
PEERS := sipp:sip-tester baresip:baresip-core mosquitto:mosquitto chromium:chromium promtool:prometheus

.PHONY: help setup run test check format bench peers clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(WARM) $(WORLD) ## make .venv, install everything, compile what is compiled (again only when something changed)

run: $(WARM) ## a small contact centre on this machine, with simulated calls
	@$(BIN)/trunkline demo $(ARGS)

# At once, as one compiles, one waits for the network and one reads. Browsers and phones share the machine with all other
# tests: what they waited for in vain is waited for once more, and the summary names it; whatever else is wrong fails at once.
test: ## all checks and tests
	@$(MAKE) --no-print-directory -j 3 setup peers check
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal \
		--reruns 1 --only-rerun TimeoutError --only-rerun "waited for .* but heard" $(ARGS)

check: $(INSTALLED) ## formatting, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## put the source into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## all benchmarks, or `make bench ONLY=NAME`
	$(BIN)/python -m benchmarks $(ONLY)

clean: ## remove everything that was made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "setup needs Python 3.11 or later: install it, or name it with PYTHON=..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m ensurepip >/dev/null \
		|| { echo "setup needs pip for $(PYTHON): on Debian, apt-get install python3-venv" >&2; exit 2; }
	@test -x $(BIN)/uv || { echo "setup: installing uv"; $(BIN)/python -m pip install -q --disable-pip-version-check uv; }
	@echo "setup: installing the engine and its tools"
	@$(BIN)/uv pip install -q --python $(BIN)/python -e . --group dev
	@touch $@

$(WARM): $(INSTALLED) $(KERNEL)
	@$(BIN)/python -m engine.kernel.warm
	@touch $@

$(WORLD): $(WARM) $(SIMULATED)
	@$(BIN)/python -m simulations.world.warm
	@touch $@

peers:
	@missing=; for peer in $(PEERS); do \
		PATH="$$PATH:/usr/sbin" command -v $${peer%%:*} >/dev/null || missing="$$missing $${peer##*:}"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "peers: installing$$missing"; export DEBIAN_FRONTEND=noninteractive; \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends $$missing; } >/dev/null 2>&1 \
			|| echo "peers: could not install$$missing; the tests that need them skip"; \
	else echo "peers: absent:$$missing; the tests that need them skip (apt-get install$$missing)"; fi
