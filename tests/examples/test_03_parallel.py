"""A front end and a back end that wait for nobody but the last stage."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "03-parallel"
BASES = ("node:22", "golang:1.23", "gcr.io/distroless/static")


def test_both_stages_run_at_the_same_time(example: Example) -> None:
    built = example.build("--no-cache", "--progress=rawjson")

    frontend, backend = _span(built.err, "RUN npm ci"), _span(built.err, "RUN CGO_ENABLED=0 go build")
    assert max(frontend[0], backend[0]) < min(frontend[1], backend[1])


def _span(text: str, instruction: str) -> tuple[datetime, datetime]:
    """When a step began and ended."""
    reports = (vertex for line in text.splitlines() for vertex in json.loads(line).get("vertexes", ()))
    end = next(report for report in reports if f"] {instruction}" in report["name"] and "completed" in report)
    return datetime.fromisoformat(end["started"]), datetime.fromisoformat(end["completed"])


def test_the_image_serves_the_page_and_the_time(example: Example) -> None:
    example.build()

    assert example.run("-check").splitlines() == ["200 /", "200 /main.js", "200 /api/time?zone=Asia/Tokyo"]
    assert example.config()["Entrypoint"] == ["/server"]


def test_an_edit_of_the_page_leaves_the_server_alone(example: Example) -> None:
    example.build()
    example.edit("frontend/src/index.html", "<title>Clock</title>", f"<title>{example.word}</title>")

    again = example.build()

    assert "RUN CGO_ENABLED=0 go build -o server ." in again.cached
    assert "RUN npm ci && npm run build" in again.done
