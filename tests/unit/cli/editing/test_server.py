"""What an editor is told, by the functions and by the program."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from lsprotocol import types

from fakes.mill import SOURCE
from stagemill.cli.editing import server
from stagemill.cli.editing.opened import Opened
from stagemill.cli.main import run

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


class Client:
    """The other side of a server: requests out, messages in."""

    def __init__(self, to: IO[bytes], come: IO[bytes]) -> None:
        self._to, self._come, self._last = to, come, 0

    def tell(self, method: str, params: object, **more: int) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()

    def ask(self, method: str, params: object) -> Any:
        self._last += 1
        self.tell(method, params, id=self._last)
        return self.wait(lambda message: message.get("id") == self._last)["result"]

    def wait(self, wanted: Any) -> dict[str, Any]:
        while True:
            length = 0
            while (line := self._come.readline()) not in {b"\r\n", b""}:
                length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
            assert length, "the server has ended"
            message = json.loads(self._come.read(length))
            if wanted(message):
                return dict(message)

    def found(self) -> list[dict[str, Any]]:
        message = self.wait(lambda message: message.get("method") == "textDocument/publishDiagnostics")
        return list(message["params"]["diagnostics"])


@contextmanager
def editor(folder: Path) -> Iterator[Client]:
    command = [sys.executable, "-m", "stagemill", "lsp"]
    with subprocess.Popen(
        command, env={"PYTHONPATH": str(SOURCE)}, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        client = Client(process.stdin, process.stdout)
        client.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        client.tell("initialized", {})
        yield client
        client.ask("shutdown", None)
        client.tell("exit", None)
        assert process.wait(30) == 0


def test_the_program_answers_an_editor(tmp_path: Path) -> None:
    uri = (tmp_path / "Dockerfile").as_uri()
    document = {
        "uri": uri,
        "languageId": "dockerfile",
        "version": 1,
        "text": "FROM debian:12 AS a\nARG A\nRUN cp $A b\n",
    }

    with editor(tmp_path) as client:
        client.tell("textDocument/didOpen", {"textDocument": document})
        first = client.found()
        changed = {"uri": uri, "version": 2}
        client.tell("textDocument/didChange", {"textDocument": changed, "contentChanges": [{"text": TEXT}]})
        second = client.found()
        where = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 6}}
        shown = client.ask("textDocument/hover", where)
        place = client.ask("textDocument/definition", where)
        ranged = {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 1}}
        offered = client.ask(
            "textDocument/codeAction", {"textDocument": {"uri": uri}, "range": ranged, "context": {"diagnostics": []}}
        )

    assert [d["code"] for d in first] == ["SC2086"]
    assert [d["code"] for d in second] == ["AptInsteadOfAptGet", "SudoUsed"]
    assert shown["contents"]["value"].startswith("**base**")
    assert place["range"]["start"] == {"line": 0, "character": 0}
    assert [action["title"] for action in offered] == ["write apt-get", "leave AptInsteadOfAptGet out here"]


def test_without_pygls_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    assert run(["lsp"]) == 1
    assert capsys.readouterr().err == "error: pygls is not installed\nhint: pip install 'stagemill[lsp]'\n"
