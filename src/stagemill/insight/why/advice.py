"""`advise`: what would have saved time: a variable that is declared too early, files that are copied too early."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Arg, Dockerfile, Env, InstructionNode, OnBuild, Run, Transfer
from stagemill.errors import StagemillError
from stagemill.insight.why.causes import Kind
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Past
from stagemill.values import dataclass

# What installs by what a project says: the files that it reads.
_INSTALLS = (
    (re.compile(r"\b(?:npm|pnpm|yarn)\s+(?:ci|install|i|--frozen-lockfile)\b|\byarn\s*(?:$|&)"),
     "package.json package-lock.json npm-shrinkwrap.json pnpm-lock.yaml yarn.lock .npmrc .yarnrc.yml"),
    (re.compile(r"\bpip3?\s+install\b|\buv\s+(?:sync|pip)\b|\bpoetry\s+install\b"),
     "requirements.txt pyproject.toml uv.lock poetry.lock setup.py setup.cfg"),
    (re.compile(r"\bgo\s+mod\s+download\b"), "go.mod go.sum"),
    (re.compile(r"\bcargo\s+fetch\b"), "Cargo.toml Cargo.lock"),
    (re.compile(r"\bbundle\s+install\b"), "Gemfile Gemfile.lock"),
    (re.compile(r"\bcomposer\s+install\b"), "composer.json composer.lock"),
    (re.compile(r"\bapt-get\s+install\b|\bapk\s+add\b|\b(?:dnf|yum)\s+install\b"), ""),
)  # fmt: skip
_JUNK = re.compile(
    r"(?:^|/)(?:\.git|node_modules|__pycache__|\.venv|\.idea|\.vscode|\.DS_Store)(?:/|$)|\.(?:log|pyc|swp)$"
)


@dataclass(frozen=True, slots=True)
class Advice:
    """What would be better, at a line; `steps` would have stayed cached, which took `seconds`."""

    text: str
    line: int
    steps: int
    seconds: float


def advise(build: Past, explained: Sequence[Explained]) -> tuple[Advice, ...]:
    """The ones that save most come first; nothing for a Dockerfile that cannot be read any more."""
    try:
        dockerfile = parse(build.graph.source.encode("utf-8", "surrogateescape"), build.graph.file)
    except StagemillError:
        return ()
    found = [*_variables(dockerfile, build, explained), *_copies(explained), *_ignores(explained)]
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.line)))


def _variables(dockerfile: Dockerfile, build: Past, explained: Sequence[Explained]) -> Iterator[Advice]:
    for start, body in dockerfile.stages():
        title = next((stage.title for stage in build.graph.stages if stage.line == start.span.line), "")
        steps = [one for one in explained if one.step.stage == title]
        for name in dict.fromkeys(one.cause.name for one in steps if one.cause.kind in {Kind.ARG, Kind.ENV}):
            yield from _variable(name, body, steps)


def _variable(name: str, body: Sequence[InstructionNode], steps: Sequence[Explained]) -> Iterator[Advice]:
    """Where all that it makes run would do without it, up to the first line that has it."""
    declared = next((node for node in body if _declares(node, name)), None)
    if declared is None:
        return
    line, keyword = declared.span.line, declared.keyword
    used = next((node.span.line for node in body if node.span.line > line and _mentions(node, name)), None)
    needless = [one for one in _only_by(name, steps) if line < one.step.line and (used is None or one.step.line < used)]
    if not needless:
        return
    where = (
        f"is first used at line {used}: moved down" if used else "is not used after it: moved to the end or left out"
    )
    yield _advice(f"{keyword} {name} at line {line} {where}", line, needless)


def _only_by(name: str, steps: Sequence[Explained]) -> Iterator[Explained]:
    """Steps that a variable makes run and nothing else does, themselves or by what they stand on."""
    roots: set[str] = set()
    for one in steps:
        own = all(cause.name == name or cause.root in roots for cause in (one.cause, *one.also))
        if own:
            roots.add(one.step.digest)
            yield one


def _declares(node: InstructionNode, name: str) -> bool:
    return isinstance(node, Arg | Env) and any(pair.key == name for pair in node.items)


def _mentions(node: InstructionNode, name: str) -> bool:
    """Whether the name stands in an instruction or its heredocs, in whatever way."""
    if isinstance(node, Arg) and _declares(node, name):
        return False
    texts = [node.raw, *(doc.raw for doc in node.heredocs)] if isinstance(node, Run | Transfer) else [node.raw]
    if isinstance(node, OnBuild):
        texts.append(node.trigger_text)
    return any(re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text) for text in texts)


def _copies(explained: Sequence[Explained]) -> Iterator[Advice]:
    """Installs that run after files were copied which they do not read."""
    by_digest = {one.step.digest: one for one in explained}
    for one in explained:
        copied = by_digest.get(one.cause.root)
        if copied is None or copied.cause.kind is not Kind.FILE or copied.step.stage != one.step.stage or one.also:
            continue
        names = next((names for pattern, names in _INSTALLS if pattern.search(one.step.text)), None)
        paths = [change.path for change in copied.cause.files]
        if names is None or not paths or any(path.rpartition("/")[2] in names.split() for path in paths):
            continue
        below = f" (with a COPY of {names.split()[0]} and its like before it)" if names else ""
        text = f"{_cut(one.step.text)} at line {one.step.line} runs after {_cut(copied.step.text)} of line {copied.step.line}: moved above it{below}"
        yield _advice(text, one.step.line, [one])


def _ignores(explained: Sequence[Explained]) -> Iterator[Advice]:
    """Files that nobody means to copy."""
    for one in explained:
        paths = [change.path for change in one.cause.files] if one.cause.kind is Kind.FILE else []
        if not paths or one.also or not all(_JUNK.search(path) for path in paths):
            continue
        above = [other for other in explained if other.step is one.step or other.cause.root == one.step.digest]
        name = paths[0].split("/")[0] if "/" in paths[0] else paths[0]
        yield _advice(
            f"{name} is copied at line {one.step.line}: with a line {name} in .dockerignore", one.step.line, above
        )


def _advice(text: str, line: int, steps: Sequence[Explained]) -> Advice:
    seconds = sum(one.outcome.seconds for one in steps)
    count = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    return Advice(f"{text}, {count} and {_seconds(seconds)} stay cached", line, len(steps), round(seconds, 3))


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
