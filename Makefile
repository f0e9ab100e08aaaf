# The commands of the project. `demo` and `test` install all that they need on a bare Debian 12.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench tools venv format

demo: tools venv
	@scripts/demo

test: tools venv lint
	@scripts/test

lint: venv
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: venv
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: tools venv
	@$(BIN)/python bench/run.py $(BENCH)

tools:
	@scripts/install-tools

venv: $(VENV)/.done

$(VENV)/.done: pyproject.toml
	@echo "installing stagemill into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q src
	@touch $@
