"""A static program in an image from scratch."""

from __future__ import annotations

import re

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "06-static-go"
BASES = ("golang:1.23-alpine",)
CERTIFICATES = "COPY --from=builder /etc/ssl/certs"


def test_the_image_holds_the_program_and_the_certificates_and_both_work(example: Example, https_url: str) -> None:
    example.build("--no-cache")

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n", example.run("-check"))
    assert example.run("-fetch", https_url) == "200 OK\n"


def test_without_the_certificates_https_fails(example: Example, https_url: str) -> None:
    example.drop_line("Dockerfile", CERTIFICATES)
    example.build(tag="bare")

    failed = example.stagemill("run", f"{example.name}:bare", "-fetch", https_url)

    assert failed.status == 1
    assert "certificate signed by unknown authority" in failed.err


def test_the_image_is_a_small_part_of_the_builder(example: Example) -> None:
    example.build()

    assert example.saving()["target_bytes"] < 0.05 * example.saving()["build_bytes"]


def test_an_edit_of_the_source_keeps_the_modules(example: Example) -> None:
    example.build()
    example.edit("main.go", "print one id and stop", f"print one id and stop, {example.word}")

    again = example.build()

    assert "RUN go mod download" in again.cached
    assert any("go build" in step for step in again.done)
    assert not any(step.startswith(CERTIFICATES) for step in again.done)
