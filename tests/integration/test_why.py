"""`stagemill why` beside real builds: what was changed is what is named, alone and in pairs, and nothing where all was cached."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fakes.mill import Mill
from fakes.program import Call, caller, surround

FILE = """\
ARG SHARED=1
FROM busybox AS deps
ARG VERSION=1
ARG API_TOKEN=old-secret
ENV MODE=prod
WORKDIR /app
COPY package.json ./
RUN cat package.json > installed
RUN --mount=type=bind,source=conf,target=/conf cat /conf/x > conf.out

FROM busybox AS tool
RUN echo tool > /tool

FROM busybox AS app
COPY --from=deps /app/installed /installed
COPY --from=tool /tool /bin/tool
COPY src/ /src/
RUN cat /src/a.js > /out
"""
FILES = {
    "package.json": "{}\n",
    "conf/x": "x\n",
    "src/a.js": "a\n",
    "src/b.js": "b\n",
    "src/debug.log": "log\n",
    ".dockerignore": "**/*.log\n",
}
PACKAGE, INSTALL, CONF = "COPY package.json ./", "RUN cat package.json", "RUN --mount"
TOOL, INSTALLED, COPY_TOOL, SRC, OUT = (
    "RUN echo tool", "COPY --from=deps", "COPY --from=tool", "COPY src/ /src/", "RUN cat /src/a.js",
)  # fmt: skip
WORKDIR = "WORKDIR /app"
EVERYTHING = (WORKDIR, PACKAGE, INSTALL, CONF, TOOL, INSTALLED, COPY_TOOL, SRC, OUT)

Step = Callable[["Room"], None]


@dataclass(frozen=True)
class Room:
    """A folder that is built on a store of its own."""

    folder: Path
    call: Call

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def build(self, *flags: str, status: int = 0) -> None:
        said = self.call("build", "--progress=quiet", *flags, ".")
        assert said.status == status, said.err

    def why(self, *flags: str) -> dict[str, Any]:
        said = self.call("why", "--json", *flags)
        assert said.status == 0, said.err
        found: dict[str, Any] = json.loads(said.out)
        return found


def edit(old: str, new: str) -> Step:
    def change(room: Room) -> None:
        text = (room.folder / "Dockerfile").read_text()
        assert text.count(old) == 1, old
        room.write("Dockerfile", text.replace(old, new))

    return change


def write(name: str, text: str) -> Step:
    return lambda room: room.write(name, text)


def remove(name: str) -> Step:
    return lambda room: (room.folder / name).unlink()


def mode(name: str, bits: int) -> Step:
    return lambda room: (room.folder / name).chmod(bits)


def prune(room: Room) -> None:
    assert room.call("prune", "--all", "--force").status == 0


def move_base(room: Room) -> None:
    other = room.folder.parent / "other"
    other.mkdir()
    (other / "Dockerfile").write_text("FROM busybox\nRUN echo moved > /moved\n")
    assert room.call("build", "--progress=quiet", "-t", "busybox", str(other)).status == 0


def link(room: Room) -> None:
    (room.folder / "src/b.js").unlink()
    (room.folder / "src/b.js").symlink_to("a.js")


def owner(room: Room) -> None:
    os.chown(room.folder / "src/a.js", 7, 7)


@dataclass(frozen=True)
class Case:
    """What is done between two builds, with which flags the second runs, and the causes that must be named, by step.

    A cause is `kind: a part of its text`; steps that `parent` has must run for what they stand on.
    """

    name: str
    steps: tuple[Step, ...]
    causes: Mapping[str, str]
    parent: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)


ALONE = [
    Case("nothing", (), {}),
    Case("a comment", (edit("FROM busybox AS tool", "# why\nFROM busybox AS tool"),), {}),
    Case("a time", (lambda room: os.utime(room.folder / "src/a.js", (1, 1)),), {}),
    Case("an owner of a context file, which counts for nothing", (owner,), {}),
    Case("content", (write("src/a.js", "A\n"),), {SRC: "file: src/a.js changed (content)"}, (OUT,)),
    Case("mode", (mode("src/a.js", 0o755),), {SRC: "file: src/a.js changed (mode)"}, (OUT,)),
    Case("added", (write("src/c.js", "c\n"),), {SRC: "file: src/c.js is new"}, (OUT,)),
    Case("added in a new folder", (write("src/d/e.js", "e\n"),), {SRC: "file: src/d/e.js is new"}, (OUT,)),
    Case("removed", (remove("src/b.js"),), {SRC: "file: src/b.js is gone"}, (OUT,)),
    Case("another type", (link,), {SRC: "file: src/b.js changed (type)"}, (OUT,)),
    Case("ignored before", (write(".dockerignore", "# none\n"),), {SRC: "file: src/debug.log is not ignored any more"}, (OUT,)),
    Case("ignored now", (write(".dockerignore", "**/*.log\nsrc/b.js\n"),), {SRC: "file: src/b.js is ignored now"}, (OUT,)),
    Case("a file of one COPY", (write("package.json", "{1}\n"),), {PACKAGE: "file: package.json changed (content)"}, (INSTALL, CONF, INSTALLED, COPY_TOOL, SRC, OUT)),
    Case("mount source", (write("conf/x", "y\n"),), {CONF: "mount: conf/x changed (content), which it mounts"}),
    Case("mount source added", (write("conf/y", "y\n"),), {CONF: "mount: conf/y is new"}),
    Case("text of a RUN", (edit("> /out", "> /result"),), {OUT: "instruction: RUN cat /src/a.js > [-/out-] {+/result+}"}),
    Case("text of a COPY", (edit("src/ /src/", "src/ /src"),), {SRC[:9]: "instruction: COPY src/ [-/src/-] {+/src+}"}, (OUT,)),
    Case("a flag in the text", (edit("RUN echo tool", "RUN --network=none echo tool"),), {"RUN --network": "instruction: RUN {+--network=none+} echo"}),
    Case("a new instruction", (edit("RUN echo tool", "RUN true\nRUN echo tool"),), {"RUN true": "instruction: the instruction is new"}, (TOOL,)),
    Case("an instruction that is gone", (edit("COPY package.json ./\n", "COPY package.json ./\nRUN true\n"), lambda room: room.build(), edit("RUN true\n", ""), prune), dict.fromkeys(EVERYTHING, "pruned: ")),
    Case("an instruction is gone in the middle", (edit("COPY --from=tool /tool /bin/tool\n", ""),), {SRC: "instruction: COPY --from=tool /tool /bin/tool is gone (was line 16)"}, (OUT,)),
    Case("two change places", (edit("COPY --from=deps /app/installed /installed\nCOPY --from=tool /tool /bin/tool\n", "COPY --from=tool /tool /bin/tool\nCOPY --from=deps /app/installed /installed\n"),), {COPY_TOOL: "instruction: "}, (INSTALLED, SRC, OUT)),
    Case("USER", (edit("WORKDIR /app\n", "WORKDIR /app\nUSER 0:0\n"),), {INSTALL: "instruction: USER was root, is 0:0", CONF: "instruction: USER was root"}),
    Case("SHELL", (edit("RUN echo tool", 'SHELL ["/bin/sh", "-ec"]\nRUN echo tool'),), {TOOL: "instruction: SHELL was /bin/sh -c, is /bin/sh -ec"}),
    Case("WORKDIR", (edit("WORKDIR /app", "WORKDIR /app/sub"), edit("/app/installed", "/app/sub/installed")), {"WORKDIR": "instruction: WORKDIR [-/app-] {+/app/sub+}", PACKAGE: "instruction: its destination was /app/, is /app/sub/", INSTALL: "instruction: WORKDIR was /app, is /app/sub", CONF: "instruction: WORKDIR was /app", INSTALLED: "instruction: "}, (COPY_TOOL, SRC, OUT)),
    Case("ARG by flag", (), {INSTALL: "arg: ARG VERSION was 1, is 2", CONF: "arg: ARG VERSION was 1, is 2"}, flags=("--build-arg", "VERSION=2")),
    Case("ARG by default", (edit("VERSION=1", "VERSION=3"),), {INSTALL: "arg: ARG VERSION was 1, is 3", CONF: "arg: ARG VERSION"}),
    Case("ARG that is new", (edit("ARG VERSION=1", "ARG VERSION=1\nARG MORE=x"),), {INSTALL: "arg: ARG MORE is new, x", CONF: "arg: ARG MORE"}),
    Case("ARG that is gone", (edit("ARG VERSION=1\n", ""),), {INSTALL: "arg: ARG VERSION is gone, was 1", CONF: "VERSION is gone"}),
    Case("a secret ARG", (), {INSTALL: "arg: ARG API_TOKEN has another value (secret)", CONF: "API_TOKEN"}, flags=("--build-arg", "API_TOKEN=new-secret")),
    Case("ENV", (edit("MODE=prod", "MODE=dev"),), {INSTALL: "env: ENV MODE was prod, is dev", CONF: "env: ENV MODE"}),
    Case("the base of all", (move_base,), {WORKDIR: "base: busybox:latest moved from ", TOOL: "base: ", INSTALLED: "base: "}, (PACKAGE, INSTALL, CONF, COPY_TOOL, SRC, OUT)),
    Case("another base", (edit("FROM busybox AS tool", "FROM deps AS tool"),), {TOOL: "base: it begins from deps, was "}),
    Case("--no-cache", (), dict.fromkeys(EVERYTHING, "no-cache: --no-cache"), flags=("--no-cache",)),
    Case("--no-cache-filter", (), {TOOL: "no-cache: --no-cache-filter tool"}, flags=("--no-cache-filter", "tool")),
    Case("--rerun", (), {TOOL: "no-cache: --rerun"}, flags=("--rerun", "tool")),
    Case("--add-host", (), dict.fromkeys((INSTALL, CONF, TOOL, OUT), "flag: --add-host was not given, is db"), flags=("--add-host", "db:127.0.0.1")),
    Case("--ulimit", (), dict.fromkeys((INSTALL, CONF, TOOL, OUT), "flag: --ulimit was not given, is nofile:99:99"), flags=("--ulimit", "nofile=99:99")),
    Case("--shm-size", (), dict.fromkeys((INSTALL, CONF, TOOL, OUT), "flag: --shm-size was not given, is 2097152"), flags=("--shm-size", "2m")),
    Case("--network", (), dict.fromkeys((INSTALL, CONF, TOOL, OUT), "flag: --network was default, is none"), flags=("--network", "none")),
    Case("pruned", (prune,), dict.fromkeys(EVERYTHING, "pruned: pruned: what build 2 had")),
    Case("built before, and again", (write("src/a.js", "A\n"), lambda room: room.build(), write("src/a.js", "a\n")), {}),
]  # fmt: skip
PAIRS = [
    Case("content and mode", (write("src/a.js", "A\n"), mode("src/a.js", 0o755)), {SRC: "file: src/a.js changed (mode, content)"}, (OUT,)),
    Case("a file and a mount", (write("src/a.js", "A\n"), write("conf/x", "z\n")), {SRC: "file: src/a.js", CONF: "mount: conf/x"}, (OUT,)),
    Case("a file and the text after it", (write("src/a.js", "A\n"), edit("> /out", "> /o")), {SRC: "file: src/a.js", OUT: "instruction: "}, also={OUT: "parent: after line 17"}),
    Case("two files of two stages", (write("src/a.js", "A\n"), write("package.json", "1\n")), {SRC: "file: src/a.js", PACKAGE: "file: package.json"}, (INSTALL, CONF, INSTALLED, COPY_TOOL, OUT), also={SRC: "parent: "}),
    Case("ARG and ENV", (edit("MODE=prod", "MODE=dev"),), {INSTALL: "arg: ARG VERSION was 1, is 2", CONF: "arg: "}, flags=("--build-arg", "VERSION=2"), also={INSTALL: "env: ENV MODE was prod, is dev"}),
    Case("ARG and a file above", (write("package.json", "1\n"),), {PACKAGE: "file: package.json", INSTALL: "arg: ARG VERSION", CONF: "arg: "}, (INSTALLED, COPY_TOOL, SRC, OUT), flags=("--build-arg", "VERSION=2"), also={INSTALL: "parent: after line 7"}),
    Case("text and a flag", (edit("> /out", "> /o"),), {OUT: "instruction: ", **dict.fromkeys((INSTALL, CONF, TOOL), "flag: --add-host")}, flags=("--add-host", "db:1.2.3.4"), also={OUT: "flag: --add-host"}),
    Case("base and a file", (move_base, write("src/a.js", "A\n")), {WORKDIR: "base: ", TOOL: "base: ", INSTALLED: "base: ", SRC: "file: src/a.js"}, (PACKAGE, INSTALL, CONF, COPY_TOOL, OUT), also={SRC: "parent: "}),
    Case("base and text", (move_base, edit("echo tool", "echo tool2")), {WORKDIR: "base: ", "RUN echo tool2": "instruction: RUN echo [-tool-] {+tool2+}", INSTALLED: "base: "}, (PACKAGE, INSTALL, CONF, COPY_TOOL, SRC, OUT), also={"RUN echo tool2": "base: "}),
    Case("pruned and a file", (prune, write("src/a.js", "A\n")), {**dict.fromkeys((WORKDIR, PACKAGE, INSTALL, CONF, TOOL, INSTALLED, COPY_TOOL), "pruned: "), SRC: "file: src/a.js"}, (OUT,)),
    Case("--no-cache-filter and a file", (write("src/a.js", "A\n"),), {TOOL: "no-cache: ", SRC: "file: src/a.js"}, (OUT,), flags=("--no-cache-filter", "tool")),
    Case("--rerun and ARG", (), {TOOL: "no-cache: --rerun", INSTALL: "arg: ", CONF: "arg: "}, flags=("--rerun", "tool", "--build-arg", "VERSION=2")),
    Case("a new instruction and a file below", (edit("COPY src/", "RUN true\nCOPY src/"), write("src/a.js", "A\n")), {"RUN true": "instruction: the instruction is new", SRC: "file: src/a.js"}, (OUT,), also={SRC: "parent: after line 17 (RUN true"}),
    Case("ignored before, and new", (write(".dockerignore", "# none\n"), write("src/new.js", "")), {SRC: "file: src/debug.log is not ignored any more, src/new.js is new"}, (OUT,)),
    Case("the nearest of two builds tells", (write("src/a.js", "A\n"), lambda room: room.build("--build-arg", "VERSION=2"), write("src/a.js", "a\n"), edit("> /out", "> /o")), {OUT: "instruction: "}),
]  # fmt: skip


@pytest.fixture
def room(
    base: Mill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Room:
    copy = Mill(base.root, tmp_path / "nothing").copy(tmp_path / "mill")
    surround(monkeypatch, home=tmp_path, store=copy.root, folder=copy.folder)
    room = Room(copy.folder, caller(monkeypatch, capfdbinary))
    for name, text in {"Dockerfile": FILE, **FILES}.items():
        room.write(name, text)
    return room


@pytest.mark.parametrize("case", [*ALONE, *PAIRS], ids=lambda case: case.name)
def test_the_cause_that_is_named_is_what_was_changed(case: Case, room: Room) -> None:
    all_stages = ("--also", "deps")
    room.build(*all_stages, *case.first)
    for step in case.steps:
        step(room)

    room.build(*all_stages, *case.flags)

    found = {one["text"]: one for one in room.why()["steps"]}
    wanted = {**case.causes, **dict.fromkeys(case.parent, "parent: ")}
    assert {text: f"{one['cause']['kind']}: {one['cause']['text']}" for text, one in found.items()} == {
        text: _Holding(cause) for prefix, cause in wanted.items() for text in [_named(prefix, found)]
    }
    for prefix, cause in case.also.items():
        told = [f"{other['kind']}: {other['text']}" for other in found[_named(prefix, found)]["also"]]
        assert any(cause in text for text in told), told
    assert "new-secret" not in json.dumps(found)
    assert "old-secret" not in json.dumps(found)
    for one in found.values():
        if one["cause"]["kind"] == "parent":
            (root,) = [other for other in found.values() if other["id"] == one["cause"]["root"]]
            assert root["cause"]["kind"] != "parent"


def _named(prefix: str, found: Mapping[str, Any]) -> str:
    return next((text for text in found if text.startswith(prefix)), prefix)


class _Holding(str):
    """Equal to every text that holds it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and str(self) in str(other)

    __hash__ = str.__hash__


def test_what_was_never_built_says_so(room: Room) -> None:
    room.build("--target", "tool")

    (step,) = room.why()["steps"]
    assert (step["cause"]["kind"], step["cause"]["text"]) == ("never built", "no step like it was built here")


def test_a_step_that_failed_runs_again_because_it_failed(room: Room) -> None:
    room.write("Dockerfile", "FROM busybox\nRUN echo one\nRUN test -e /nowhere || exit 3\nRUN echo two\n")
    room.build(status=1)
    failed = room.why()
    assert (failed["result"], [step["state"] for step in failed["steps"]]) == ("failed", ["ran", "failed"])

    room.build(status=1)

    (step,) = room.why()["steps"]
    assert step["cause"]["kind"] == "unfinished"
    assert re.fullmatch(r"it failed in build \d+", step["cause"]["text"])
