# Thin on purpose: a target names a command, the command does the work. `make` alone prints this list.
# Works in any folder, with spaces in its path, and with -j.

PY := .venv/bin/python
PYTEST := $(PY) -m pytest
WORKERS ?= 2
ARGS ?=
N ?= 1000
RATE ?= 200
MINUTES ?= 60
SEEDS ?= 10000
FIRST ?= 0
export SEED FROM

.DEFAULT_GOAL := help
.PHONY: help setup .local .test .bench run issuer load demo engines engines-embedded reset test test-real faults faults-quick runbook seeds soak mutants check format \
        image image-test chart-test cluster-test bench bench-page bench-quick generate service lock cdnow clean

##@ Start here
help:  ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	      /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile; echo
setup: .test  ## .venv with everything for running, testing and checking (done by the others when needed)
run: .local  ## start engines and services, play the story, show where everything is; Ctrl-C stops (REAL=1: real engines)
	@$(PY) -m deploy.local run $(if $(REAL),--real)
load: .local  ## synthetic events to a running Hearth, and how long they take (N=1000 RATE=200)
	@.venv/bin/hearth load --number $(N) --rate $(RATE)
demo: .local  ## the same on free ports with fresh data; checks every number of the story and stops
	@$(PY) -m deploy.local run --demo $(if $(REAL),--real)
issuer: .local  ## an issuer of tokens, to try authentication with; prints the settings (README, "Who may do what")
	@$(PY) -m deploy.local issuer
reset: .local  ## erase the data, keys and logs of `make run`
	@$(PY) -m deploy.local reset

##@ Engines
engines: .local  ## install (once per machine) and start Apache Kafka and the Rust database; prints their settings
	@$(PY) -m deploy.local engines --real
engines-embedded: .local  ## start the embedded broker and database alone
	@$(PY) -m deploy.local engines

##@ Proof
check: .test  ## format, lint, types, layers, generated files, what it is made of (SBOM) and what is known against that
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m basedpyright
	.venv/bin/lint-imports
	$(PY) -m deploy.generate --check
	$(PY) -m deploy.audit
test: .test  ## everything that needs no real engines (ARGS="-k name" narrows it)
	$(PYTEST) -m "not real and not faults and not slow" -n $(WORKERS) --dist worksteal $(ARGS)
test-real: .test  ## the integration tests and the real-only ones, on Apache Kafka and the Rust database
	$(PY) -m deploy.local install
	$(PYTEST) --real -m "(integration or real) and not slow" $(ARGS)
faults: .test  ## crashes, pauses, cuts, restarts, pressure under load, on the real engines (SEED=7 FROM=v0.1; long)
	$(PY) -m deploy.local install
	$(PYTEST) --real -m faults $(ARGS)
faults-quick: .test  ## the part of it that test-real runs too (at most 5 minutes)
	$(PY) -m deploy.local install
	$(PYTEST) --real -m "faults and not slow" $(ARGS)
runbook: .test  ## the runbook's commands, each typed under the fault it is for (about ten minutes)
	$(PYTEST) tests/journeys/test_runbook.py $(ARGS)
seeds: .test  ## the simulator with many seeds, on all cores (SEEDS=10000 FIRST=0)
	@$(PY) -m tests.simulator.seeds --seeds $(SEEDS) --first $(FIRST)
soak: .test  ## constant load with random faults; fails when anything grows (MINUTES=60 RATE=300)
	$(PY) -m deploy.local install
	$(PY) -m tests.faults.soak --minutes $(MINUTES) --rate $(if $(filter command line,$(origin RATE)),$(RATE),300)
mutants: .test  ## break each law on purpose; every one must turn a test red
	@$(PY) tests/mutants/run.py $(ARGS)

##@ Packaging
image: .test  ## the container image localhost/hearth:dev, with docker, podman or buildah
	$(PY) -m deploy.image build
image-test: .test  ## build the real Dockerfile with buildah and run it as Kubernetes would (Linux, root; no engine needed)
	$(PY) -m deploy.image test
chart-test: .test  ## the Helm chart, against schemas, wrong values, three Kubernetes releases and its alerts (needs Go)
	@$(PY) -m deploy.testing.chart $(ARGS)

cluster-test: .test  ## install, upgrade, rollback, uninstall in a real Kubernetes API server; no container runs (needs Go; long the first time)
	@$(PY) -m deploy.testing.cluster

##@ Figures
bench: .test .bench  ## the whole benchmark on the real engines; writes results.json, the table and the plots
	$(PY) -m deploy.local install
	@$(PY) -m benchmarks $(ARGS); failed=$$?; make --no-print-directory bench-page; exit $$failed
bench-page: .test .bench  ## the table and the plots in docs/ again, from benchmarks/results.json
	@$(PY) -m benchmarks.table
	@.hearth/bench-venv/bin/python -m benchmarks.plots
bench-quick: .test  ## a small benchmark on the embedded engines; writes nothing
	$(PY) -m benchmarks --quick $(ARGS)

##@ Work on Hearth
format: .test  ## format and sort imports
	$(PY) -m ruff check --fix-only --quiet . ; $(PY) -m ruff format .
generate: .test  ## gRPC stubs and reference documents from their sources
	$(PY) -m deploy.generate
service: .test  ## a new service with the layout all have: make service NAME=surveys
	@$(PY) -m deploy.service "$(NAME)"
cdnow: .local  ## fetch the CDNOW log (real purchases) that one test replays
	@$(PY) -m deploy.local cdnow
lock: .test  ## resolve requirements/*.in into hashed requirements/*.txt
	@sh deploy/lock.sh $(ARGS)
clean:  ## remove .venv and caches; data stays (`make reset`)
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find . -name __pycache__ -not -path './.hearth/*' -prune -exec rm -rf {} +

# What is installed, checked in milliseconds when nothing changed. .test contains .local; see deploy/setup.py.
.local:
	@sh deploy/setup.sh local
.test:
	@sh deploy/setup.sh test
.bench:
	@sh deploy/setup.sh bench
