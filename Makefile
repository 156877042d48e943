# What one types. The first target on a fresh machine installs all it needs into this folder, and nowhere else:
# it needs Python 3.11 or newer, pip, and the package index.

OUT ?= out
DETACH ?=
DAILY ?=
BROKER ?= local
KEEP ?=
PYTEST_OPTIONS ?=
WORKERS ?= 2
SECONDS ?= 45
MINUTES ?= 60
SEED ?= 2013
SEEDS ?= 300

UV_VERSION := 0.13.9
UV := .tools/bin/uv
READY := .venv/.ready
RUN := .venv/bin/python -m
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	if $$name -c '$(NEW_ENOUGH)' 2>/dev/null; then echo $$name; break; fi; done)

export UV_PYTHON_DOWNLOADS := never
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# What uses the broker; the rest would say the same again.
ON_APACHE_KAFKA := tests/kafka $(addprefix tests/integration/,test_read_models.py test_start.py kernel billing usage entitlement renewals) \
	$(addprefix tests/journeys/test_,gate_use_2013.py software_company.py readme_tour.py) tests/chaos
# To processes with servers of their own, in the order of tests/support/dealing.py.
DEALT := --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder

.PHONY: help demo test test-kafka chaos simulate soak up down check format bench bench-usage bench-billing

help:
	@echo "make demo    a year of a real business, from quote to renewal; results in OUT=$(OUT) (KEEP=1, DAILY=1)"
	@echo "make up      the whole product on this machine (DETACH=1 to leave it running); make down ends it"
	@echo "make test    all tests but chaos, on real servers, in WORKERS=$(WORKERS) processes"
	@echo "make chaos   the year while processes are killed and frozen and answers lost (SECONDS=$(SECONDS), SEED=$(SEED))"
	@echo "make test-kafka  those that use the broker, once more on Apache Kafka (Java 17 and Maven), and chaos"
	@echo "make simulate  the four services in any order, with crashes between any two steps (SEEDS=$(SEEDS), or SEED=17 alone)"
	@echo "make soak    a mixed load for MINUTES=$(MINUTES), and a picture of what grew meanwhile in OUT=$(OUT)"
	@echo "make check   format, lint, types, import rules; make format repairs the first two"
	@echo "make bench   how fast it is here; make bench-usage: how fast usage is, on Apache Kafka (Java 17 and Maven)"
	@echo "make bench-billing  how fast billing rates, bills, answers and proves (REPEATS, SECONDS, SUBSCRIPTIONS=1000)"

demo: $(READY)
	$(RUN) infra.local.cli demo gate-use-2013 --out $(OUT) --broker $(BROKER) $(if $(KEEP),--keep) $(if $(DAILY),--daily)

up: $(READY)
	$(RUN) infra.local.cli up --broker $(BROKER) $(if $(DETACH),--detach)

down: $(READY)
	$(RUN) infra.local.cli down

test: $(READY)
	$(RUN) pytest $(DEALT) --ignore=tests/chaos $(PYTEST_OPTIONS)

chaos: $(READY)
	CHAOS_SECONDS=$(SECONDS) CHAOS_SEED=$(SEED) $(RUN) pytest -s tests/chaos $(PYTEST_OPTIONS)

test-kafka: $(READY)
	$(RUN) pytest $(DEALT) --broker=apache $(ON_APACHE_KAFKA) $(PYTEST_OPTIONS)

simulate: $(READY)
	$(RUN) tests.simulation $(if $(filter command line,$(origin SEED)),--seed $(SEED),--seeds $(SEEDS))

soak: $(READY)
	$(UV) sync --quiet --frozen --all-extras --group soak --python $(PYTHON)
	$(RUN) tests.soak --minutes $(MINUTES) --out $(OUT) --broker $(BROKER)

check: $(READY)
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	.venv/bin/lint-imports

format: $(READY)
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

bench: $(READY)
	$(RUN) tests.bench

bench-usage: $(READY)
	$(RUN) tests.bench.usage

bench-billing: $(READY)
	$(RUN) tests.bench.billing

$(READY): pyproject.toml uv.lock $(UV)
	$(UV) sync --quiet --frozen --all-extras --python $(PYTHON)
	@touch $@

# Where Python comes without ensurepip, it cannot make an environment with pip in it, but its own pip installs to a folder.
$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	$(PYTHON) -m venv .tools >/dev/null 2>&1 && .tools/bin/python -m pip install --quiet --no-cache-dir uv==$(UV_VERSION) || \
		{ rm -rf .tools && $(PYTHON) -m pip install --quiet --no-cache-dir --target .tools uv==$(UV_VERSION); }
	@test -x $(UV)
