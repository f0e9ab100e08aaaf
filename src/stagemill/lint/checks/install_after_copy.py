"""`install-after-copy`: packages are installed after all files were copied, so every edit installs them again."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Copy, Run
from stagemill.files.paths import clean
from stagemill.lint import manifest, packages
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Edit, Finding, Fix
from stagemill.lint.packages import Call, Manager
from stagemill.lint.place import first_line, lines
from stagemill.lint.stages import Stage, Step
from stagemill.values import dataclass

NAME = "install-after-copy"
SUMMARY = "packages are installed after COPY . ."

_MANIFESTS: Mapping[Manager, str] = {
    "npm": "package.json package-lock.json",
    "pnpm": "package.json pnpm-lock.yaml",
    "yarn": "package.json yarn.lock",
    "pip": "requirements.txt",
    "go": "go.mod go.sum",
    "bundle": "Gemfile Gemfile.lock",
    "cargo": "Cargo.toml Cargo.lock",
    "composer": "composer.json composer.lock",
}
_SAFE_OPTIONS = frozenset({"--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"})


@dataclass(frozen=True, slots=True)
class _State:
    """What a stage has done: who installed packages, and the step that copied all files of the context."""

    installed: frozenset[Manager] = frozenset()
    copied: Step | None = None


def check(file: LintFile) -> Iterator[Finding]:
    ends: list[_State] = []
    for stage in file.stages:
        state = _State() if stage.parent is None else ends[stage.parent]
        for step in stage.steps:
            if isinstance(step.node, Copy | Add) and _copies_all(file, step, step.node):
                state = replace(state, copied=step)
            for call in _installs(file, step):
                if call.manager not in state.installed and state.copied:
                    yield _finding(file, stage, call, copied=state.copied, step=step)
                state = replace(state, installed=state.installed | {call.manager})
        ends.append(state)


def _installs(file: LintFile, step: Step) -> Iterator[Call]:
    """The calls that install what the project names."""
    if isinstance(step.node, Run):
        for call in packages.of_step(step, step.node, escape=file.escape):
            if isinstance(call, Call) and call.verb == "install" and not call.named:
                yield call


def _copies_all(file: LintFile, step: Step, node: Copy | Add) -> bool:
    if isinstance(node, Copy) and node.from_ is not None:
        return False
    return any((text := file.known(word.text, step)) is not None and clean(text) == "" for word in node.sources)


def _finding(file: LintFile, stage: Stage, call: Call, *, copied: Step, step: Step) -> Finding:
    words = call.command.words
    span = words[0].span.to(words[-1].span)
    shown = " ".join(call.command.texts)
    shown = shown if len(shown) <= 40 else " ".join(call.command.texts[:3]) + " …"
    first = copied.node.span.line
    hint = (
        f"copy what names the packages, install them, then copy the rest:\n"
        f"{_manifests(call, copied=copied, step=step)}\nRUN {' '.join(call.command.texts)}\n{_rest(copied, step)}"
    )
    message = f"`{shown}` runs again whenever any file changes, for all files are copied before it, in line {first}"
    return file.finding(NAME, message, span=span, hint=hint, fix=_fix(file, stage, call, copied=copied, step=step))


def _manifests(call: Call, *, copied: Step, step: Step) -> str:
    """The COPY of the files that name the packages, to where the install looks for them."""
    texts = call.command.texts
    files = _MANIFESTS[call.manager].split()
    if call.manager == "pip":
        files = [after for word, after in pairwise(texts) if word in {"-r", "--requirement"}] or files
    here, top = call.directory or step.before.workdir or "", _top(copied)
    paths = [posixpath.normpath(posixpath.join(here, name)) for name in files]
    folder = posixpath.dirname(paths[0])
    below = [posixpath.relpath(path, top) if top and path.startswith("/") else path.lstrip("/") for path in paths]
    if any(path.startswith("..") for path in below):
        below = [posixpath.basename(path) for path in paths]
    return f"COPY {' '.join(below)} {'./' if folder in {step.before.workdir, ''} else folder.rstrip('/') + '/'}"


def _rest(copied: Step, step: Step) -> str:
    """The COPY of all files, for below the install, where another directory may be the current one."""
    node, top = copied.node, _top(copied)
    if not isinstance(node, Copy | Add) or copied.before.workdir == step.before.workdir or top is None:
        return node.original
    head, text, tail = node.original.rpartition(node.destination.text)
    return (
        f"{head}{top}{tail}" if text and not node.json and not node.destination.text.startswith("/") else node.original
    )


def _top(copied: Step) -> str | None:
    """The directory that all files of the context come into."""
    node = copied.node
    known = isinstance(node, Copy | Add) and "$" not in node.destination.text
    return copied.before.path(node.destination.text) if isinstance(node, Copy | Add) and known else None


def _fix(file: LintFile, stage: Stage, call: Call, *, copied: Step, step: Step) -> Fix | None:
    """The COPY below the install, where the install provably needs nothing but what is copied above it."""
    names = _needed(file)
    steps = stage.steps
    adjacent = step in steps[1:] and steps[steps.index(step) - 1] is copied
    if not names or not adjacent or not _is_lone_ci(call, step) or not _copies_here(copied):
        return None
    copy, run, dockerfile = copied.node, step.node, file.dockerfile
    manifests = f"COPY {''.join(f'{flag} ' for flag in _flags(copy))}{' '.join(names)} ./"
    start = first_line(dockerfile, copy)
    end = first_line(dockerfile, run) + run.raw.count("\n")
    new = lines(dockerfile, manifests) + run.leading + lines(dockerfile, run.raw) + copy.raw
    column = 1
    if not run.raw.endswith("\n"):
        new = new.rstrip("\r\n")
        column = len(run.raw.rpartition("\n")[2]) + 1
    summary = f"copy {', '.join(names)}, install, then copy the rest"
    return Fix((Edit(Span(start, 1, end, column), new),), summary)


def _needed(file: LintFile) -> tuple[str, ...]:
    """The files that `npm ci` reads; none where it may read others."""
    view = file.context
    found = manifest.read(view, "") if view else None
    if (
        view is None
        or found is None
        or found.runs_scripts
        or found.reaches_out
        or not manifest.locked_is_plain(view, "")
    ):
        return ()
    if any(view.lstat(name) for name in ("node_modules", "npm-shrinkwrap.json", "binding.gyp")):
        return ()
    if view.lstat(".npmrc") is None:
        return ("package.json", "package-lock.json")
    return ("package.json", "package-lock.json", ".npmrc") if manifest.is_file(view, ".npmrc") else ()


def _is_lone_ci(call: Call, step: Step) -> bool:
    """Whether the RUN is `npm ci` and nothing else."""
    node = step.node
    texts = call.command.texts
    if not isinstance(node, Run) or node.flags or node.heredocs or step.before.shell:
        return False
    plain = node.command.exec if node.command.exec is not None else tuple(node.command.text.split())
    return call.is_ci and plain == texts and texts[:1] == ("npm",) and set(texts[2:]) <= _SAFE_OPTIONS


def _copies_here(copied: Step) -> bool:
    """Whether it is `COPY . .`, perhaps with owners."""
    node = copied.node
    return (
        isinstance(node, Copy)
        and not node.heredocs
        and [clean(word.text) for word in node.sources] == [""]
        and node.destination.text in {".", "./"}
        and all(flag.name == "chown" for flag in node.flags)
    )


def _flags(node: object) -> tuple[str, ...]:
    return tuple(f"--{flag.name}={flag.value}" for flag in node.flags) if isinstance(node, Copy) else ()
