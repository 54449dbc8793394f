# One word a job; `make demo` is the first thing to try.
.PHONY: demo env check test test-all bench clean
PYTHON ?= python3
# Threads that wait should not spin: on a busy machine that costs sixfold.
export GOMP_SPINCOUNT ?= 1000
BIN := .venv/bin
# Stamped when the environment matches the project file.
READY := .venv/.ready

demo: env
	@$(BIN)/gridlens demo

env: $(READY)

# uv where there is one; otherwise pip brings it into the environment itself, and stands in if uv is refused.
$(READY): pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  test -x $(BIN)/python || uv venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv; \
	  uv pip install --quiet --python $(BIN)/python --editable '.[dev]'; \
	else \
	  test -x $(BIN)/python || $(PYTHON) -m venv .venv; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; \
	  $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --editable '.[dev]' \
	    || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'; \
	fi
	@touch $(READY)

# format, lint, types, import contracts, house sizes
check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/house

test: env
	$(BIN)/python -m pytest

test-all: env
	$(BIN)/python -m pytest -m 'not network and not gpu'

# make bench ROWS=name,name for some
bench: env
	$(BIN)/python -m benchmarks $(if $(ROWS),--rows $(ROWS))

clean:
	rm -rf .venv runs envs/__pycache__
