"""`CompilerInImage`: compilers and build tools are installed into the image that is shipped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagemill.dockerfile.tree import Add, Cmd, Copy, Entrypoint
from stagemill.lint import managers, reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.managers import installs
from stagemill.lint.rule import Rule
from stagemill.lint.shell import of_command

_TOOLS = frozenset({
    "build-essential", "build-base", "gcc", "g++", "gcc-c++", "clang", "make", "cmake", "ninja-build", "autoconf", "automake",
    "libtool", "golang", "golang-go", "cargo", "rustc", "rust", "maven", "gradle", "linux-headers", "musl-dev",
    "libc-dev", "libc6-dev", "python3-dev", "python-dev", "default-jdk", "alpine-sdk", "base-devel",
})  # fmt: skip


_PROGRAMS = _TOOLS | {"go", "rustc", "mvn", "javac", "dotnet"}
_WORKSHOPS = frozenset({"dev", "devel", "develop", "development", "build", "builder", "toolchain", "sdk"})
"""What people call images in which somebody compiles."""


def check(file: LintFile) -> Iterator[Finding]:
    if _is_workshop(file):
        return
    for found in installs(file, reach.shipped(file), of=("apt", "apk", "yum", "dnf", "zypper")):
        tools = [word for word in found.packages if word.text.partition("=")[0] in _TOOLS]
        if tools and not managers.removes(found):
            names = ", ".join(word.text for word in tools)
            yield file.finding(
                RULE.name,
                f"{names} {'stays' if len(tools) == 1 else 'stay'} in the image",
                span=tools[0].span,
                hint="where the image itself compiles nothing: compile in a stage of its own, and COPY --from it what was made",
            )


def _is_workshop(file: LintFile) -> bool:
    """Whether the image is there to compile: by its name, by what it runs, or for nothing of the project is in it."""
    called = {*_words(file.dockerfile.source.name), *_words(file.stages[-1].name)}
    nodes = [step.node for step in file.steps(file.stages[-1])]
    starts = [node for node in nodes if isinstance(node, Cmd | Entrypoint)]
    run = {command.program for node in starts for command in of_command(node.command)}
    has_nothing = not starts and not any(isinstance(node, Copy | Add) for node in nodes)
    return has_nothing or bool(called & _WORKSHOPS) or bool(run & _PROGRAMS)


def _words(name: str) -> list[str]:
    return re.split("[^a-z]+", name.lower())


RULE = Rule("CompilerInImage", "compilers are installed into the image", check, level="info")
