"""`Base`, an image that a Dockerfile reads: what a stage begins from, or what a COPY or a mount takes files of."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.expansion import variables
from stagemill.dockerfile.tree import Copy, InstructionNode, Run, Word
from stagemill.lint.file import LintFile, mount_options, source_stage
from stagemill.lint.stages import Stage, global_args
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Base:
    """`image` is what the word means, with the values of its variables."""

    stage: Stage
    word: Word
    image: str


def bases(file: LintFile) -> Iterator[Base]:
    """The images of a registry that are read, as far as their names are known; neither stages nor `scratch`."""
    for stage in file.asked:
        if stage.parent is None and stage.base and stage.base != "scratch" and _is_known(file, stage.start.image.text):
            yield Base(stage, stage.start.image, stage.base)
        for step in stage.steps:
            for word in _sources(step.node):
                if _may_be_image(file, stage, word.text):
                    yield Base(stage, word, word.text)


def _sources(node: InstructionNode) -> Iterator[Word]:
    """What a COPY or the mounts of a RUN take files from."""
    if isinstance(node, Copy) and node.from_:
        yield node.from_
    if isinstance(node, Run):
        for mount in node.mounts:
            if source := mount_options(mount).get("from"):
                yield Word(source, mount.value_span)


def has_version(image: str) -> bool:
    """Whether an image has a tag or a digest."""
    return ":" in image.rpartition("/")[2] or "@" in image


def registry(image: str) -> str:
    """The host that an image comes from."""
    first, slash, _ = image.partition("/")
    return first if slash and (first == "localhost" or set(first) & {".", ":"}) else "docker.io"


def _is_known(file: LintFile, text: str) -> bool:
    """Whether each variable of a FROM has a value, so that the image is the one that will be read."""
    if "$" not in text:
        return True
    values = _values(file)
    return bool(values) and all(name in values for name in _names(file, text))


def _values(file: LintFile) -> frozenset[str]:

    found = global_args(file.dockerfile, file.build_args)
    return frozenset(name for name, value in found.items() if value)


def _names(file: LintFile, text: str) -> Iterator[str]:

    yield from (name for name, _ in variables(text, escape=file.escape))


def _may_be_image(file: LintFile, stage: Stage, text: str) -> bool:
    if "$" in text or text.isdecimal() or text.lower() == stage.name:
        return False
    later = any(other.name == text.lower() for other in file.stages)
    return not later and source_stage(text, stage, file.stages) is None
