"""`stagemill lsp` as an editor meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from fakes.mill import SOURCE
from stagemill.cli.main import run

TEXT = "FROM debian:12 AS base\nFROM base AS runtime\n# why\nRUN echo 😀 && apt clean\nRUN sudo a\n"


class Client:
    """The other side of a server: requests out, messages in."""

    def __init__(self, to: IO[bytes], come: IO[bytes]) -> None:
        self._to, self._come, self._last = to, come, 0
        self.offers: dict[str, Any] = {}

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

    def found(self, uri: str = "") -> list[dict[str, Any]]:
        """The next findings that are sent, those of a document where one is named."""
        message = self.wait(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics" and uri in {"", message["params"]["uri"]}
            )
        )
        return list(message["params"]["diagnostics"])

    def open(self, uri: str, text: str) -> list[dict[str, Any]]:
        document = {"uri": uri, "languageId": "dockerfile", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self.found(uri)

    def change(self, uri: str, text: str, *, version: int) -> list[dict[str, Any]]:
        document = {"uri": uri, "version": version}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        return self.found(uri)

    def at(self, method: str, uri: str, line: int, character: int) -> Any:
        where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        return self.ask(f"textDocument/{method}", where)

    def actions(self, uri: str, line: int, **context: Any) -> list[dict[str, Any]]:
        ranged = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 1}}
        asked = {"textDocument": {"uri": uri}, "range": ranged, "context": {"diagnostics": [], **context}}
        return list(self.ask("textDocument/codeAction", asked))


@contextmanager
def editor(folder: Path, *, encodings: Sequence[str] = (), path: str = os.defpath) -> Iterator[Client]:
    command = [sys.executable, "-m", "stagemill", "lsp"]
    with subprocess.Popen(
        command,
        env={"PYTHONPATH": str(SOURCE), "PATH": path},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        client = Client(process.stdin, process.stdout)
        capabilities = {"general": {"positionEncodings": list(encodings)}} if encodings else {}
        started = client.ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        client.offers = started["capabilities"]
        client.tell("initialized", {})
        yield client
        client.ask("shutdown", None)
        client.tell("exit", None)
        assert process.wait(60) == 0


def test_the_program_answers_an_editor(tmp_path: Path) -> None:
    uri = (tmp_path / "Dockerfile").as_uri()

    with editor(tmp_path) as client:
        first = client.open(uri, "FROM debian:12 AS a\nARG A\nRUN cp $A b\n")
        second = client.change(uri, TEXT, version=2)
        shown = client.at("hover", uri, 1, 6)
        place = client.at("definition", uri, 1, 6)
        offered = client.actions(uri, 3)
        others = client.actions(uri, 3, only=["refactor"])

    assert client.offers["textDocumentSync"]["change"] == 1
    assert [d["code"] for d in first] == ["SC2086"]
    assert [d["code"] for d in second] == ["AptInsteadOfAptGet", "SudoUsed"]
    assert shown["contents"]["value"].startswith("**base**")
    assert place["range"]["start"] == {"line": 0, "character": 0}
    assert [action["title"] for action in offered] == ["write apt-get", "leave AptInsteadOfAptGet out here"]
    assert others == []


@pytest.mark.parametrize(
    ("encodings", "character"), [(["utf-8", "utf-16"], 17), (["utf-32"], 14), (["utf-16"], 15), ([], 15)]
)
def test_columns_are_those_that_were_agreed_on(tmp_path: Path, encodings: list[str], character: int) -> None:
    uri = (tmp_path / "Dockerfile").as_uri()

    with editor(tmp_path, encodings=encodings) as client:
        found = client.open(uri, TEXT)
        (fix, _) = client.actions(uri, 3)
        shown = client.at("hover", uri, 1, 6)

    assert client.offers["positionEncoding"] == (encodings or ["utf-16"])[0]
    assert found[0]["range"]["start"] == {"line": 3, "character": character}
    assert fix["edit"]["changes"][uri][0]["range"]["start"] == {"line": 3, "character": character}
    assert shown["range"]["start"] == {"line": 1, "character": 5}


def test_documents_are_apart_and_one_that_is_closed_has_no_findings(tmp_path: Path) -> None:
    one, two = (tmp_path / "Dockerfile").as_uri(), (tmp_path / "b c" / "Dockerfile").as_uri()

    with editor(tmp_path) as client:
        first = client.open(one, "FROM debian:12\nRUN sudo a\n")
        second = client.open(two, "FRAM debian\n")
        untitled = client.open("untitled:Untitled-1", "FROM debian:12 AS x\nFROM x\nRUN sudo a\n")
        place = client.at("definition", "untitled:Untitled-1", 1, 5)
        broken = client.at("hover", two, 0, 6), client.actions(two, 0)
        mended = client.change(two, "FROM debian:12\n", version=2)
        client.tell("textDocument/didClose", {"textDocument": {"uri": one}})
        closed = client.found(one)

    assert [d["code"] for d in first] == ["SudoUsed"]
    assert [d["message"] for d in second] == ["unknown instruction `FRAM`\ndid you mean FROM?"]
    assert [d["code"] for d in untitled] == ["unnamed-stage", "SudoUsed"]
    assert place["uri"] == "untitled:Untitled-1"
    assert broken == (None, [])
    assert (mended, closed) == ([], [])


def test_a_large_file_is_answered_and_a_shellcheck_that_fails_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "shellcheck"
    broken.write_text("#!/bin/sh\necho no >&2\nexit 9\n")
    broken.chmod(0o755)
    uri = (tmp_path / "Dockerfile").as_uri()
    text = "FROM debian:12\n" + "RUN sudo a\nENV A=1\n" * 700

    with editor(tmp_path, path=f"{tmp_path}:{os.defpath}") as client:
        document = {"uri": uri, "languageId": "dockerfile", "version": 1, "text": text}
        client.tell("textDocument/didOpen", {"textDocument": document})
        told = client.wait(lambda message: message.get("method") == "window/showMessage")
        found = client.found(uri)

    assert told["params"]["message"].endswith("ended with status 9: no\nleave it out: --no-shellcheck")
    assert [d["range"]["start"]["line"] for d in found if d["code"] == "SudoUsed"] == list(range(1, 1401, 2))


def test_without_pygls_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    assert run(["lsp"]) == 1
    assert capsys.readouterr().err == "error: pygls is not installed\nhint: pip install 'stagemill[lsp]'\n"
