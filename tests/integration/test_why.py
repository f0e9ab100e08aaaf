"""`stagemill why` beside real builds: what was changed is what is named, alone and in pairs, and nothing where all was cached."""

from __future__ import annotations

import json
import os
import re
import sys
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


def image(name: str, text: str, more: str = "") -> Step:
    """An image with a file."""

    def make(room: Room) -> None:
        other = room.folder.parent / "other"
        other.mkdir(exist_ok=True)
        (other / "Dockerfile").write_text(f"FROM busybox\nRUN echo {text} > /file\n{more}")
        assert room.call("build", "--progress=quiet", "-t", name, str(other)).status == 0

    return make


move_base = image("busybox", "moved")


def link(room: Room) -> None:
    (room.folder / "src/b.js").unlink()
    (room.folder / "src/b.js").symlink_to("a.js")


def owner(room: Room) -> None:
    os.chown(room.folder / "src/a.js", 7, 7)


def build(room: Room) -> None:
    room.build("--also", "deps")


def directory(script: str) -> tuple[Step, ...]:
    """The tool stage makes a directory, and the app copies it."""
    return (
        edit("RUN echo tool > /tool", f"RUN {script}"),
        edit("COPY --from=tool /tool /bin/tool", "COPY --from=tool /d /d"),
        build,
    )


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
MORE = [
    Case("--volume", (), dict.fromkeys((INSTALL, CONF, TOOL, OUT), "flag: --volume"), flags=("--volume", "/etc:/host:ro")),
    Case("--cap-drop", (), dict.fromkeys((INSTALL, CONF, TOOL, OUT), "flag: --cap-add and --cap-drop was not given, is -chown"), flags=("--cap-drop", "CHOWN")),
    Case("--reproducible", (), dict.fromkeys((PACKAGE, INSTALLED, COPY_TOOL, SRC), "flag: --reproducible was not given, is given"), (INSTALL, CONF, OUT), flags=("--reproducible", "--source-date-epoch=1700000000")),
    Case("a stage has another name", (edit("FROM busybox AS tool", "FROM busybox AS kit"), edit("--from=tool", "--from=kit")), {}),
    Case("a stage has another name and another text", (edit("FROM busybox AS tool", "FROM busybox AS kit"), edit("--from=tool", "--from=kit"), edit("echo tool", "echo kit")), {"RUN echo kit": "instruction: "}, ("COPY --from=kit", SRC, OUT)),
    Case("a new stage", (edit("FROM busybox AS app", "FROM busybox AS more\nRUN echo more > /more\n\nFROM busybox AS app"), edit("COPY src/ /src/", "COPY --from=more /more /more\nCOPY src/ /src/")), {"RUN echo more": "instruction: the instruction is new", "COPY --from=more": "instruction: the instruction is new"}, (SRC, OUT)),
    Case("the heredoc of a COPY", (edit("RUN echo tool > /tool", "COPY <<EOF /tool\none\nEOF"), lambda room: room.build("--also", "deps"), edit("\none\n", "\ntwo\n")), {"COPY <<EOF": "instruction: its heredoc was written anew"}, (COPY_TOOL, SRC, OUT)),
    Case("the heredoc of a RUN", (edit("RUN echo tool > /tool", "RUN <<EOF\ntrue\necho one > /tool\nEOF"), lambda room: room.build("--also", "deps"), edit("echo one", "echo two")), {"RUN <<EOF": "instruction: true echo [-one-] {+two+} > /tool"}, (COPY_TOOL, SRC, OUT)),
    Case("an ARG in a COPY", (edit("COPY src/ /src/", "ARG PLACE=/src/\nCOPY src/ ${PLACE}"), lambda room: room.build("--also", "deps")), {"COPY src/ ${PLACE}": "arg: ARG PLACE was /src/, is /src", OUT: "arg: ARG PLACE"}, (), flags=("--build-arg", "PLACE=/src"), also={}),
    Case("TARGETARCH", (edit("RUN echo tool", "ARG TARGETARCH\nRUN echo tool"), lambda room: room.build("--also", "deps", "--platform=linux/amd64"), edit("FROM busybox AS tool", "FROM --platform=linux/amd64 busybox AS tool"), edit("FROM busybox AS deps", "FROM --platform=linux/amd64 busybox AS deps"), edit("FROM busybox AS app", "FROM --platform=linux/amd64 busybox AS app")), {TOOL: "platform: TARGETARCH was amd64, is arm64"}, flags=("--platform", "linux/arm64")),
    Case("--link", (edit("COPY src/", "COPY --link src/"), lambda room: room.build("--also", "deps"), write("src/a.js", "A\n")), {"COPY --link src/": "file: src/a.js changed (content)"}, (OUT,)),
    Case("below a linked layer", (edit("COPY src/", "COPY --link src/"), lambda room: room.build("--also", "deps"), edit("echo tool", "echo new")), {"RUN echo new": "instruction: "}, (COPY_TOOL, OUT)),
    Case("three files", (write("src/a.js", "A\n"), write("src/b.js", "B\n"), write("src/c.js", "")), {SRC: "file: src/a.js changed (content), src/b.js changed (content) and 1 more"}, (OUT,)),
]  # fmt: skip
STAGES = [
    Case("content of a stage", (edit("echo tool", "echo kit"),), {"RUN echo kit": "instruction: ", COPY_TOOL: "parent: after line 12 (RUN echo kit > /tool: RUN echo [-tool-] {+kit+} > /tool): /tool changed (content)"}, (SRC, OUT)),
    Case("the owner in a stage", (edit("> /tool", "> /tool; chown 7:8 /tool"),), {"RUN echo tool > /tool;": "instruction: ", COPY_TOOL: "): /tool changed (owner)"}, (SRC, OUT)),
    Case("the mode in a stage", (edit("> /tool", "> /tool; chmod 755 /tool"),), {"RUN echo tool > /tool;": "instruction: ", COPY_TOOL: "): /tool changed (mode)"}, (SRC, OUT)),
    Case("new and gone in a directory of a stage", (*directory("mkdir /d; touch /d/a /d/b"), edit("touch /d/a /d/b", "touch /d/b /d/.c")), {"RUN mkdir": "instruction: ", "COPY --from=tool": "): /d/.c is new, /d/a is gone"}, (SRC, OUT)),
    Case("of two steps that changed the one that gave it", (edit("RUN echo tool > /tool", "RUN echo tool > /tool\nRUN echo other > /other"), build, edit("> /tool", "> /tool; echo 2 >> /tool"), edit("echo other", "echo more")), {"RUN echo tool > /tool;": "instruction: ", "RUN echo more": "instruction: ", COPY_TOOL: "parent: after line 12 (RUN echo tool > /tool; echo 2"}, (SRC, OUT)),
    Case("of two steps that changed the last", (edit("RUN echo tool > /tool", "RUN echo other > /other\nRUN echo tool > /tool"), build, edit("> /tool", "> /tool; echo 2 >> /tool"), edit("echo other", "echo more")), {"RUN echo tool > /tool;": "instruction: ", "RUN echo more": "instruction: ", COPY_TOOL: "parent: after line 13 (RUN echo tool > /tool; echo 2"}, (SRC, OUT)),
    Case("a mount of a stage", (edit("RUN cat /src/a.js", "RUN --mount=from=tool,source=/tool,target=/t cat /t"), edit("COPY --from=tool /tool /bin/tool\n", ""), build, edit("echo tool", "echo kit")), {"RUN echo kit": "instruction: ", "RUN --mount=from": "parent: after line 12 (RUN echo kit > /tool: RUN echo [-tool-] {+kit+} > /tool): /tool changed (content)"}),
    Case("a file of another image", (image("kit", "one"), edit("--from=tool /tool", "--from=kit /file"), build, image("kit", "two")), {"COPY --from=kit": "/file changed (content)"}, (SRC, OUT)),
    Case("another file of another image", (image("kit", "one"), edit("--from=tool /tool", "--from=kit /file"), build, image("kit", "one", "RUN true > /more\n")), {}),
    Case("what a stage gives is the same", (edit("echo tool", "echo  tool"),), {"RUN echo  tool": "instruction: "}),
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


@pytest.mark.parametrize("case", [*ALONE, *MORE, *STAGES, *PAIRS], ids=lambda case: case.name)
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


def test_a_build_explains_itself_at_the_end(room: Room) -> None:
    room.build()
    room.write("src/a.js", "A\n")

    said = room.call("build", "--progress=plain", "--explain", ".")

    assert said.status == 0
    told = [line.split(None, 1)[1] for line in said.err.splitlines() if line.startswith("#0 ") and len(line) > 4]
    (head,) = [line for line in told if line.startswith("build ")]
    assert re.fullmatch(r"build \d+ of app, .* ago: 2 of 9 steps ran", head)
    (row,) = [line for line in told if "COPY src/ /src/" in line and line.startswith("17 ")]
    assert row.endswith("src/a.js changed (content)")

    again = room.call("build", "--progress=plain", "--explain", ".")
    assert "nothing ran, all was cached" in again.err


def test_one_stage_or_one_line_can_be_asked_for(room: Room) -> None:
    room.build()
    room.write("src/a.js", "A\n")
    room.write("package.json", "1\n")
    room.build()

    assert [one["line"] for one in room.why("deps")["steps"]] == [7, 8, 9]
    assert [one["text"] for one in room.why("17")["steps"]] == [SRC]
    said = room.call("why", "dep")
    assert (said.status, said.err) == (
        1,
        "error: the build has no stage dep\nhint: did you mean deps? the stages with steps are app, deps, tool; a number is a line\n",
    )
    said = room.call("why", "1")
    assert said.err == "error: no step of the build is at line 1\nhint: the nearest are at 6, 7, 8\n"


def test_an_earlier_build_can_be_named(room: Room) -> None:
    room.build()
    room.write("src/a.js", "A\n")
    room.build()
    room.write("src/a.js", "B\n")
    room.write("src/new.js", "")
    room.build()
    numbers = [int(line) for line in room.call("builds", "-q").out.split()]

    (src, _) = room.why("--against", str(numbers[2]))["steps"]
    assert (src["against"], src["cause"]["text"]) == (numbers[2], "src/a.js changed (content), src/new.js is new")
    (src, _) = room.why("--build", str(numbers[1]))["steps"]
    assert (src["against"], src["cause"]["text"]) == (numbers[2], "src/a.js changed (content)")


def test_builds_are_listed_also_those_that_were_answered_at_once(room: Room) -> None:
    room.build("-t", "app")
    room.build("-t", "app")
    room.write("Dockerfile", "FROM busybox\nRUN false\n")
    room.build("-t", "app", status=1)

    failed, again, first, *_ = json.loads(room.call("builds", "--json").out)

    assert [row["build"] for row in (failed, again, first)] == sorted(
        (failed["build"], again["build"], first["build"]), reverse=True
    )
    assert (first["result"], first["ran"], first["cached"], first["targets"]) == ("built", 9, 0, ["app"])
    assert (again["result"], again["ran"], again["cached"]) == ("built", 0, 9)
    assert (failed["result"], failed["ran"], failed["cached"]) == ("failed", 1, 0)
    assert (failed["context"], failed["file"]) == (str(room.folder), "Dockerfile")
    shown = room.call("builds", "-n", "2").out.splitlines()
    assert shown[0].split() == ["BUILD", "BEGUN", "TARGET", "CONTEXT", "RAN", "CACHED", "TOOK", "RESULT"]
    assert len(shown) == 3


@pytest.mark.parametrize("command", [("size",), ("shell", "-c", "true"), ("diff", "target:tool", "target:app")])
def test_what_another_command_builds_is_written_down_where_it_ran_a_step(command: tuple[str, ...], room: Room) -> None:
    room.build()
    (first,) = room.call("builds", "-q").out.split()[:1]
    asked = (*command, *(() if command[0] == "diff" else (".",)))
    assert room.call(*asked, "--progress=quiet").status == 0
    if command[0] != "size":  # which needs every stage to its end
        assert room.call("builds", "-q", "-n", "1").out.split() == [first]

    room.write("src/a.js", "A\n")
    said = room.call(*asked, "--progress=quiet")
    assert said.status == 0, said.err

    (row, *_) = json.loads(room.call("builds", "--json").out)
    assert (row["result"], row["ran"], row["targets"]) == ("built", 2, ["app"])
    assert room.why("17")["steps"][0]["cause"]["text"] == "src/a.js changed (content)"


def test_a_build_of_another_command_that_fails_is_written_down_too(room: Room) -> None:
    room.write("Dockerfile", "FROM busybox\nRUN exit 3\n")
    assert room.call("shell", "-c", "true", ".", "--progress=quiet").status == 1

    assert json.loads(room.call("builds", "--json").out)[0]["result"] == "failed"


def test_the_log_of_a_step_is_that_of_the_run_that_made_it(room: Room) -> None:
    room.write("Dockerfile", "FROM busybox AS a\nRUN echo first\nRUN echo second;\\\n echo third\nCOPY src /src\n")
    room.build()

    made = room.call("log", "2")
    assert (made.out, made.err) == ("first\n", "")

    room.build()
    cached = room.call("log", "4")
    assert (cached.out, cached.err) == (
        "second\nthird\n", "note: cached: this is the output of the run that made it\n",
    )  # fmt: skip
    both = room.call("log", "a")
    assert both.out == "first\nsecond\nthird\n"
    assert both.err.count("cached: this is the output") == 2
    said = room.call("log", "5")
    assert said.err == "error: 5 has no output: it is COPY\nhint: only RUN writes anything\n"


def test_a_log_does_nothing_to_a_terminal_and_is_as_it_was_in_a_pipe(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = r"printf '\033]0;title\007\033[31mred\033[0m\rover\nlast\302\205'"
    room.write("Dockerfile", f"FROM busybox\nRUN {script}\n")
    room.build()
    hostile = "\x1b]0;title\x07\x1b[31mred\x1b[0m\rover\nlast\x85"

    assert room.call("log", "2").out == hostile
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert room.call("log", "2").out == "over\nlast\n"


def test_names_that_are_hostile_are_told_harmlessly(room: Room) -> None:
    room.build()
    room.write("src/\x1b]0;x\x07\x1b[2Ja.js", "")

    planned = room.call("plan", ".").out
    room.build()
    said = room.call("why").out

    assert [text for text in (planned, said) if "\x1b" in text or "\x07" in text] == []
    assert "src/a.js is new" in said
    assert "src/a.js is new" in planned


def test_a_step_that_was_found_by_content_has_the_log_of_the_one_like_it(room: Room) -> None:
    text = "FROM busybox AS a\nARG V=1\nRUN echo $V; echo same > /same\nFROM busybox\nCOPY --from=a /same /same\nRUN cat /same\n"
    room.write("Dockerfile", text)
    room.build()
    room.build("--build-arg", "V=2")

    assert room.call("log", "3").out == "2\n"
    assert room.call("log", "6").out == "same\n"
    (number, before, *_) = room.call("builds", "-q").out.split()
    assert room.call("log", "--build", before, "3").out == "1\n"
    assert room.why("--build", number)["steps"][0]["cause"]["text"] == "ARG V was 1, is 2"


def test_what_failed_has_its_log_too(room: Room) -> None:
    room.write("Dockerfile", "FROM busybox\nRUN echo oh no; exit 3\n")
    room.build(status=1)

    assert room.call("log", "2").out == "oh no\n"


def test_steps_that_are_not_pure_are_named_with_their_paths(room: Room) -> None:
    room.write(
        "Dockerfile",
        "FROM busybox\nRUN echo same > /same\nRUN cat /proc/sys/kernel/random/uuid > /id; mkdir /z$(cat /id)\nRUN echo log; touch /x\n",
    )
    room.build("-t", "app")
    before = json.loads(room.call("inspect", "app").out)[0]["Id"]

    said = room.call("build", "--progress=plain", "-t", "app", "--verify-cache", ".")

    assert said.status == 1
    assert "#0 verify-cache: 3 cached steps ran again, 2 gave the same\n" in said.err
    told = said.err.partition("#0 line 3: ")[2].splitlines()
    assert told[0].endswith("is not pure")
    assert sorted(re.sub(r"[0-9a-f-]{36}", "UUID", line) for line in told[1:4]) == [
        "#0     id: content (37 bytes)", "#0     zUUID: only the first time", "#0     zUUID: only the second time",
    ]  # fmt: skip
    assert said.err.endswith(
        "error: 1 cached step gives something else when run again\n"
        "hint: pin what it fetches, leave out dates and random names; SOURCE_DATE_EPOCH is a date that stays\n"
    )
    assert json.loads(room.call("inspect", "app").out)[0]["Id"] == before
    assert room.call("log", "4").out == "log\n"
    assert json.loads(room.call("builds", "--json").out)[0]["result"] == "built"


def test_pure_steps_are_counted_and_where_none_was_cached_that_is_said(room: Room) -> None:
    said = room.call("build", "--progress=plain", "--verify-cache", ".")
    assert said.status == 0
    assert "#0 verify-cache: no RUN was cached" in said.err

    said = room.call("build", "--progress=plain", "--verify-cache", ".")
    assert (said.status, "#0 verify-cache: 4 cached steps ran again, 4 gave the same" in said.err) == (0, True)


def test_another_machines_cache_lacked_it(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: Mill
) -> None:
    cache = f"type=local,dest={tmp_path / 'cache'}"
    room.build("--cache-to", cache)
    other = Mill(base.root, tmp_path / "nothing").copy(tmp_path / "other")
    monkeypatch.setenv("STAGEMILL_ROOT", str(other.root))
    source = f"type=local,src={tmp_path / 'cache'}"

    room.build("--cache-from", source, "--build-arg", "VERSION=2")
    found = {one["text"]: one["cause"] for one in room.why()["steps"]}
    assert {text: cause["kind"] for text, cause in found.items() if text.startswith("RUN cat package")} == {
        "RUN cat package.json > installed": "not in the cache"
    }
    assert "has another: ARG VERSION has another value" in found["RUN cat package.json > installed"]["text"]

    third = Mill(base.root, tmp_path / "nothing").copy(tmp_path / "third")
    monkeypatch.setenv("STAGEMILL_ROOT", str(third.root))
    room.write("Dockerfile", "FROM busybox\nRUN echo quite another\n")
    room.build("--cache-from", source)
    (step,) = room.why()["steps"]
    assert step["cause"]["kind"] == "not in the cache"
    assert step["cause"]["text"].startswith("never built here, and not in ")


ADVISED = """\
FROM busybox AS tools
RUN echo '#!/bin/sh' > /bin/npm && chmod 755 /bin/npm
FROM tools AS app
ARG BUILD_DATE=1
RUN echo a
RUN echo b
COPY . /app
RUN npm ci
RUN echo $BUILD_DATE
"""


def test_variables_that_stand_too_high_and_files_that_come_too_early_are_advised_about(room: Room) -> None:
    room.write("Dockerfile", ADVISED)
    room.build()

    room.build("--build-arg", "BUILD_DATE=2")
    (advice,) = room.why()["advice"]
    assert re.fullmatch(
        r"ARG BUILD_DATE at line 4 is first used at line 9: moved down, 4 steps and (\d\.\d|\d\d+) s stay cached",
        advice["text"],
    )
    assert (advice["line"], advice["steps"]) == (4, 4)

    room.write("src/a.js", "other\n")
    room.build("--build-arg", "BUILD_DATE=2")
    (advice,) = room.why()["advice"]
    assert advice["text"].startswith("RUN npm ci at line 8 runs after COPY . /app of line 7: moved above it")

    room.write("package.json", "other\n")
    room.build("--build-arg", "BUILD_DATE=2")
    assert room.why()["advice"] == []

    room.write("node_modules/x/index.js", "")
    room.build("--build-arg", "BUILD_DATE=2")
    texts = [one["text"] for one in room.why()["advice"]]
    assert any(
        text.startswith("node_modules is copied at line 7: with a line node_modules in .dockerignore, 3 steps")
        for text in texts
    )


def test_who_does_what_is_advised_saves_what_it_says(room: Room) -> None:
    moved = ADVISED.replace("ARG BUILD_DATE=1\n", "").replace("RUN echo $", "ARG BUILD_DATE=1\nRUN echo $")
    room.write(
        "Dockerfile", moved.replace("COPY . /app\nRUN npm ci\n", "COPY package.json /app/\nRUN npm ci\nCOPY . /app\n")
    )
    room.write(".dockerignore", "node_modules\n")
    room.build()

    room.build("--build-arg", "BUILD_DATE=2")
    assert [one["line"] for one in room.why()["steps"]] == [10]

    room.write("src/a.js", "other\n")
    room.build("--build-arg", "BUILD_DATE=2")
    assert [one["text"] for one in room.why()["steps"]] == ["COPY . /app", "RUN echo $BUILD_DATE"]

    room.write("node_modules/x/index.js", "")
    room.build("--build-arg", "BUILD_DATE=2")
    assert room.why()["steps"] == []
