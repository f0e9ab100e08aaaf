"""A build argument that chooses a stage."""

from __future__ import annotations

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "08-conditional"
BASES = ("node:22",)


def test_the_argument_chooses_the_stage_and_the_other_is_not_built(example: Example) -> None:
    built = example.build("--no-cache", "--build-arg=BUILD_ENV=dev", tag="dev")

    assert "deps-dev" in built.stages
    assert "deps-prod" not in built.stages
    assert example.run(tag="dev") == "dev\n"


def test_without_the_argument_the_default_is_taken(example: Example) -> None:
    built = example.build(tag="prod")

    assert "deps-prod" in built.stages
    assert "deps-dev" not in built.stages
    assert example.run("node", "index.js", "--json", tag="prod") == '{"environment":"prod","missing":["prettier"]}\n'


def test_the_page_s_form_ignores_the_argument_and_the_build_says_so(example: Example) -> None:
    built = example.build("-f", "Dockerfile.page", "--build-arg=BUILD_ENV=dev", tag="page")

    assert example.run(tag="page") == "prod\n"
    assert "--build-arg BUILD_ENV has no effect" in built.err


def test_an_argument_that_names_no_stage_is_an_error(example: Example) -> None:
    failed = example.try_build("--build-arg=BUILD_ENV=test")

    assert failed.status == 1
    assert "deps-test" in failed.err
    assert "Traceback" not in failed.err
