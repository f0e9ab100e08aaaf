"""`Facts`: what a Dockerfile of one stage says of its project; and why one cannot be split, as far as the text tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Add, Copy, Dockerfile, InstructionNode, OnBuild, Run
from stagemill.errors import DockerfileError
from stagemill.files.glob import expand
from stagemill.files.paths import clean
from stagemill.files.view import FileView
from stagemill.lint import shell
from stagemill.lint.file import Known, LintFile
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Moment, Stage, Step
from stagemill.oci.config import ImageConfig
from stagemill.split.entry import Entry
from stagemill.values import dataclass

BUILDER = "builder"
RUNTIME = "runtime"


@dataclass(frozen=True, slots=True)
class Ran:
    """A command of a RUN, the step that it stands in, and the absolute directory that it runs in, if that is known."""

    step: Step
    command: ShellCommand
    directory: str | None

    @property
    def words(self) -> tuple[str, ...]:
        return self.command.texts

    @property
    def program(self) -> str:
        return self.words[0].rpartition("/")[2] if self.words else ""

    @property
    def line(self) -> int:
        return self.step.node.span.line

    def option(self, *names: str) -> str | None:
        """The value of the first of these options that is there: `-o X`, `-oX` for one letter, `--out=X`."""
        for at, word in enumerate(self.words):
            for name in names:
                if word == name and at + 1 < len(self.words):
                    return self.words[at + 1]
                if name.startswith("--") and word.startswith(f"{name}="):
                    return word.removeprefix(f"{name}=")
        return None


@dataclass(frozen=True)
class Facts:
    """`context` has what COPY reads; `base` is what FROM names, with its variables replaced."""

    file: LintFile
    stage: Stage
    base: str
    entry: Entry
    context: FileView | None

    @classmethod
    def of(
        cls,
        dockerfile: Dockerfile,
        *,
        context: FileView | None = None,
        build_args: Mapping[str, str] | None = None,
        base: ImageConfig | None = None,
    ) -> Facts:
        """`base` is the config of the base image, where that is known already. Raises DockerfileError for a file that cannot be split."""
        known = Known(bases={0: base}) if base else None
        file = LintFile.of(dockerfile, build_args=build_args, context=context, known=known)
        _refuse_stages(file)
        (stage,) = file.stages
        if not stage.base or stage.base == "scratch":
            raise _at(file, stage.start, *_NO_BASE[not stage.base])
        for node in (step.node for step in stage.steps):
            if isinstance(node, OnBuild):
                raise _at(
                    file, node, "it has ONBUILD, so it is a base that others build on", "split what begins from it"
                )
        if not any(isinstance(step.node, Run) for step in stage.steps):
            raise _at(file, stage.start, "it has no RUN, so nothing is built in it", "there is nothing to leave out")
        return cls(file, stage, stage.base, Entry.of(file, stage, stage.base), context)

    @cached_property
    def workdir(self) -> str:
        """The directory that the image works in; what well-known bases begin with, where the file does not say."""
        return self.stage.end.workdir or _HOMES.get(self.base.partition(":")[0], "/")

    @cached_property
    def commands(self) -> tuple[Ran, ...]:
        """What the RUNs call, in their order."""
        return tuple(ran for step in self.stage.steps for ran in self._of_step(step))

    def _of_step(self, step: Step) -> Iterator[Ran]:
        if not isinstance(step.node, Run):
            return
        here: Moment = step.before
        place = here.workdir or _HOMES.get(self.base.partition(":")[0], "/")
        for command in shell.of_run(step, step.node, escape=self.file.escape):
            yield Ran(step, command, place)
            words = command.texts
            if words[0] == "cd" and len(words) > 1:
                place = "/" + clean(words[1] if words[1].startswith("/") else f"{place}/{words[1]}")

    def copied_names(self) -> tuple[str, ...]:
        """The names that COPY and ADD bring from the top of the context into the working directory, sorted."""
        found: set[str] = set()
        for step in self.stage.steps:
            node = step.node
            if not isinstance(node, Copy | Add) or (isinstance(node, Copy) and node.from_):
                continue
            if self._lands(step, node.destination.text) != self.workdir:
                found.update(self._below(step, node.destination.text))
                continue
            for word in node.sources:
                found.update(self._names(clean(word.text)))
        return tuple(sorted(found))

    def copied_elsewhere(self) -> tuple[tuple[str, bool], ...]:
        """The paths outside of the working directory that COPY and ADD make, and whether they are directories; as far as the text tells."""
        found: dict[str, bool] = {}
        home = f"{self.workdir.rstrip('/')}/"
        for step in self.stage.steps:
            node = step.node
            if not isinstance(node, Copy | Add) or (isinstance(node, Copy) and node.from_):
                continue
            landed = self._lands(step, node.destination.text)
            if f"{landed}/".startswith(home) and home != "/":
                continue
            into = node.destination.text.endswith("/") or len(node.sources) > 1
            for word in node.sources:
                source = clean(word.text)
                entry = self.context.lstat(source) if self.context else None
                if entry and entry.kind == "dir":
                    found[landed] = True
                elif into and not set(source) & set("*?[$:"):
                    found[f"{landed.rstrip('/')}/{source.rpartition('/')[2]}"] = False
                elif not into:
                    found[landed] = False
        return tuple(sorted((path, directory) for path, directory in found.items() if path != "/"))

    def _lands(self, step: Step, destination: str) -> str:
        text = self.file.known(destination, step) or destination
        place = step.before.workdir or self.workdir
        return "/" + clean(text if text.startswith("/") else f"{place}/{text}")

    def _below(self, step: Step, destination: str) -> Iterator[str]:
        """The first name below the working directory of a destination that is in it."""
        landed = self._lands(step, destination)
        prefix = f"{self.workdir.rstrip('/')}/"
        if landed.startswith(prefix):
            yield landed.removeprefix(prefix).partition("/")[0]

    def _names(self, source: str) -> Iterator[str]:
        """What a source puts into a directory: the names in it where it is a directory, else its own."""
        if self.context is None:
            yield source.rpartition("/")[2]
            return
        for path in expand(self.context, source):
            entry = self.context.lstat(path)
            if entry and entry.kind == "dir":
                yield from self.context.listdir(path)
            else:
                yield path.rpartition("/")[2]

    def refusal(self, message: str, hint: str, *, span: Span | None = None) -> DockerfileError:
        """An error at a place of the file, that of what the image runs where none is given."""
        at = self.file.dockerfile.source.excerpt(span or self.entry.span)
        return DockerfileError(message, at=at, hint=hint)

    def read(self, path: str) -> str:
        """The text of a small file of the context; empty where there is none."""
        entry = self.context.lstat(path) if self.context else None
        if self.context is None or entry is None or entry.kind != "file" or entry.size > _MOST_BYTES:
            return ""
        return self.context.real_path(path).read_text("utf-8", "replace")

    def at_top(self, *names: str) -> str:
        """The first of these names that the context has at its top; empty where it has none."""
        have = set(self.context.listdir("")) if self.context else set()
        return next((name for name in names if name in have), "")


_MOST_BYTES = 1 << 20
_HOMES = {"golang": "/go", "gradle": "/home/gradle"}
_NO_BASE = {
    False: ("it begins from scratch, so no tools are in the image", "there is nothing to leave out"),
    True: ("what FROM names is not known", "give the ARG a value: --build-arg NAME=VALUE"),
}


def _refuse_stages(file: LintFile) -> None:
    count = len(file.stages)
    if count > 1:
        raise _at(
            file,
            file.stages[1].start,
            f"it has {count} stages already",
            "stagemill size shows what each of them leaves in the image, stagemill lint what could be better",
        )


def _at(file: LintFile, node: InstructionNode, message: str, hint: str) -> DockerfileError:
    return DockerfileError(f"cannot split it: {message}", at=file.dockerfile.source.excerpt(node.span), hint=hint)
