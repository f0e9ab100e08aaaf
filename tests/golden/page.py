"""`Page`: one mistake as a text file: what a person wrote, the command, and all that is printed, to be read as that person would.

    A title, in one line.

    --- Dockerfile
    FROM busybox
    --- prog (base64)
    f0VMRg==
    --- $ stagemill build .
    error: …
    --- exit status 1

Other sections are files; `setup` is run by a shell before the command, `stdin` is piped into it, `environment` has variables,
and `with` names what else is there (see perform.py). Everything from the command on is written by regenerate.py.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

PAGES = Path(__file__).parent / "pages"
_MARK = "--- "
_COMMAND = "$ "
_OUTPUT = "standard output"
_STATUS = "exit status "
_BASE64 = " (base64)"
_SPECIAL = ("setup", "stdin", "environment", "with")


@dataclass(frozen=True)
class Page:
    """`files` are in the order of the page; `error` is what is printed to standard error, `output` to the other one."""

    title: str
    command: str
    files: Mapping[str, bytes]
    special: Mapping[str, bytes] = field(default_factory=dict)
    error: str = ""
    output: str = ""
    status: int = 0

    @property
    def arguments(self) -> list[str]:
        """Those of the program, whose name the command begins with."""
        name, *rest = shlex.split(self.command)
        assert name == "stagemill", self.command
        return rest

    @property
    def environment(self) -> dict[str, str]:
        lines = self.special.get("environment", b"").decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def needs(self) -> list[str]:
        return self.special.get("with", b"").decode().split()

    def outcome(self, *, error: str, output: str, status: int) -> Page:
        return replace(self, error=error, output=output, status=status)

    def render(self) -> str:
        parts = [f"{self.title}\n\n"]
        for name, data in [*self.special.items(), *self.files.items()]:
            parts += _section(name, data)
        parts += [f"{_MARK}{_COMMAND}{self.command}\n", self.error]
        if self.output:
            parts += [f"{_MARK}{_OUTPUT}\n", self.output]
        return "".join([*parts, f"{_MARK}{_STATUS}{self.status}\n"])


def parse(text: str) -> Page:
    head, *sections = f"\n{text}".split(f"\n{_MARK}")
    files: dict[str, bytes] = {}
    special: dict[str, bytes] = {}
    found: dict[str, str] = {}
    command, status = "", 0
    for section in sections:
        name, _, body = section.partition("\n")
        body = f"{body}\n" if body and not body.endswith("\n") else body
        if name.startswith(_COMMAND):
            command, found["error"] = name.removeprefix(_COMMAND), body
        elif name == _OUTPUT:
            found["output"] = body
        elif name.startswith(_STATUS):
            status = int(name.removeprefix(_STATUS))
        else:
            known = name.removesuffix(_BASE64)
            data = base64.b64decode(body) if name.endswith(_BASE64) else body.encode()
            (special if known in _SPECIAL else files)[known] = data
    return Page(head.strip(), command, files, special, found.get("error", ""), found.get("output", ""), status)


def _section(name: str, data: bytes) -> list[str]:
    try:
        text = data.decode()
        if text == "" or (text.endswith("\n") and "\r" not in text and "\0" not in text):
            return [f"{_MARK}{name}\n", text]
    except UnicodeDecodeError:
        pass
    return [f"{_MARK}{name}{_BASE64}\n", base64.encodebytes(data).decode()]


def pages() -> dict[str, Path]:
    """All there are, by name."""
    return {path.stem: path for path in sorted(PAGES.glob("*.txt"))}
