# Every target sets up what it needs: a fresh clone and Python 3.11 are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test test-fast test-kills test-kills-ledger test-desks bench bench-detection bench-detection-calibration bench-detection-service bench-backtest bench-triage bench-triage-latency docs dashboards lint format types coverage clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(BIN)/paycanary: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("paycanary needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/paycanary
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,counterparts]'
	@touch $@

run: $(BIN)/paycanary ## the whole service against the bundled sandbox gateway; Ctrl-C stops it
	@$(BIN)/paycanary demo

test: $(VENV)/.dev ## lint, types and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/.dev ## the tests that need no other program
	$(BIN)/pytest -n 2 --dist loadfile -m 'not needs_tools and not counterpart and not slow'

test-kills: $(VENV)/.dev ## kill -9 of the running service, again and again: KILLS=25
	KILLS=$${KILLS:-25} $(BIN)/pytest tests/endtoend/test_kills.py -m '' -s

test-kills-ledger: $(VENV)/.dev ## kill -9 of a process that moves money: open at the gateway 0, charged twice 0: KILLS=25
	KILLS=$${KILLS:-25} $(BIN)/pytest tests/ledger/test_ledger_kills.py -m '' -s

test-desks: $(VENV)/.dev ## a thousand incidents x every fault x every ticket desk, and real kills: INCIDENTS=1000
	$(BIN)/python tests/delivery/desk_matrix.py --incidents $${INCIDENTS:-1000} --out data/desk-matrix.json
	$(BIN)/pytest tests/delivery/test_delivery_kills.py tests/delivery/test_delivery_storms.py -m ''

bench: $(VENV)/.dev ## figures beside blackbox_exporter, on this machine, in one run
	$(BIN)/python benchmarks/run.py

bench-detection: $(VENV)/.dev ## delays and false tickets of every rule on simulated gateways, beside the peers' rules
	$(BIN)/python -m benchmarks.detection.run

bench-detection-calibration: $(VENV)/.dev ## false tickets over many simulated check-months, against the budget: MONTHS=100000
	$(BIN)/python -m benchmarks.detection.calibrate --months $${MONTHS:-100000}

bench-detection-service: $(VENV)/.dev ## thirty faults at random instants through the whole service and its real probes: FAULTS=30
	$(BIN)/python benchmarks/detection_service/run.py --faults $${FAULTS:-30}

bench-backtest: $(VENV)/.dev ## a month of 1,000 checks through the shipped rules: CHECKS=1000 EVERY=300
	$(BIN)/python benchmarks/backtest_month.py --checks $${CHECKS:-1000} --every $${EVERY:-300}

bench-triage: $(VENV)/.dev ## the labelled bench of faults: which layer, right or wrong; writes docs/triage-benchmark.md
	$(BIN)/python -m benchmarks.triage.run

bench-triage-latency: $(VENV)/.dev ## from a probe's end to the ticket on the wire, triage running beside it: INCIDENTS=220
	$(BIN)/python benchmarks/triage_latency.py --incidents $${INCIDENTS:-220} --triage on

docs: $(VENV)/.dev ## rebuild the reference pages and schemas
	$(BIN)/python docs/build.py

dashboards: $(VENV)/.dev ## rebuild dashboards/*.json
	$(BIN)/python dashboards/build.py

lint: $(VENV)/.dev ## ruff
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(VENV)/.dev ## put the code in order
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: $(VENV)/.dev ## mypy --strict
	$(BIN)/mypy

coverage: $(VENV)/.dev ## branch coverage of the pure floors
	$(BIN)/coverage run -m pytest -q -m 'not needs_tools and not counterpart and not slow'
	$(BIN)/coverage report --include='monitor/model/*,monitor/transactions/*,monitor/detectors/*,monitor/rules/*,monitor/incidents/*,monitor/sla/*,monitor/redaction/*,monitor/triage/*,monitor/deadlines/*,monitor/routing/*' --show-missing

clean: ## forget what was built; data/ stays
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
