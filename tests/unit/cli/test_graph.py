"""`stagemill graph`: a build that was, and one that would be, in the languages of pictures."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from fakes.program import Call

TEXT = """\
FROM scratch AS a
COPY one /one
FROM scratch AS unused
COPY one /x
FROM scratch AS web
COPY --from=a /one /two
"""

pytestmark = pytest.mark.root


@pytest.fixture(autouse=True)
def project(folder: Path) -> Path:
    (folder / "one").write_text("12345")
    (folder / "Dockerfile").write_text(TEXT)
    return folder


def test_what_would_be_built_is_drawn_and_nothing_is_built(stagemill: Call) -> None:
    lines = [" ".join(line.split()) for line in stagemill("graph", ".").out.splitlines()]

    assert lines[0] == "what a build of web would do"
    assert "┃ ● 2 COPY one /one" in lines
    assert "web (target) FROM scratch" in lines
    assert "skipped: unused (not needed by web)" in lines
    assert stagemill("builds", "-q").out == ""


def test_what_was_built_is_drawn_with_sizes(stagemill: Call, project: Path) -> None:
    stagemill("build", "-q", ".")
    (project / "Dockerfile").unlink()

    whole = json.loads(stagemill("graph", "--format", "json").out)

    assert whole["heading"] == "build 1 of web"
    assert [(stage["title"], stage["base"], stage["role"]) for stage in whole["stages"]] == [
        ("a", "scratch", ""),
        ("web", "scratch", "target"),
    ]
    (step,) = whole["stages"][1]["steps"]
    assert (step["text"], step["state"], step["size"], step["line"]) == ("COPY --from=a /one /two", "ran", 5, 6)
    assert whole["arrows"] == [{"from": "a", "to": "web", "step": 0, "way": "reads", "begin": None}]
    assert whole["critical_path"][-1] == step["id"]


def test_one_from_the_cache_says_so(stagemill: Call) -> None:
    stagemill("build", "-q", ".")
    stagemill("build", "-q", ".")

    steps = [
        step
        for stage in json.loads(stagemill("graph", "--build", "2", "--format", "json").out)["stages"]
        for step in stage["steps"]
    ]

    assert [(step["state"], step["size"], step["critical"]) for step in steps] == [("cached", 5, False)] * 2
    planned = json.loads(stagemill("graph", "--format", "json", ".").out)
    assert [step["size"] for stage in planned["stages"] for step in stage["steps"]] == [5, 5]
    assert planned["skipped"] == [{"title": "unused", "why": "not needed by web"}]


def test_it_is_drawn_in_other_languages(stagemill: Call) -> None:
    stagemill("build", "-q", ".")

    assert ET.fromstring(stagemill("graph", "--format", "svg").out).tag == "{http://www.w3.org/2000/svg}svg"
    assert stagemill("graph", "--format", "mermaid").out.startswith("flowchart LR\n")
    assert '"step a 0" -> "step web 0" [style=dashed];' in stagemill("graph", "--format", "dot").out


@pytest.mark.parametrize(
    ("arguments", "said", "status"),
    [
        ((), "error: nothing was built here yet\nhint: stagemill build . builds this directory\n", 1),
        (("--target", "a"), "error: --target is for a build that would be\nhint: name its PATH: stagemill graph --target … .\n", 2),
        (("--build", "1", "."), "error: --build and a PATH exclude each other\nhint: leave out PATH for a build that was, --build for one that would be\n", 2),
    ],
)  # fmt: skip
def test_what_there_is_not_cannot_be_drawn(stagemill: Call, arguments: tuple[str, ...], said: str, status: int) -> None:
    answer = stagemill("graph", *arguments)

    assert (answer.status, answer.err, answer.out) == (status, said, "")
