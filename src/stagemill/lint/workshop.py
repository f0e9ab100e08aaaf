"""Images that are there to compile: what compilers are in them is meant."""

from __future__ import annotations

import re

from stagemill.dockerfile.tree import Add, Cmd, Copy, Entrypoint
from stagemill.lint.file import LintFile
from stagemill.lint.shell import of_command

TOOLS = frozenset({
    "build-essential", "build-base", "gcc", "g++", "gcc-c++", "clang", "make", "cmake", "ninja-build", "autoconf", "automake",
    "libtool", "golang", "golang-go", "cargo", "rustc", "rust", "maven", "gradle", "linux-headers", "musl-dev",
    "libc-dev", "libc6-dev", "python3-dev", "python-dev", "default-jdk", "alpine-sdk", "base-devel",
})  # fmt: skip
"""Packages of systems that compile."""

_PROGRAMS = TOOLS | {"go", "rustc", "mvn", "javac"}
_CALLED = frozenset({"dev", "devel", "develop", "development", "build", "builder", "toolchain", "sdk"})
"""What people call images in which somebody compiles."""


def is_one(file: LintFile) -> bool:
    """Whether the image is there to compile: by its name, by what it runs, or for nothing of the project is in it."""
    called = {*_words(file.dockerfile.source.name.rpartition("/")[2]), *_words(file.target.name)}
    nodes = [step.node for step in file.steps(file.target)]
    starts = [node for node in nodes if isinstance(node, Cmd | Entrypoint)]
    run = {command.program for node in starts for command in of_command(node.command)}
    has_nothing = not starts and not any(isinstance(node, Copy | Add) for node in nodes)
    return has_nothing or bool(called & _CALLED) or bool(run & _PROGRAMS)


def _words(name: str) -> list[str]:
    return re.split("[^a-z]+", name.lower())
