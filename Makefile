# The commands of the project. `demo`, `test`, `bench` and `growth` install all that they need on a bare Debian 12.
BIN := .venv/bin

.PHONY: demo test lint format bench growth tools-demo tools-test tools-bench

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

growth: tools-bench
	@$(BIN)/python bench/growth.py $(GROWTH)

tools-demo tools-test tools-bench: tools-%:
	@scripts/install-tools $*
