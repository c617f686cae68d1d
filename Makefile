# vmcsgen: `make gen` and `make test` set up what they need; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Not $(BIN)/vmcsgen: no kernel starts a script whose interpreter has a blank in its path.
VMCSGEN := $(BIN)/python -m vmcsgen
PYTEST := $(BIN)/python -m pytest -q
SOURCES := generator tests

# Python finds its modules compiled the second time, also where the environment forbids to keep
# them: tests start the program some hundred times.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help gen gen-check test lint contract series bench docs clean test-trees test-live test-browser
.PHONY: test-reliability test-package test-rust test-hooks test-mutation test-fuzz

help:
	@echo "make gen           set up $(VENV), generate all outputs into out/"
	@echo "make gen-check     say which outputs are not current"
	@echo "make test          set up $(VENV), lint, run the fast tests"
	@echo "make lint          ruff, its formatter and mypy, as make test does first"
	@echo "make test-trees    build and run in real Linux and QEMU sources (Debian packages)"
	@echo "make test-live     ask an emulated CPU (Bochs), and QEMU for its CPU models"
	@echo "make test-browser  drive the reference page in Chromium"
	@echo "make test-package  build wheel and sdist, install and use them elsewhere"
	@echo "make test-rust     the generated crate under old compilers, cargo and its lints"
	@echo "make contract      record the public API and JSON anew, as docs/stability.md asks"
	@echo "make series        write out/linux/series, the patches for the newest kernel"
	@echo "make test-hooks    run the real pre-commit with the hooks of this checkout"
	@echo "make test-mutation put a thousand mistakes into each project's list, and find them"
	@echo "make test-fuzz     give every reader what nobody would write, a minute each"
	@echo "make test-reliability  kill it, fill its disk, take its permissions, run 20 at once"
	@echo "make bench         measure, and write docs/performance.md (BENCH=start: that part)"
	@echo "make docs          generate all documentation and build it: Sphinx, manual pages"
	@echo "make clean         remove $(VENV) and what tools left behind"

# The environment that the program runs in: vmcsgen itself (editable) and its dependencies.
$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Python can't make virtual environments yet: installing Debian's python3-venv"; \
	    apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null; \
	  else \
	    echo "Python can't make virtual environments; run: sudo apt-get install python3-venv" >&2; \
	    exit 1; \
	  fi; }
	@echo "Setting up $(VENV): a virtual environment with vmcsgen and its dependencies"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	@echo "Adding the test tools to $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

gen: $(VENV)/.ready
	$(VMCSGEN) gen
	$(VMCSGEN) gen --tree docs

gen-check: $(VENV)/.ready
	$(VMCSGEN) gen --check
	$(VMCSGEN) gen --tree docs --check

lint: $(VENV)/.ready-test
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

test: lint
	$(PYTEST) -n auto

$(VENV)/.ready-browser: $(VENV)/.ready-test
	@echo "Adding what drives a browser to $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@touch $@

$(VENV)/.ready-docs: $(VENV)/.ready-test
	@echo "Adding Sphinx to $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

$(VENV)/.ready-package: $(VENV)/.ready-test
	@echo "Adding what builds and installs packages to $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[package]'
	@touch $@

test-browser: $(VENV)/.ready-browser
	$(PYTEST) tests/browser

test-package: $(VENV)/.ready-package
	$(PYTEST) tests/package

# Wheels of the fuzzer exist for CPython on x86-64; elsewhere the kept inputs are replayed all the
# same, and what needs the fuzzer says so.
$(VENV)/.ready-fuzz: $(VENV)/.ready-test
	@echo "Adding the fuzzer atheris to $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]' || \
	  echo "There is no atheris for this Python" >&2
	@touch $@

test-reliability: $(VENV)/.ready-test
	$(PYTEST) -n auto tests/reliability

test-fuzz: $(VENV)/.ready-fuzz
	$(PYTEST) -n auto tests/fuzz

test-mutation: $(VENV)/.ready-test
	$(PYTEST) -n auto tests/mutation

test-trees test-live test-rust test-hooks: test-%: $(VENV)/.ready-test
	$(PYTEST) tests/$*

contract: $(VENV)/.ready-test
	$(BIN)/python tests/contract.py

series: $(VENV)/.ready-test
	cd tests && ../$(BIN)/python -m trees.write_series

$(VENV)/.ready-bench: $(VENV)/.ready-test
	@echo "Adding what the bench compares with to $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

bench: $(VENV)/.ready-bench
	cd tests && ../$(BIN)/python -m bench.run --write $(BENCH)

docs: gen $(VENV)/.ready-docs
	$(PYTEST) tests/docs

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +
