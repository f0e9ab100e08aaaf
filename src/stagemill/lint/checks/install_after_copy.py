"""`install-after-copy`: packages are installed after all files were copied, so every edit installs them again."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
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
    "bun": "package.json bun.lock*",
    "pip": "requirements.txt",
    "go": "go.mod go.sum",
    "bundle": "Gemfile Gemfile.lock",
    "cargo": "Cargo.toml Cargo.lock",
    "composer": "composer.json composer.lock",
}
_SAFE_OPTIONS = frozenset({"--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"})


@dataclass(frozen=True, slots=True)
class _Copied:
    """A step that copied all files of a directory of the context, which `source` is: the whole project, or a part of it."""

    step: Step
    source: str

    @property
    def top(self) -> str | None:
        """The directory that the files come into."""
        node = self.step.node
        if not isinstance(node, Copy | Add) or "$" in node.destination.text:
            return None
        return self.step.before.path(node.destination.text)


@dataclass(frozen=True, slots=True)
class _State:
    """What a stage has done: who installed packages, and what copied files that they are named in."""

    installed: frozenset[Manager] = frozenset()
    copied: tuple[_Copied, ...] = ()


def check(file: LintFile) -> Iterator[Finding]:
    ends: list[_State] = []
    for stage in file.stages:
        state = _State() if stage.parent is None else ends[stage.parent]
        for step in stage.steps:
            if isinstance(step.node, Copy | Add):
                state = replace(state, copied=(*state.copied, *_directories(file, step, step.node)))
            for call in _installs(file, step):
                copied = _with_manifest(file, call, state.copied)
                if call.manager not in state.installed and copied:
                    yield _finding(file, stage, call, copied=copied, step=step)
                state = replace(state, installed=state.installed | {call.manager})
        ends.append(state)


def _installs(file: LintFile, step: Step) -> Iterator[Call]:
    """The calls that install what the project names."""
    if isinstance(step.node, Run):
        for call in packages.of_step(step, step.node, escape=file.escape):
            if isinstance(call, Call) and call.verb == "install" and not call.named:
                yield call


def _directories(file: LintFile, step: Step, node: Copy | Add) -> Iterator[_Copied]:
    """The directories whose files a step copies; that others than the whole context are some, the context has to show."""
    if isinstance(node, Copy) and node.from_ is not None:
        return
    for word in node.sources:
        text = file.known(word.text, step)
        path = None if text is None else clean(text)
        entry = file.context.lstat(path) if file.context and path else None
        if path == "" or (path and entry and entry.kind == "dir"):
            yield _Copied(step, path)


def _with_manifest(file: LintFile, call: Call, copied: Iterable[_Copied]) -> _Copied | None:
    """The last one that brought what names the packages: all files, or a directory with the manager's file in it."""
    name = _MANIFESTS[call.manager].split()[0]
    found = [
        one
        for one in copied
        if not one.source
        or (one.top == call.directory is not None and file.context and file.context.lstat(f"{one.source}/{name}"))
    ]
    return found[-1] if found else None


def _finding(file: LintFile, stage: Stage, call: Call, *, copied: _Copied, step: Step) -> Finding:
    words = call.command.words
    span = words[0].span.to(words[-1].span)
    shown = " ".join(call.command.texts)
    shown = shown if len(shown) <= 40 else " ".join(call.command.texts[:3]) + " …"
    first = copied.step.node.span.line
    hint = (
        f"copy what names the packages, install them, then copy the rest:\n"
        f"{_manifests(call, copied=copied, step=step)}\nRUN {' '.join(call.command.texts)}\n{_rest(copied, step)}"
    )
    what = f"all of {copied.source}/ is" if copied.source else "all files are"
    message = f"`{shown}` runs again whenever any file changes, for {what} copied before it, in line {first}"
    fix = _fix(file, stage, call, copied=copied.step, step=step)
    return file.finding(NAME, message, span=span, hint=hint, fix=fix)


def _manifests(call: Call, *, copied: _Copied, step: Step) -> str:
    """The COPY of the files that name the packages, to where the install looks for them."""
    texts = call.command.texts
    files = _MANIFESTS[call.manager].split()
    if call.manager == "pip":
        files = [after for word, after in pairwise(texts) if word in {"-r", "--requirement"}] or files
    here, top = call.directory or step.before.workdir or "", copied.top
    paths = [posixpath.normpath(posixpath.join(here, name)) for name in files]
    folder = posixpath.dirname(paths[0])
    below = [posixpath.relpath(path, top) if top and path.startswith("/") else path.lstrip("/") for path in paths]
    if any(path.startswith("..") for path in below):
        below = [posixpath.basename(path) for path in paths]
    below = [posixpath.join(copied.source, path) for path in below]
    return f"COPY {' '.join(below)} {'./' if folder in {step.before.workdir, ''} else folder.rstrip('/') + '/'}"


def _rest(copied: _Copied, step: Step) -> str:
    """The COPY of all files, for below the install, where another directory may be the current one."""
    node, top = copied.step.node, copied.top
    if not isinstance(node, Copy | Add) or copied.step.before.workdir == step.before.workdir or top is None:
        return node.original
    head, text, tail = node.original.rpartition(node.destination.text)
    return (
        f"{head}{top}{tail}" if text and not node.json and not node.destination.text.startswith("/") else node.original
    )


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
