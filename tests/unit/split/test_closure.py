"""What a runtime lacks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fakes.tree import MemoryTree, Node, file
from stagemill.oci.config import RunConfig
from stagemill.split import elf
from stagemill.split.closure import Closure, Missing, supplied
from stagemill.split.draft import Draft, Kept

SHELL = Path("/bin/sh").resolve()
LOADER = elf.read(SHELL).interpreter.lstrip("/")
OLD: dict[str, Node | str] = {
    "app/tool": file(SHELL.read_bytes(), mode=0o755),
    LOADER: file(b"\x7f", mode=0o755),
    "usr/lib/libc.so.6": "",
    "usr/bin/curl": file("", mode=0o755),
    "usr/bin/node": file("", mode=0o755),
    "var/lib/dpkg/info/curl.list": "/usr/bin/curl\n",
    "app/run.sh": file("#!/bin/sh\nset -e\n# wget\ncurl x | cat\n", mode=0o755),
    "app/cli.js": file("#!/usr/bin/env node\n", mode=0o755),
}
NEW = {path: OLD[path] for path in ("app/tool", "app/run.sh", "app/cli.js")}
CONFIG = RunConfig(env=(("PATH", "/usr/bin"),), working_dir="/app")


def missing(old: Mapping[str, Node | str], new: Mapping[str, Node | str], *paths: str) -> list[tuple[str, str]]:
    found = Closure(MemoryTree(old), MemoryTree(new)).missing(paths)
    return [(item.path, item.by) for item in found]


def test_a_program_lacks_its_loader_and_its_libraries() -> None:
    assert missing(OLD, NEW, "/app/tool") == sorted([(LOADER, "app/tool"), ("usr/lib/libc.so.6", "app/tool")])


def test_what_the_runtime_has_is_not_missing() -> None:
    assert missing(OLD, {**NEW, LOADER: "", "lib/libc.so.6": ""}, "/app/tool") == []


def test_what_was_missing_before_is_not_missed() -> None:
    assert missing(NEW, NEW, "/app") == []


def test_a_script_lacks_its_interpreter() -> None:
    assert missing(OLD, NEW, "/app/cli.js") == [("usr/bin/node", "app/cli.js")]


def test_a_shell_script_lacks_what_it_calls() -> None:
    found = Closure(MemoryTree(OLD), MemoryTree(NEW)).called_by("/app/run.sh", CONFIG)

    assert found == (Missing("usr/bin/curl", "app/run.sh", "curl"),)


def test_a_program_of_the_image_may_be_lost() -> None:
    closure = Closure(MemoryTree(OLD), MemoryTree(NEW))

    assert closure.program("curl", CONFIG) == (Missing("usr/bin/curl", "usr/bin/curl", "curl"),)
    assert closure.program("./tool", CONFIG) == ()
    assert closure.program("none", CONFIG) == ()


def test_packages_are_installed_where_that_can_be_and_else_files_are_copied() -> None:
    draft = Draft("c", "", "debian", "", kept=(Kept("/app/tool", directory=False),))
    lost = [Missing("usr/bin/curl", "app/run.sh", "curl"), Missing("opt/lib/libx.so", "app/tool")]
    old = MemoryTree({**OLD, "opt/lib/libx.so": ""})

    there = supplied(draft, lost, old, MemoryTree({"usr/bin/apt-get": ""}))
    bare = supplied(draft, lost, old, MemoryTree({}))

    assert (there.packages, there.manager) == (("curl",), "apt-get")
    assert [item.path for item in there.kept] == ["/app/tool", "/opt/lib/libx.so"]
    assert there.env[0].text == "ENV LD_LIBRARY_PATH=/opt/lib"
    assert (bare.packages, [item.path for item in bare.kept][1:]) == ((), ["/usr/bin/curl", "/opt/lib/libx.so"])
