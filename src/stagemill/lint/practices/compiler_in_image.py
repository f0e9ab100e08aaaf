"""`CompilerInImage`: compilers and build tools are installed into the image that is shipped."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.lint import managers, reach, workshop
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding
from stagemill.lint.managers import installs
from stagemill.lint.rule import Rule


def check(file: LintFile) -> Iterator[Finding]:
    if workshop.is_one(file):
        return
    for found in installs(file, reach.shipped(file), of=("apt", "apk", "yum", "dnf", "zypper")):
        tools = [word for word in found.packages if word.text.partition("=")[0] in workshop.TOOLS]
        if tools and not managers.removes(found):
            names = ", ".join(word.text for word in tools)
            yield file.finding(
                RULE.name,
                f"{names} {'stays' if len(tools) == 1 else 'stay'} in the image",
                span=tools[0].span,
                hint="where the image itself compiles nothing: compile in a stage of its own, and COPY --from it what was made",
            )


RULE = Rule("CompilerInImage", "compilers are installed into the image", check, level="info")
