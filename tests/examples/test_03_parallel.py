"""A front end and a back end that wait for nobody but the last stage."""

from __future__ import annotations

import re

import pytest

from fakes.example import Example

pytestmark = pytest.mark.network

EXAMPLE = "03-parallel"
BASES = ("node:22", "golang:1.23", "gcr.io/distroless/static")


def test_both_stages_run_at_the_same_time(example: Example) -> None:
    built = example.build("--no-cache")

    events = [line for line in built.err.splitlines() if re.search(r"(npm ci|go build|frontend/ \.|backend/ \.)", line)]
    assert len({line.split()[0] for line in events}) == 4
    assert _moments(built.err, "npm ci")[0] < _moments(built.err, "go build")[1]
    assert _moments(built.err, "go build")[0] < _moments(built.err, "npm ci")[1]


def _moments(text: str, words: str) -> tuple[int, int]:
    """The lines on which a step begins and ends."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if words in line)
    step = lines[begin].split()[0]
    end = next(number for number, line in enumerate(lines) if line.startswith(f"{step} DONE"))
    return begin, end


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
