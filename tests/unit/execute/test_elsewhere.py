"""Where else the path is that a COPY did not find."""

from __future__ import annotations

from fakes.tree import MemoryTree, link
from stagemill.errors import DockerfileError, StagemillError
from stagemill.execute.elsewhere import explained
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


def test_nothing_is_said_where_no_place_has_it() -> None:
    round_ = MemoryTree({"x": link("x")})

    assert explained(error_of(MissingSourceError("x/y")), [("round", round_)]).hint is None


def test_other_errors_stay_as_they_are() -> None:
    error = error_of(StagemillError("other"))

    assert explained(error, [("a", MemoryTree({"x": ""}))]) is error
