# Everything is set up by what it needs: `make run` and `make test` work on a fresh machine with Python 3.11.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q install
LOCK := $(BIN)/pip-compile -q --no-config --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --extra build --extra telegram --extra discord --extra fonts

# one more than there are processors, because some tests wait for programs and browsers
WORKERS = $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

.DEFAULT_GOAL := help
.PHONY: help run test check bench crash leak replay live docs lock clean browser

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(VENV)/run.stamp ## set everything up and open the sample community in the browser
	@exec $(BIN)/xiaoer run

test: check browser ## set everything up, check the code, run all tests
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/dev.stamp ## lint, types, import boundaries, generated docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright & pyright=$$!; $(BIN)/mypy; mypy=$$?; wait $$pyright && exit $$mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/document.py --check

bench: $(VENV)/dev.stamp ## measure; ONLY=pipeline for one
	@$(BIN)/python -m tests.bench $(ONLY)

crash: $(VENV)/dev.stamp ## kill the program a thousand times
	@XIAOER_KILLS=1002 $(BIN)/pytest tests/crash -n auto -o faulthandler_timeout=7200

replay: $(VENV)/dev.stamp ## attribute a day of ten thousand joins, with a kill in the middle
	@XIAOER_JOINS=10000 $(BIN)/pytest tests/plugins/xiaoer_referral/test_replay.py -o timeout=1800 -o faulthandler_timeout=1800

leak: $(VENV)/dev.stamp ## let a million events pass; nothing may grow
	@XIAOER_EVENTS=1000000 $(BIN)/pytest tests/properties/test_leaks.py -k million -s -o faulthandler_timeout=7200

live: $(VENV)/dev.stamp ## run the contract suite against real test bots; says what to set
	@$(BIN)/python -m tests.contracts.live $(ONLY)

docs: $(VENV)/dev.stamp ## write the generated pages of docs/ again
	@$(BIN)/python tools/document.py

lock: $(VENV)/dev.stamp ## resolve the dependencies again
	@$(LOCK) -o requirements.lock pyproject.toml
	@$(LOCK) --extra dev -o requirements-dev.lock pyproject.toml

clean: ## throw away what was set up
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing headless Chromium for the browser tests"; \
	    apt-get update -qq >/dev/null && apt-get install -y -qq chromium >/dev/null; \
	  else \
	    echo "no Chromium here and no right to install it: the browser tests will say so and be left out"; \
	  fi; }

$(VENV)/made.stamp:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it first"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version)"; exit 1; }
	@echo "making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/made.stamp requirements.lock pyproject.toml
	@echo "installing what Xiaoer needs"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/made.stamp requirements-dev.lock pyproject.toml
	@echo "installing what the tests need"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp
