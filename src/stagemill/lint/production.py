"""What to do about packages for development in an image: prune them, or install without them in a stage of their own.

A fix is offered only where the text proves that nothing else changes; otherwise the hint shows the lines.
"""

from __future__ import annotations

import fnmatch

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Arg, Cmd, Copy, Entrypoint, Env, Label, OnBuild, Run, User, Workdir
from stagemill.lint import modules, names, packages
from stagemill.lint.file import LintFile, Read, mount_options
from stagemill.lint.finding import Edit, Fix
from stagemill.lint.manifest import Manifest
from stagemill.lint.modules import Installed
from stagemill.lint.node_version import omit
from stagemill.lint.packages import Call
from stagemill.lint.place import above, below, lines, offsets
from stagemill.lint.runtime import runs_only_programs
from stagemill.lint.stages import Step
from stagemill.lint.undisturbed import brings_no_packages, keeps_packages
from stagemill.values import dataclass

STAGE = "prod-deps"

_SAFE_OPTIONS = frozenset(
    {"--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", "--frozen-lockfile", "--silent", "--quiet"}
)
_MANIFESTS = ("package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc")


@dataclass(frozen=True, slots=True)
class Case:
    """A COPY (`node`) that brings the node_modules of `directory`, and the install that made them.

    `manifest` is the package.json that was installed, None where that is not certain.
    """

    file: LintFile
    read: Read
    node: Copy
    directory: str
    installed: Installed
    manifest: Manifest | None

    @property
    def path(self) -> str:
        return f"{self.directory.rstrip('/')}/{modules.NAME}"

    @property
    def call(self) -> Call:
        return self.installed.call

    @property
    def flag(self) -> str:
        """What an install takes to leave out packages for development."""
        if self.call.manager == "npm":
            return omit(self.file, self.installed.stage) or "--omit=dev"
        return "--prod" if self.call.manager == "pnpm" else "--production"

    @property
    def knows_flag(self) -> bool:
        return self.call.manager != "npm" or omit(self.file, self.installed.stage) is not None


@dataclass(frozen=True, slots=True)
class Remedy:
    """`hint` is always there, `fix` where it is certain."""

    hint: str
    fix: Fix | None = None


def remedy(case: Case) -> Remedy:
    """What to do about it."""
    source = case.read.source
    if case.file.may_have_children(source) or case.installed.copied or case.call.manager in {"yarn", "bun"}:
        return _own_stage(case)
    pnpm = case.call.manager == "pnpm"
    return _prune(case, "RUN CI=true pnpm prune --prod" if pnpm else f"RUN npm prune {case.flag}")


def _prune(case: Case, line: str) -> Remedy:
    source, dockerfile = case.read.source, case.file.dockerfile
    hint = f"remove them when {source.title} has done its work, with a last line in it: {line}"
    if not _can_prune(case):
        return Remedy(hint)
    edit = Edit(below(dockerfile, source.last_node), lines(dockerfile, line))
    return Remedy(hint, Fix((edit,), f"end {source.title} with {line}"))


def _can_prune(case: Case) -> bool:
    source, file = case.read.source, case.file
    steps = tuple(file.steps(source))
    special = (Cmd, Entrypoint, OnBuild)
    return (
        source.end.workdir == case.directory == case.call.directory
        and source.end.user == case.installed.step.before.user
        and not any(isinstance(step.node, special) for step in steps)
        and source.end.shell is None
        and case.knows_flag
        and _is_plain(case)
        and keeps_packages(file, steps, installed=case.installed)
        and brings_no_packages(file, steps, case.path)
        and _is_read_alone(case)
        and runs_only_programs(file, case.read, case.manifest)
        and (case.call.manager == "npm" or _pnpm_can_prune(case, steps))
    )


def _pnpm_can_prune(case: Case, steps: tuple[Step, ...]) -> bool:
    """Whether nothing is lost when pnpm makes the directory anew, as it may: that runs the project's scripts and loses what a RUN has put there."""
    view = case.file.context
    last = [step for step in steps if isinstance(step.node, Run)][-1]
    quiet = case.manifest is not None and not case.manifest.runs_scripts
    return quiet and last is case.installed.step and view is not None and view.lstat("pnpm-workspace.yaml") is None


def _is_plain(case: Case) -> bool:
    """Whether the install takes no options, and no files from mounts, that a later call would miss."""
    node = case.installed.step.node
    assert isinstance(node, Run), "only a RUN installs"
    cached = all(mount_options(mount).get("type") == "cache" for mount in node.mounts)
    return cached and not case.call.named and not case.call.command.env and set(case.call.options) <= _SAFE_OPTIONS


def _is_read_alone(case: Case) -> bool:
    """Whether nobody but the image reads these packages from the stage."""
    shipped = {stage.index for stage in case.file.shipped()}
    for read in case.file.readers(case.read.source):
        for path in read.paths:
            if path is None or "*" in path or "?" in path or "[" in path:
                return False
            touches = path in {case.path, "/"} or case.path.startswith(f"{path}/") or path.startswith(f"{case.path}/")
            if touches and (
                path != case.path or read.reader.index not in shipped or not isinstance(read.step.node, Copy)
            ):
                return False
    return True


def _own_stage(case: Case) -> Remedy:
    """A stage that repeats the one with the install up to there, and leaves the packages for development out."""
    file, stage = case.file, case.installed.stage
    name = names.free(file, (STAGE, f"{STAGE}-2", "production-modules"), index=case.read.reader.index)
    flag = case.flag
    install = _install(case, flag)
    if not name or not install or case.call.directory != case.directory or case.node.from_ is None:
        return Remedy(f"install them once more with {flag}, in a stage of its own, and copy node_modules from there")
    body = [step.node.raw for step in stage.steps[: stage.steps.index(case.installed.step)]]
    platform = f"--platform={stage.start.platform.text} " if stage.start.platform else ""
    text = [f"FROM {platform}{stage.start.image.text} AS {name}", *body, install]
    copy = Edit(case.node.from_.span, name)
    changed = case.node.original.replace(f"--from={case.node.from_.text}", f"--from={name}", 1)
    shown = "".join(lines(file.dockerfile, *text)).replace("\r", "").rstrip("\n")
    hint = f"install without them in a stage of its own, and copy from there:\n{shown}\n\n{changed}"
    if not _can_repeat(case):
        return Remedy(hint)
    edit = Edit(above(file.dockerfile, case.read.reader.start), lines(file.dockerfile, *text, ""))
    return Remedy(hint, Fix((edit, copy), f"install without them in a new stage `{name}`, and copy from it"))


def _install(case: Case, flag: str) -> str | None:
    """The RUN with the install, with the flag added to it."""
    node = case.installed.step.node
    last = case.call.command.words[-1]
    if not last.exact or not isinstance(node, Run):
        return None
    start, _ = offsets(case.file.dockerfile.source.text, Span(node.span.line, 1, node.span.line, 1))
    _, end = offsets(case.file.dockerfile.source.text, last.span)
    inserted = f'", "{flag}' if node.command.exec is not None else f" {flag}"
    return node.raw[: end - start] + inserted + node.raw[end - start :]


def _can_repeat(case: Case) -> bool:
    file, stage, installed = case.file, case.installed.stage, case.installed
    before = stage.steps[: stage.steps.index(installed.step)]
    return (
        stage is case.read.source
        and installed.step is stage.steps[-1]
        and all(_is_quiet(step) for step in before)
        and any(isinstance(step.node, Copy) for step in before)
        and _is_lone_ci(case)
        and case.knows_flag
        and not any(isinstance(step.node, Run) for step in _inherited(case))
        and case.manifest is not None
        and not case.manifest.runs_scripts
        and not case.manifest.reaches_out
        and len(case.node.sources) == 1
        and not _has_numbers(file, case.read.reader.index)
        and runs_only_programs(file, case.read, case.manifest)
    )


def _inherited(case: Case) -> tuple[Step, ...]:
    """The steps of the stages that the one with the install begins from, which call a package manager."""
    stage = case.installed.stage
    if stage.parent is None:
        return ()
    steps = case.file.steps(case.file.stages[stage.parent])
    return tuple(
        step
        for step in steps
        if isinstance(step.node, Run) and packages.of_step(step, step.node, escape=case.file.escape)
    )


def _is_quiet(step: Step) -> bool:
    """Whether a step may stand in the file twice: it runs nothing, and copies nothing but what names packages."""
    node = step.node
    if isinstance(node, Copy):
        plain = node.from_ is None and not node.heredocs and not node.json
        return plain and all(_is_manifest(word.text) for word in node.sources)
    return isinstance(node, Workdir | Env | Arg | User | Label)


def _is_manifest(text: str) -> bool:
    name = text.rpartition("/")[2]
    return name in _MANIFESTS or (fnmatch.fnmatchcase("package.json", name) and name.startswith("package"))


def _is_lone_ci(case: Case) -> bool:
    node = case.installed.step.node
    if not isinstance(node, Run) or node.heredocs or case.installed.step.before.shell:
        return False
    plain = node.command.exec if node.command.exec is not None else tuple(node.command.text.split())
    return case.call.is_ci and plain == case.call.command.texts and _is_plain(case)


def _has_numbers(file: LintFile, index: int) -> bool:
    """Whether something names a stage at or after a position by its number, which a new stage would move."""
    if any(word.text.isdecimal() for stage in file.stages for word in stage.start.after):
        return True
    return any(read.source.index >= index and _is_numbered(read) for read in file.reads)


def _is_numbered(read: Read) -> bool:
    node = read.step.node
    if isinstance(node, Copy) and node.from_:
        return node.from_.text.isdecimal()
    return True
