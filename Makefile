# The commands of the project. `demo`, `test` and `bench` install all that they need on a bare Debian 12.
BIN := .venv/bin

.PHONY: demo test lint format bench tools-demo tools-test tools-bench

demo: tools-demo
	@scripts/demo

test: tools-test lint
	@scripts/test

lint: tools-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: tools-test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: tools-bench
	@$(BIN)/python bench/run.py $(BENCH)

tools-demo tools-test tools-bench: tools-%:
	@scripts/install-tools $*
