# What a person does with Qunzu, one word each. Needs make and Python 3.11 or newer, nothing else: everything is
# installed into .venv, no service has to run, nobody has to be root.

SHELL := /bin/sh
.SHELLFLAGS := -euc
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# `make demo PYTHON=/opt/python3.13/bin/python3` takes another interpreter.
PYTHON ?= $(shell for p in python3.11 python3; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
SOURCES := server client_tui policies tests
ARGS ?=

.PHONY: help demo test check bench serve tui fmt lint types imports licences lock clean

help: ## Print this table
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.run ## Embedded server, scripted members, and you in the terminal client (headless without a terminal)
	@$(BIN)/qunzu demo $(ARGS)

test: .venv/.dev ## The whole test suite, with branch coverage of the rules, the wire and the law
	@$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report= $(ARGS)
	@$(BIN)/python -m tests.coverage_gate

check: lint types imports licences ## Format, lint, types, import contracts and licences; changes nothing
	@echo "check: all good"

bench: .venv/.dev ## Measure cost per delivery, durable writes and idle memory beside a bare server
	@$(BIN)/python -m tests.bench $(ARGS)

serve: .venv/.run ## Start a server (ARGS="--port 8765 --data-dir ./data")
	@exec $(BIN)/qunzu serve $(ARGS)

tui: .venv/.run ## Start the terminal client (ARGS="ws://127.0.0.1:8765/ws")
	@exec $(BIN)/qunzu tui $(ARGS)

fmt: .venv/.dev ## Format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format .

lint: .venv/.dev
	@echo "check: format and lint"
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted (make fmt):"; $(BIN)/ruff format --check .; }
	@$(BIN)/ruff check --quiet .

types: .venv/.dev
	@echo "check: types"
	@$(BIN)/mypy --strict --no-error-summary $(SOURCES)

imports: .venv/.dev
	@echo "check: import contracts"
	@$(BIN)/lint-imports --no-logo >.venv/imports.log 2>&1 || { cat .venv/imports.log; exit 1; }

# What we hand on must stay free of copyleft terms; what only tests use (python-stdnum is LGPL) is not handed on.
licences: .venv/.dev
	@echo "check: licences of the run-time packages"
	@$(BIN)/pip-licenses --from=mixed --partial-match --fail-on='GPL;GNU;UNKNOWN' \
		--packages $$(sed -n 's/^\([a-z0-9-]*\)==.*/\1/p' requirements.txt) >.venv/licences.log \
		|| { cat .venv/licences.log; exit 1; }

# One .venv, two stamps: the demo takes only what it runs on; tests and checks add theirs.
.venv/.run: requirements.txt pyproject.toml
	@if [ ! -x $(BIN)/python ]; then \
		if [ -z "$(PYTHON)" ]; then \
			echo "Qunzu needs Python 3.11 or newer, and neither python3.11 nor python3 here is one." \
			     "Install it, or name it: make demo PYTHON=/path/to/python3" >&2; exit 1; \
		fi; \
		"$(PYTHON)" -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else \
			f"Qunzu needs Python 3.11 or newer; {sys.executable} is {v.major}.{v.minor}.")'; \
		echo "1/3  making .venv with $$("$(PYTHON)" --version)"; \
		"$(PYTHON)" -m venv .venv || { rm -rf .venv; \
			echo "This Python cannot make virtual environments; on Debian and Ubuntu, install python3-venv." >&2; \
			exit 1; }; \
	fi
	@echo "2/3  installing what Qunzu runs on, pinned and checked by hash (under a minute)"
	@$(PIP) install --require-hashes -r requirements.txt
	@echo "3/3  installing Qunzu itself"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	@echo "     installing what the tests and checks need (under a minute)"
	@$(PIP) install --require-hashes --no-build-isolation -r requirements-dev.txt
	@touch $@

# The --no-emit options keep the pins free of whatever mirror or proxy the machine that runs this is set up with.
COMPILE = CUSTOM_COMPILE_COMMAND='make lock' .venv-lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

lock: ## Pin the dependencies anew (ARGS=--upgrade to take newer versions)
	@[ -x .venv-lock/bin/pip-compile ] || { "$(PYTHON)" -m venv .venv-lock && \
		.venv-lock/bin/python -m pip --disable-pip-version-check -qq install pip-tools; }
	@$(COMPILE) $(ARGS) --build-deps-for editable --output-file requirements.txt pyproject.toml
	@$(COMPILE) $(ARGS) --output-file requirements-dev.txt requirements-dev.in

clean: ## Remove what make made: environment, caches, reports
	@rm -rf .venv .venv-lock build dist ./*.egg-info .coverage coverage.json htmlcov .hypothesis \
		.import_linter_cache .mypy_cache .pytest_cache .ruff_cache snapshot_report.html
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
