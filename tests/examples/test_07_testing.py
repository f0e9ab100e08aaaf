"""A stage for the tests: they can fail a build, and production does without them."""

from __future__ import annotations

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "07-testing"
BASES = ("node:22", "node:22-slim")


def test_the_tester_passes_and_shows_the_tests(example: Example) -> None:
    tested = example.build("--no-cache", "--target=tester", tag="tester")

    assert "ok 2 - tax is added to the sum" in tested.err
    assert "# fail 0" in tested.err


def test_the_tester_fails_the_build_when_a_test_fails(example: Example) -> None:
    example.edit("src/price.ts", "100 + tax", "100 - tax")

    failed = example.try_build("--target=tester", tag="tester")

    assert failed.status == 1
    assert "not ok 2 - tax is added to the sum" in failed.err
    assert "RUN npm test" in failed.err
    assert "Dockerfile:12" in failed.err
    assert "Traceback" not in failed.err


def test_production_skips_the_tests_even_where_they_would_fail(example: Example) -> None:
    example.edit("src/price.ts", "100 + tax", "100 - tax")

    built = example.build("--target=production")

    assert "tester" not in built.stages
    assert example.run("node", "dist/index.js", "100") == "81.00\n"


def test_the_production_image_has_neither_tests_nor_source(example: Example) -> None:
    example.build("--target=production")

    assert example.run("node", "dist/index.js", "9.99x3", "0.03") == "35.70\n"
    assert sorted(example.run("ls", "/app").split()) == ["dist", "node_modules"]
