# `make audit` and `make test` do all set-up themselves; `make check` is what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ROOMS := reference optimized models proofs toolkit

.PHONY: setup audit test check format lint types rooms mutants pin clean peers

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement constraints.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

audit: $(READY)
	$(BIN)/taifoon audit $(ARGS)

test: $(READY) peers
	$(BIN)/pytest -n auto $(ARGS)

# What the encoding is compared with, and the clients in other languages; tests skip with a reason where npm or cargo
# is absent.
peers:
	@if command -v npm >/dev/null; then for folder in tests/interop tests/clients/node; do \
	  test -d $$folder/node_modules || \
	  (cd $$folder && npm install --silent --no-package-lock --ignore-scripts --no-fund --no-audit) || \
	  echo "npm could not install the packages of $$folder: their tests will skip"; \
	done; fi
	@if command -v cargo >/dev/null && test -f tests/clients/rust/Cargo.toml; then \
	  cargo build --quiet --release --manifest-path tests/clients/rust/Cargo.toml || \
	  echo "cargo could not build the Rust client: its tests will skip"; \
	fi

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy $(ROOMS)

rooms: $(READY)
	$(BIN)/lint-imports

check: lint types rooms test audit

# How much of the reference the vectors alone hold a client to; minutes, and no part of `make check`.
mutants: $(READY)
	$(BIN)/python -c 'import cosmic_ray' 2>/dev/null || \
	  $(BIN)/pip install --quiet --require-hashes --no-deps --requirement constraints-mutants.txt
	$(BIN)/taifoon vectors mutants $(ARGS)

# Pin every dependency again; the file names no registry.
pin: $(READY)
	$(PYTHON) -m venv $(VENV)/pin
	$(VENV)/pin/bin/pip install --quiet pip-tools
	{ sed -n '/^# /p' constraints.txt; $(VENV)/pin/bin/pip-compile --quiet --upgrade --generate-hashes --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe \
	  --extra dev --extra fast --all-build-deps --output-file - pyproject.toml; } > constraints.new
	mv constraints.new constraints.txt
	{ sed -n '/^# /p' constraints-mutants.txt; $(VENV)/pin/bin/pip-compile --quiet --generate-hashes --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe \
	  --constraint constraints.txt --extra mutants --output-file - pyproject.toml | \
	  awk '/^[a-z]/ { kept = /^(attrs|cosmic-ray|parso|stevedore)==/ } kept'; } > constraints.new
	mv constraints.new constraints-mutants.txt

clean:
	rm -rf $(VENV) tests/interop/node_modules tests/clients/node/node_modules tests/clients/rust/target audit build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
