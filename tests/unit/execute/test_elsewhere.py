"""Where else the path is that a COPY did not find."""

from __future__ import annotations

import pytest

from fakes.planning import planned
from fakes.tree import MemoryTree, link
from stagemill.errors import DockerfileError, Excerpt, StagemillError
from stagemill.execute.elsewhere import explained, narrowed
from stagemill.files.select import MissingSourceError


def error_of(cause: StagemillError, hint: str | None = None) -> DockerfileError:
    error = DockerfileError("it was not found", hint=hint)
    error.__cause__ = cause
    return error


def test_places_that_have_the_path_come_before_a_near_name() -> None:
    places = [
        ("the stage a has it", MemoryTree({"out": link("real"), "real/x": ""})),
        ("the stage b has it", MemoryTree({"out/y": ""})),
        ("the stage c has it", MemoryTree({"out/x": ""})),
    ]

    found = explained(error_of(MissingSourceError("out/x"), hint="did you mean y?"), places)

    assert (found.message, found.hint) == (
        "it was not found", "the stage a has it; or the stage c has it; or did you mean y?"
    )  # fmt: skip


def test_a_stage_that_was_not_built_is_told_where_it_names_the_path() -> None:
    skipped = planned("FROM scratch AS made\nWORKDIR /out\nFROM scratch\nRUN x\n").skipped

    error = error_of(MissingSourceError("out/x", there="in / there is y"))

    assert explained(error, [], skipped=skipped).hint == "the stage made names it: write --from=made"
    assert (
        explained(error, [("the stage b has it", MemoryTree({"out/x": ""}))], skipped=skipped).hint
        == "the stage b has it"
    )
    assert (
        explained(error_of(MissingSourceError("no/x", there="in / there is y")), [], skipped=skipped).hint
        == "in / there is y"
    )


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("COPY --from=a /out/x /y", "/out/x"),
        ("COPY --from=a ./out/x/ /y", "./out/x/"),
        ('COPY --from=a ["out/x", "/y"]', "out/x"),
        ("RUN --mount=type=bind,from=a,source=/out/x,target=/y true", "/out/x"),
        ("COPY --from=a /out/x /z/out/x", "/out/x"),
        ("COPY --from=a out/x out/x", "COPY --from=a out/x out/x"),
        ("COPY --from=a /out/$X /y", "COPY --from=a /out/$X /y"),
        ("COPY --from=a \\", "COPY --from=a \\"),
    ],
)
def test_the_word_that_names_the_path_is_marked_where_it_is_certain(line: str, marked: str) -> None:
    at = narrowed(Excerpt("Dockerfile", 1, 1, len(line), line), "out/x")

    assert line[at.column - 1 :][: at.length] == marked


def test_nothing_is_said_where_no_place_has_it() -> None:
    round_ = MemoryTree({"x": link("x")})

    assert explained(error_of(MissingSourceError("x/y")), [("round", round_)]).hint is None


def test_other_errors_stay_as_they_are() -> None:
    error = error_of(StagemillError("other"))

    assert explained(error, [("a", MemoryTree({"x": ""}))]) is error
