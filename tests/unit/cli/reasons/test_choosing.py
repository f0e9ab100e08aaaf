"""Which steps a word names."""

from __future__ import annotations

import pytest

from fakes.pasts import Drawn
from stagemill.cli.reasons.choosing import chosen
from stagemill.errors import StagemillError
from stagemill.insight.why.past import Graph

SOURCE = "FROM x AS app\nRUN a\nRUN b; \\\n c\nCOPY d /\n"


@pytest.fixture
def graph() -> Graph:
    one = Drawn()
    one.line = 0
    one.base()
    one.run("RUN a")
    one.run("RUN b;  c")
    one.line = 4
    one.copy("COPY d /", one.context("d"))
    return one.graph(source=SOURCE)


@pytest.mark.parametrize(
    ("word", "texts"),
    [
        ("2", ["RUN a"]),
        ("4", ["RUN b;  c"]),
        ("5", ["COPY d /"]),
        ("app", ["RUN a", "RUN b;  c", "COPY d /"]),
        ("APP", ["RUN a", "RUN b;  c", "COPY d /"]),
    ],
)
def test_a_line_or_a_stage_names_steps(graph: Graph, word: str, texts: list[str]) -> None:
    assert [step.text for step in chosen(word, graph)] == texts


def test_the_beginning_of_a_digest_names_one(graph: Graph) -> None:
    (first, *_) = chosen("app", graph)

    assert chosen(first.digest, graph) == [first]
    assert chosen(first.digest[7:19], graph) == [first]


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("1", "no step of the build is at line 1", "the nearest are at 2, 3, 5"),
        ("9", "no step of the build is at line 9", "the nearest are at 2, 3, 5"),
        ("ap", "the build has no stage ap", "did you mean app? the stages with steps are app; a number is a line"),
        ("xyz", "the build has no stage xyz", "the stages with steps are app; a number is a line"),
    ],
)
def test_what_names_none_says_what_is_near(graph: Graph, word: str, message: str, hint: str) -> None:
    with pytest.raises(StagemillError) as caught:
        chosen(word, graph)

    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_build_without_steps_has_none() -> None:
    with pytest.raises(StagemillError) as caught:
        chosen("1", Graph("", "Dockerfile", ""))

    assert caught.value.hint == "it has no steps"
