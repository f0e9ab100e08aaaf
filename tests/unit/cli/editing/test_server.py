"""What an editor is told, by the functions and by the program."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from stagemill.cli.editing import server
from stagemill.cli.editing.opened import Opened

TEXT = "FROM debian:12 AS base\nFROM base AS runtime\n# why\nRUN echo 😀 && apt clean\nRUN sudo a\n"
URI = "file:///Dockerfile"


def opened(text: str = TEXT) -> Opened:
    return Opened.of(text, None)


def places(found: list[types.Diagnostic]) -> list[tuple[str, int, int, int]]:
    return [(str(d.code), d.range.start.line, d.range.start.character, d.range.end.character) for d in found]


def test_columns_count_from_0_in_units_of_utf_16() -> None:
    assert places(server.diagnostics(opened())) == [("AptInsteadOfAptGet", 3, 15, 18), ("SudoUsed", 4, 4, 8)]


def test_a_text_that_cannot_be_read_has_one_mistake_at_its_place() -> None:
    (found,) = server.diagnostics(opened("FROM x\nRUM y\n"))

    assert (found.range.start.line, found.severity) == (1, types.DiagnosticSeverity.Error)
    assert "RUM" in found.message
    assert found.message.endswith("did you mean RUN?")


def test_a_fix_and_a_comment_are_offered_for_what_is_in_the_range() -> None:
    line = types.Range(types.Position(3, 0), types.Position(3, 0))

    found = list(server.actions(opened(), URI, line))

    assert [action.title for action in found] == ["write apt-get", "leave AptInsteadOfAptGet out here"]
    edits = [action.edit.changes[URI] for action in found if action.edit and action.edit.changes]
    assert [(e.range.start.line, e.range.start.character, e.new_text) for (e,) in edits] == [
        (3, 15, "apt-get"),
        (2, 0, "# check=skip=AptInsteadOfAptGet\n"),
    ]


def test_a_fix_that_changes_the_image_says_so() -> None:
    everything = types.Range(types.Position(0, 0), types.Position(9, 0))

    found = server.actions(opened("FROM alpine:3\nRUN apk add a\n"), URI, everything)

    assert next(found).title == "add --no-cache (changes the image)"


def test_a_stage_is_explained_and_found() -> None:
    on_base = types.Position(1, 6)

    shown = server.hover(opened(), on_base)
    place = server.definition(opened(), URI, on_base)

    assert shown
    assert isinstance(shown.contents, types.MarkupContent)
    assert shown.contents.value.startswith("**base**, stage 0 of 2, line 1")
    assert place
    assert (place.range.start.line, place.range.start.character) == (0, 0)
    assert server.hover(opened(), types.Position(4, 1)) is None
    assert server.hover(opened("FRAM"), on_base) is None


def test_the_settings_beside_the_file_count(tmp_path: Path) -> None:
    (tmp_path / "stagemill.toml").write_text('[lint]\nignore = ["SudoUsed"]\nexperimental = ["UserNotNumeric"]\n')

    found = server.diagnostics(Opened.of("FROM debian:12\nRUN sudo a\nUSER app\n", tmp_path / "Dockerfile"))

    assert [d.code for d in found] == ["UserNotNumeric"]


def test_wrong_settings_are_told_at_the_top(tmp_path: Path) -> None:
    (tmp_path / "stagemill.toml").write_text("[lint]\nfoo = 1\n")

    (found,) = server.diagnostics(Opened.of("FROM debian:12\n", tmp_path / "Dockerfile"))

    assert "lint has no key foo" in found.message
    assert found.range.start.line == 0
