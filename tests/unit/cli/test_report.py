"""`stagemill report` and `build --report`: where the page goes, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.program import Call

pytestmark = pytest.mark.root


@pytest.fixture(autouse=True)
def project(folder: Path) -> Path:
    (folder / "one").write_text("12345")
    (folder / "src").mkdir()
    (folder / "src/large").write_text("x" * 1000)
    (folder / "src/small").write_text("x" * 10)
    (folder / "Dockerfile").write_text(
        "FROM scratch AS a\nCOPY one /one\nCOPY src /opt/app/src\nFROM scratch\nCOPY --from=a /one /two\n"
    )
    return folder


def test_the_page_of_the_last_build_is_a_file(stagemill: Call, project: Path) -> None:
    stagemill("build", "-q", ".")

    said = stagemill("report")

    assert (said.status, said.out, said.err) == (0, "", "report.html: the page of build 1 of stage-1\n")
    page = (project / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "<title>build 1 of stage-1</title>" in page


def test_programs_read_the_same_as_json(stagemill: Call, project: Path) -> None:
    stagemill("build", "-q", ".")

    whole = json.loads(stagemill("report", "--json").out)

    assert [step["line"] for step in whole["steps"]] == [2, 3, 5]
    assert stagemill("report", "--json", "-o", "a.json").out == ""
    assert json.loads((project / "a.json").read_text()) == whole


def test_sizes_are_by_stage_step_and_directory(stagemill: Call, project: Path) -> None:
    with (project / "Dockerfile").open("a") as file:
        file.write("COPY --from=a /opt /opt\n")
    stagemill("build", "-q", ".")

    stages = json.loads(stagemill("report", "--json").out)["sizes"]

    assert [(stage["name"], stage["target"], [step["size"] for step in stage["children"]]) for stage in stages] == [
        ("a", False, [5, 1010]),
        ("stage-1", True, [5, 1010]),
    ]
    (opt,) = stages[0]["children"][1]["children"]
    assert (opt["name"], opt["size"]) == ("opt", 1010)
    assert opt["children"] == [{"name": "app", "size": 1010, "children": [{"name": "src", "size": 1010}]}]


def test_a_build_writes_its_page_when_it_is_over(stagemill: Call, project: Path) -> None:
    assert stagemill("build", "-q", "--report", "out.html", ".").status == 0
    assert "<title>build 1 of " in (project / "out.html").read_text()

    assert stagemill("build", "-q", "--report", "out.html", ".").status == 0
    page = (project / "out.html").read_text()
    assert "<title>build 2 of " in page
    assert "Nothing ran: every step was cached." in page


def test_a_build_whose_copy_fails_has_a_page_too(stagemill: Call, project: Path) -> None:
    (project / "Dockerfile").write_text("FROM scratch AS a\nCOPY one /one\nFROM scratch\nCOPY --from=a /gone /b\n")

    assert stagemill("build", "-q", "--report", "out.html", ".").status == 1

    assert '<span class="badge failed">failed</span>' in (project / "out.html").read_text()


def test_one_that_was_never_planned_has_none(stagemill: Call, project: Path) -> None:
    (project / "Dockerfile").write_text("FROM scratch\nCOPY missing /b\n")

    said = stagemill("build", "-q", "--report", "out.html", ".")

    assert (said.status, '"/missing": not found' in said.err) == (1, True)
    assert not (project / "out.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said", "status"),
    [
        (("report",), "error: nothing was built here yet\nhint: stagemill build . builds this directory\n", 1),
        (("report", "--build", "3", "--against", "3"), "error: --against 3 is not before build 3\nhint: name an earlier build\n", 2),
        (("build", "--report", "no/out.html", "."), "error: cannot write --report no/out.html: there is no directory no\nhint: name a file in a directory that is there\n", 2),
        (("build", "--report", "src", "."), "error: cannot write --report src: it is a directory\nhint: name a file in a directory that is there\n", 2),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(stagemill: Call, arguments: tuple[str, ...], said: str, status: int) -> None:
    answer = stagemill(*arguments)

    assert (answer.status, answer.err, answer.out) == (status, said, "")
    assert stagemill("builds", "-q").out == ""
