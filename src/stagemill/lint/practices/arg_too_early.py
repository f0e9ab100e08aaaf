"""`ArgTooEarly`: an ARG above steps that do not read it, which run again whenever its value changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Arg, InstructionNode, Run
from stagemill.lint import mentions
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.place import above, first_line, lines
from stagemill.lint.rule import Rule
from stagemill.regex import regex

_WORD = regex(r"\w+")
_IMPLIED = regex(
    r"(?i)^(?:DEBIAN_FRONTEND|.*_PROXY|NPM_.*|NODE_.*|YARN_.*|PIP_.*|UV_.*|POETRY_.*|PYTHON.*|CGO_.*|GO[A-Z0-9]*|CARGO_.*|RUST.*"
    r"|MAKE.*|C(?:XX|PP)?FLAGS|LDFLAGS|CC|CXX|LANG|LC_.*|TZ|PATH|HOME|SOURCE_DATE_EPOCH|BUILDKIT_.*|DOTNET_.*|MAVEN_.*|GRADLE_.*"
    r"|JAVA_.*|RAILS_.*|BUNDLE_.*|COMPOSER_.*|APP_ENV|TARGET.*|BUILD(?:PLATFORM|OS|ARCH|VARIANT)|CI|TERM|ACCEPT_EULA|GITHUB_TOKEN)$"
)


def check(file: LintFile) -> Iterator[Finding]:
    for stage in file.asked:
        nodes = [step.node for step in stage.steps]
        named = _named(nodes)
        for place, node in enumerate(nodes):
            if isinstance(node, Arg) and len(node.items) == 1 and not _IMPLIED.match(node.items[0].key):
                places = named.get(node.items[0].key, [])
                later = bisect_right(places, place)
                if later < len(places):
                    yield from _arg(file, node, nodes[place + 1 : places[later] + 1])


def _named(nodes: Sequence[InstructionNode]) -> Mapping[str, Sequence[int]]:
    """The places of the instructions that have a word in them, in their order."""
    found: dict[str, list[int]] = {}
    for place, node in enumerate(nodes):
        for word in set(_WORD.findall(node.raw)):
            found.setdefault(word, []).append(place)
    return found


def _arg(file: LintFile, node: Arg, below: Sequence[InstructionNode]) -> Iterator[Finding]:
    """`below` are the instructions after it up to the first one that has its name."""
    name, use = node.items[0].key, below[-1]
    between = [other for other in below[:-1] if isinstance(other, Run)]
    if between and mentions.reads(use, name):
        line = use.span.line
        several = f"{len(between)} steps that do not read it run again"
        steps = "a step that does not read it runs again" if len(between) == 1 else several
        yield file.finding(
            RULE.name,
            f"{name} is first read in line {line}; until then {steps} when it changes",
            span=node.span,
            hint=f"move it down, right above line {line}",
            fix=moved(file, node, use),
        )


def moved(file: LintFile, node: Arg, use: InstructionNode) -> Fix | None:
    """The ARG without its comments moved; a step may read it in its own ways, so the result may differ."""
    dockerfile = file.dockerfile
    if "\n" in node.raw.rstrip("\n") or not node.raw.endswith("\n"):
        return None
    line = first_line(dockerfile, node)
    cut = Edit(Span(line, 1, line + 1, 1), "")
    return Fix((cut, Edit(above(dockerfile, use), lines(dockerfile, node.raw))), "move it down", safe=False)


RULE = Rule("ArgTooEarly", "an ARG stands above steps that do not read it", check, twin="ArgRanSteps", level="info")
