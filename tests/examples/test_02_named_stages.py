"""Stages by name: a target builds what it needs and nothing else."""

from __future__ import annotations

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "02-named-stages"
BASES = ("node:22", "node:22-slim")


def test_the_production_target_serves_one_bundled_file_as_an_ordinary_user(example: Example) -> None:
    built = example.build("--no-cache", "--target=production", tag="production")

    assert built.stages == {"deps", "builder", "production"}
    assert example.run("node", "dist/index.js", "--check", tag="production") == "302 https://example.org/a/long/path\n"
    assert example.run("sh", "-c", "id -un && ls /app", tag="production") == "node\ndist\n"


def test_the_dev_target_runs_the_source_and_takes_the_packages_from_the_cache(example: Example) -> None:
    example.build("--target=production", tag="production")

    built = example.build("--target=dev", tag="dev")

    assert built.stages == {"deps", "dev"}
    assert "RUN npm ci" in built.cached
    assert example.config("dev")["Cmd"] == ["npm", "run", "dev"]
    assert example.run("node", "src/index.mts", "--check", tag="dev") == "302 https://example.org/a/long/path\n"


def test_a_target_that_is_misspelt_is_named_with_the_nearest_stage(example: Example) -> None:
    failed = example.try_build("--target=prodution")

    assert failed.status in {1, 2}
    assert "prodution" in failed.err
    assert "production" in failed.err
    assert "Traceback" not in failed.err
