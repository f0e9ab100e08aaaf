"""`CompilerInImage`: compilers and build tools are installed into the image that is shipped."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.managers import Install, installs
from stagemill.lint.rule import Rule

_TOOLS = frozenset({
    "build-essential", "build-base", "gcc", "g++", "gcc-c++", "clang", "make", "cmake", "ninja-build", "autoconf", "automake",
    "libtool", "golang", "golang-go", "cargo", "rustc", "rust", "maven", "gradle", "linux-headers", "musl-dev",
    "libc-dev", "libc6-dev", "python3-dev", "python-dev", "default-jdk", "alpine-sdk", "base-devel",
})  # fmt: skip
_REMOVALS = frozenset({"remove", "purge", "autoremove", "del", "erase", "rm"})


def check(file: LintFile) -> Iterator[Finding]:
    for found in installs(file, reach.shipped(file), of=("apt", "apk", "yum", "dnf", "zypper")):
        tools = [word for word in found.packages if word.text.partition("=")[0] in _TOOLS]
        if tools and not _removes(found):
            names = ", ".join(word.text for word in tools)
            yield file.finding(
                RULE.name,
                f"{names} {'is' if len(tools) == 1 else 'are'} in the image, where nothing is compiled any more",
                span=tools[0].span,
                hint="compile in a stage of its own, and COPY --from it what was made",
            )


def _removes(found: Install) -> bool:
    """Whether the same RUN removes packages again."""
    programs = {"apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper", "aptitude"}
    return any(command.program in programs and _REMOVALS & set(command.texts) for command in found.ran.later)


RULE = Rule("CompilerInImage", "compilers are installed into the image", check, level="info")
