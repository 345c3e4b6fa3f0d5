# labkit. `make help` says what there is. What is built lands in the user's cache folder, never here.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# The same names on Debian 12 and on Ubuntu since 24.04 (an older unshare cannot map a user's ids).
PACKAGES := bubblewrap debian-archive-keyring erofs-utils mmdebstrap python3-venv qemu-system-x86 uidmap util-linux

.PHONY: help run test test-cluster lint bench soak clean deps

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: deps .venv/run.stamp ## boot the OOM lab's guests, run its reference solution, show the verdict (ARGS="--kernel 6.1")
	@$(BIN)/labkit run lab2 $(ARGS)

test: lint ## lint, then every test but the soaks: pure, paused QEMU, real guests (ARGS="-k numa")
	@$(BIN)/labkit image build # here, where no test's time limit runs
	$(BIN)/pytest $(ARGS)

lint: deps .venv/dev.stamp ## style, types, the star of rooms, C style, house rules
	@$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	for lab in labs/*/checks.py; do $(BIN)/mypy --no-error-summary "$${lab%/*}"/*.py; done # each has a checks.py
	$(BIN)/lint-imports
	$(BIN)/python tests/lint/house.py
	$(BIN)/python tests/lint/cstyle.py

test-cluster: deps .venv/dev.stamp ## what needs a cluster: a real Slurm of two nodes on loopback, installed if it may be
	@$(BIN)/labkit image build
	$(BIN)/pytest -m cluster $(ARGS)

bench: deps .venv/dev.stamp ## measure start, boot, a whole run, the image's build (ARGS="--cold")
	@PYTHONPATH=tests/support:tests/witness $(BIN)/python tests/bench/bench.py $(ARGS)

soak: deps .venv/dev.stamp ## interrupted runs, then solutions and wrong submissions many times over: hours
	@$(BIN)/pytest -m soak --timeout 0
	$(BIN)/python tests/soak/clones.py
	$(BIN)/python tests/soak/conservation.py
	$(BIN)/python tests/soak/interrupts.py
	PYTHONPATH=tests/support $(BIN)/python tests/soak/course.py --slurm
	$(BIN)/python tests/soak/verdicts.py solution
	$(BIN)/python tests/soak/verdicts.py wrong
	$(BIN)/python tests/soak/verdicts.py wrong --count 1 --cold

clean: ## remove .venv and the tools' caches from the checkout (built images: labkit image rm)
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find labkit labs tests -name __pycache__ -type d -prune -exec rm -rf {} +

deps: ## install the Debian packages that are missing
	@missing=""
	for package in $(PACKAGES); do
		if ! command -v dpkg-query >/dev/null; then
			echo "labkit is made for Debian and Ubuntu, this is neither. Install what these packages" >&2
			echo "hold, then say make PACKAGES= …: $(PACKAGES)" >&2
			exit 3
		fi
		[[ $$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null) == installed ]] || missing+=" $$package"
	done
	[[ -n $$missing ]] || exit 0
	echo "make: installing$$missing"
	root=()
	if (( EUID != 0 )); then
		if ! command -v sudo >/dev/null; then
			echo "You are not root and there is no sudo. Ask an administrator for: apt-get install$$missing" >&2
			exit 3
		fi
		root=(sudo)
	fi
	apt="$${root[*]} env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120"
	if ! $$apt update >/dev/null || ! $$apt install --no-install-recommends $$missing; then
		echo "apt-get failed, see above. By hand: apt-get install$$missing" >&2
		exit 3
	fi

.venv/run.stamp: pyproject.toml | deps
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "labkit needs Python 3.10 or newer: make PYTHON=…")'
	echo "make: Python packages into .venv"
	# One that works is kept as it is: another Python would leave it half its own. A half-made one goes.
	$(BIN)/python -c 'import pip, ssl, sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null ||
		$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/dev.stamp: .venv/run.stamp
	@echo "make: tools for developers into .venv"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
