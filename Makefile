# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
CHROMIUM ?= chromium
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo play test check setup lint types imports mutants oracle fuzz clickhouse fidelity pictures guesses clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mock-kuma needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: $(READY) ## the virtual environment, ready

demo: $(READY) ## the main job from end to end, in about a minute
	@$(BIN)/python tests/e2e/demo.py

# What a bare machine may lack: a browser to walk the pages, a database server to start.
LEFT_OUT := $(if $(shell command -v $(CHROMIUM)),,tests/browser) \
  $(if $(shell command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null),,tests/connector/test_postgres.py)

play: $(READY) ## KUMA with a story, the connector and the desk, side by side, until Ctrl-C
	@$(BIN)/python -m tests.e2e.play

test: $(READY) lint types imports ## all tests, types, lint and import contracts
	$(BIN)/python -m pytest --numprocesses auto $(addprefix --ignore=,$(LEFT_OUT))
	@test -z "$(strip $(LEFT_OUT))" || echo "Left out, since Chromium or PostgreSQL is missing: $(LEFT_OUT)"

check: test ## what CI runs

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

mutants: $(READY) ## every mutant against every requirement; takes long
	$(BIN)/python -m tests.harness.matrix

oracle: $(READY) ## the oracle against a second opinion on a thousand generated histories
	$(BIN)/python -m tests.harness.second_opinion 1000

fuzz: $(READY) ## twenty thousand generated requests; takes some minutes
	$(BIN)/python -m tests.fuzz

clickhouse: $(READY) ## a thousand generated searches against a real ClickHouse, which is 500 MB
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'chdb>=4'
	$(BIN)/python -m tests.clickhouse.compare

fidelity: $(READY) ## the table of operations in fixtures/README.md
	@$(BIN)/python -m tests.fidelity

histories: $(READY) ## a thousand generated histories of the connector, with faults and kills
	$(BIN)/python -m tests.connector.histories 1000

pictures: $(READY) ## the pictures in docs/, from a fresh demo; needs chromium
	@command -v $(CHROMIUM) >/dev/null || { echo "$(CHROMIUM) is missing. On Debian: apt-get install chromium"; exit 2; }
	@$(BIN)/python tests/e2e/demo.py
	@profile=$$(mktemp -d); $(CHROMIUM) --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
	  --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
	  --user-data-dir=$$profile --window-size=1100,1300 --screenshot=docs/failing-report.png \
	  "file://$(CURDIR)/demo-report/naive/report.html" 2>/dev/null; rm -rf $$profile
	@echo "docs/failing-report.png"
	@$(BIN)/python -m tests.browser.pictures
	@$(BIN)/python -m tests.browser.desk_pictures

guesses: $(READY) ## every behaviour that the vendor does not document
	@$(BIN)/mock-kuma guesses

clean: ## away with everything that was made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache kuma-report dist
