"""What would have saved time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stagemill.insight.why.advice import advise
from stagemill.insight.why.causes import Cause, FileChange, Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Graph, Outcome, Past, PastStage, PastStep


def step(line: int, text: str) -> PastStep:
    return PastStep(f"sha256:{line}", {"kind": "run/3"}, (), f"[app 2/9] {text}", "app", line)


def ran(line: int, text: str, cause: Cause, *also: Cause, seconds: float = 2.0) -> Explained:
    return Explained(step(line, text), Outcome("ran", seconds), cause, also)


def told(source: str, *steps: Explained) -> list[str]:
    graph = Graph("", "Dockerfile", source, {}, (PastStage("app", 1, ("V",), {}),))
    past = Past(1, 0.0, 0.0, "built", "", "app", graph, {})
    return [one.text for one in advise(past, steps)]


VARIABLE = Cause(Kind.ARG, "ARG V was 1, is 2", "V", "1", "2")
AFTER = Cause(Kind.PARENT, "after line 3", "arg", root="sha256:3")
FILES = Cause(Kind.FILE, "src/a changed", files=(FileChange("src/a", ("content",)),))
AFTER_COPY = Cause(Kind.PARENT, "after line 2", "file", root="sha256:2")


def test_a_variable_is_moved_down_to_where_it_is_used() -> None:
    source = "FROM x AS app\nARG V=1\nRUN a\nCOPY b /\nRUN echo ${V}\n"

    assert told(
        source, ran(3, "RUN a", VARIABLE, seconds=10), ran(4, "COPY b /", AFTER), ran(5, "RUN echo ${V}", VARIABLE)
    ) == ["ARG V at line 2 is first used at line 5: moved down, 2 steps and 12 s stay cached"]


def test_one_that_is_not_used_is_moved_to_the_end() -> None:
    assert told("FROM x AS app\nENV V=1\nRUN a\n", ran(3, "RUN a", VARIABLE)) == [
        "ENV V at line 2 is not used after it: moved to the end or left out, 1 step and 2.0 s stay cached"
    ]


@pytest.mark.parametrize(
    "use", ["RUN echo $V", "RUN printenv V", "RUN <<EOF\nmake -D V\nEOF", "ENV W=${V}", "LABEL x=$V", "COPY $V /"]
)
def test_it_is_used_wherever_its_name_stands(use: str) -> None:
    assert told(f"FROM x AS app\nARG V\n{use}\nRUN b\n", ran(3, use, VARIABLE), ran(4, "RUN b", VARIABLE)) == []


def test_what_has_another_cause_too_would_have_run_anyway() -> None:
    assert told("FROM x AS app\nARG V\nRUN a\n", ran(3, "RUN a", VARIABLE, FILES)) == []


@pytest.mark.parametrize(
    ("install", "path", "advised"),
    [
        ("RUN npm ci", "src/a", True),
        ("RUN npm ci", "package-lock.json", False),
        ("RUN pip install -r requirements.txt", "app.py", True),
        ("RUN pip install -r requirements.txt", "requirements.txt", False),
        ("RUN go mod download", "main.go", True),
        ("RUN apt-get install -y curl", "any", True),
        ("RUN make", "src/a", False),
    ],
)
def test_an_install_is_moved_above_files_that_it_does_not_read(install: str, path: str, *, advised: bool) -> None:
    files = replace(FILES, files=(FileChange(path, ("content",)),))

    found = told("FROM x AS app\n", ran(2, "COPY . .", files), ran(3, install, AFTER_COPY))

    assert [
        text.startswith(f"{install} at line 3 runs after COPY . . of line 2: moved above it") for text in found
    ] == ([True] if advised else [])


def test_files_that_nobody_means_are_ignored() -> None:
    files = replace(FILES, files=(FileChange(".git/index", ("content",)), FileChange(".git/HEAD", ("added",))))

    assert told("FROM x AS app\n", ran(2, "COPY . .", files), ran(3, "RUN make", AFTER_COPY)) == [
        ".git is copied at line 2: with a line .git in .dockerignore, 2 steps and 4.0 s stay cached"
    ]


def test_what_saves_most_comes_first_and_what_cannot_be_read_has_no_advice() -> None:
    source = "FROM x AS app\nARG V\nRUN a\nARG W\nRUN b\n"
    other = Cause(Kind.ARG, "", "W")
    found = told(source, ran(3, "RUN a", VARIABLE, seconds=1), ran(5, "RUN b", other, seconds=9))

    assert [text[:5] for text in found] == ["ARG W", "ARG V"]
    assert told("NOTHING\n", ran(3, "RUN a", VARIABLE)) == []
