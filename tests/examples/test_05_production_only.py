"""The runtime installs without development packages."""

from __future__ import annotations

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "05-production-only"
BASES = ("node:22", "node:22-slim")


def test_the_runtime_has_the_packages_it_runs_with_and_no_others(example: Example) -> None:
    example.build("--no-cache")

    assert example.run("node", "dist/index.js", "--check") == '{"fahrenheit":212}\n'
    packages = example.run("ls", "node_modules").split()
    assert "fastify" in packages
    assert "typescript" not in packages


def test_the_builder_has_the_development_packages(example: Example) -> None:
    example.build("--target=builder", tag="builder")

    assert "typescript" in example.run("ls", "node_modules", tag="builder").split()


def test_the_image_is_less_than_half_of_the_builder(example: Example) -> None:
    example.build()

    assert example.saving()["target_bytes"] < 0.5 * example.saving()["build_bytes"]
