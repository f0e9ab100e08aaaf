"""Two stages: what builds stays behind."""

from __future__ import annotations

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "01-basic"
BASES = ("node:22", "node:22-slim")


def test_the_runtime_serves_what_the_builder_compiled(example: Example) -> None:
    example.build("--no-cache")

    assert example.run("node", "dist/index.js", "--check") == '{"message":"Hello, world!"}\n'
    assert example.config()["Cmd"] == ["node", "dist/index.js"]
    assert example.config()["WorkingDir"] == "/app"


def test_the_runtime_carries_no_source_and_less_than_half_of_the_builder(example: Example) -> None:
    example.build()

    assert sorted(example.run("ls", "/app").split()) == ["dist", "node_modules"]
    assert example.saving()["target_bytes"] < 0.5 * example.saving()["build_bytes"]


def test_a_build_of_the_same_files_carries_nothing_out(example: Example) -> None:
    example.build()

    again = example.build()

    assert {"RUN npm ci", "RUN npm run build"} <= again.cached
    assert not {step for step in again.done if step.startswith(("RUN", "COPY"))}
