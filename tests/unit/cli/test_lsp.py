"""`stagemill lsp` as an editor meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
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
