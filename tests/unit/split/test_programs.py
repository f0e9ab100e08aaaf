"""What programs need, read from the programs of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tree import MemoryTree, file, link
from stagemill.errors import StagemillError
from stagemill.split import elf, programs

SHELL = Path("/bin/sh").resolve()
GO = b"\x7fELF" + b"\0" * 60


def test_a_dynamic_program_names_its_loader_and_libraries() -> None:
    found = elf.read(SHELL)

    assert "libc.so.6" in found.libraries
    assert found.interpreter.startswith("/lib")
    needs = programs.needs(MemoryTree({"bin/sh": file(SHELL.read_bytes())}), "/bin/sh")
    assert needs is not None
    assert (needs.dynamic, needs.libraries) == (True, found.libraries)


def test_a_file_that_is_none_needs_nothing() -> None:
    assert programs.needs(MemoryTree({"a": "text", "b/c": ""}), "/a") is None
    assert programs.needs(MemoryTree({"a": "text"}), "/none") is None


def test_a_broken_program_is_told() -> None:
    with pytest.raises(StagemillError, match="is a broken program") as caught:
        programs.needs(MemoryTree({"a": file(b"\x7fELF")}), "/a")

    assert caught.value.hint == "build it again"


def test_the_words_behind_a_shebang_are_the_interpreter() -> None:
    view = MemoryTree({"a": "#!/usr/bin/env -S node x\ncode", "b": "code", "l": link("a")})

    assert programs.interpreter(view, "l") == ("/usr/bin/env", "-S", "node", "x")
    assert programs.interpreter(view, "b") == ()


def test_a_program_is_looked_for_in_path() -> None:
    view = MemoryTree({"usr/bin/x": file("", mode=0o755), "bin": link("usr/bin"), "opt/x": ""})

    assert programs.find(view, "x", ["/opt", "/bin"]) == "bin/x"
    assert programs.find(view, "y", ["/opt", "/bin"]) == ""


def test_libraries_are_looked_for_where_the_system_says() -> None:
    view = MemoryTree({
        "etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n",
        "etc/ld.so.conf.d/a.conf": "# ours\n/opt/lib\n",
        "usr/lib/x86_64-linux-gnu/libc.so.6": "",
        "opt/lib/libours.so": "",
        "srv/lib/libours.so": "",
    })  # fmt: skip
    places = programs.library_places(view)

    assert places[:2] == ("opt/lib", "usr/lib/x86_64-linux-gnu")
    assert programs.library(view, "libours.so", [], places) == "opt/lib/libours.so"
    assert programs.library(view, "libours.so", ["/srv/lib"], places) == "srv/lib/libours.so"
    assert programs.library(view, "libnone.so", [], places) == ""
