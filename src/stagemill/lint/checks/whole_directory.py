"""`whole-directory`: the image takes all of a stage's work directory, with sources, tools and caches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stagemill.dockerfile.tree import Add, Cmd, Command, Copy, Entrypoint, Run
from stagemill.files.paths import clean
from stagemill.lint import manifest, packages, shell
from stagemill.lint.file import LintFile, source_stage
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.packages import Call
from stagemill.lint.place import newline
from stagemill.lint.stages import Moment, Stage, Step

NAME = "whole-directory"
SUMMARY = "all of a stage's work directory is copied"

_SCRIPTS = (".js", ".mjs", ".cjs")
_PROGRAMS = (*_SCRIPTS, ".py", ".rb", ".php", ".jar")


def check(file: LintFile) -> Iterator[Finding]:
    for reader in file.shipped():
        for step in reader.steps:
            if isinstance(step.node, Copy) and step.node.from_:
                source = source_stage(step.node.from_.text, reader, file.stages)
                if source:
                    yield from _copy(file, step, step.node, source=source)


def _copy(file: LintFile, step: Step, node: Copy, *, source: Stage) -> Iterator[Finding]:
    for word in node.sources:
        text = file.known(word.text, step)
        path = None if text is None else "/" + clean(text.removesuffix("/*") or "/")
        if path is None or not _is_work(file, source, path):
            continue
        message = (
            f"COPY takes the whole file system of {source.title}"
            if path == "/"
            else f"COPY takes all of {path}, the work directory of {source.title}"
        )
        hint = _hint(file, step, node, path=path, source=source)
        fix = _fix(file, step, node, path=path, source=source)
        yield file.finding(NAME, message, span=word.span, hint=hint, fix=fix)


def _is_work(file: LintFile, source: Stage, path: str) -> bool:
    """Whether a path is the directory that a stage works in, or holds it; not one that only its RUNs fill by name."""
    if path == "/":
        return any(True for _ in file.steps(source))  # without steps it is an image by another name
    landed = [place for step in file.steps(source) for place in _landings(file, step)]
    work = {source.end.workdir, *(place for place, whole in landed if whole)}
    if not any(place and _contains(path, place) for place in work):
        return False
    return any(place is None or _contains(path, place) for place, _ in landed) or not _is_output(file, source, path)


def _landings(file: LintFile, step: Step) -> Iterator[tuple[str | None, bool]]:
    """Where files of the context land, and whether these are all of them."""
    node = step.node
    if not isinstance(node, Copy | Add) or (isinstance(node, Copy) and node.from_ is not None):
        return
    place = step.before.path(file.known(node.destination.text, step))
    sources = [file.known(word.text, step) for word in node.sources]
    yield place, any(text is not None and clean(text) == "" for text in sources)


def _contains(directory: str, path: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _is_output(file: LintFile, source: Stage, path: str) -> bool:
    return any(isinstance(step.node, Run) and path in step.node.shell_text for step in file.steps(source))


def _hint(file: LintFile, step: Step, node: Copy, *, path: str, source: Stage) -> str:
    if path == "/":
        return f"name the directories and files that the image needs, or begin the stage from {source.title} itself"
    items = _items(file, source, _landed(step, node))
    return "name what the image needs, for example:\n" + "\n".join(_copies(node, path, items))


def _fix(file: LintFile, step: Step, node: Copy, *, path: str, source: Stage) -> Fix | None:
    """The lines of the hint, where what the image runs tells them; what else the program reads is left out."""
    landed, span = _landed(step, node), node.span
    known = path != "/" and len(node.sources) == 1 and not node.heredocs and span.line == span.end_line
    if not known or not _run(file, landed):
        return None
    new = newline(file.dockerfile).join(_copies(node, path, _items(file, source, landed)))
    return Fix((Edit(span, new),), "copy what the image runs by name", safe=False)


def _landed(step: Step, node: Copy) -> str:
    return _settled(step.before).path(node.destination.text) or "/"


def _copies(node: Copy, path: str, items: tuple[str, ...]) -> list[str]:
    target = node.destination.text.rstrip("/")
    flags = " ".join(
        f"--{flag.name}={flag.value}" if flag.value is not None else f"--{flag.name}" for flag in node.flags
    )
    return [f"COPY {flags} {path}/{item} {target}/{item}" for item in items]


def _settled(moment: Moment) -> Moment:
    """The same, with a work directory in any case: an unknown one is the same before and after."""
    return replace(moment, workdir=moment.workdir or "/")


def _items(file: LintFile, source: Stage, landed: str) -> tuple[str, ...]:
    """What the image runs, its package.json and its packages, as far as the file tells; `dist` where it does not."""
    node = any(
        isinstance(call, Call) and call.manager in packages.NODE
        for step in file.steps(source)
        if isinstance(step.node, Run)
        for call in packages.of_step(step, step.node, escape=file.escape)
    )
    items = _run(file, landed) or ["dist"]
    if node:
        items += ["package.json", "node_modules"] if _needs_packages(file, source) else ["package.json"]
    return tuple(dict.fromkeys(items))


def _needs_packages(file: LintFile, source: Stage) -> bool:
    """Whether the image runs JavaScript of a project that has packages to run with."""
    found = manifest.of_stage(file, source)
    scripts = any(
        text.endswith(_SCRIPTS)
        for command in _commands(file)
        for call in shell.of_command(command)
        for text in call.texts
    )
    return scripts and found is not None and found.has_dependencies


def _run(file: LintFile, landed: str) -> list[str]:
    """The names in the directory `landed` that the commands of the image mention."""
    return [item for command in _commands(file) for item in _named(command, _settled(file.target.end), landed)]


def _commands(file: LintFile) -> Iterator[Command]:
    for step in file.steps(file.target):
        if isinstance(step.node, Cmd | Entrypoint):
            yield step.node.command


def _named(command: Command, end: Moment, landed: str) -> Iterator[str]:
    """The names in the directory `landed` that a command mentions."""
    prefix = f"{landed.rstrip('/')}/"
    for call in shell.of_command(command):
        for text in call.texts:
            path = end.path(text) if "/" in text or text.endswith(_PROGRAMS) else None
            if path and not text.startswith("-") and path.startswith(prefix) and len(path) > len(prefix):
                yield path[len(prefix) :].partition("/")[0]
