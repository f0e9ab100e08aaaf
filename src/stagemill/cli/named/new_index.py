"""`NewIndex`: an index that a command line asks for, of images that are anywhere. Source: buildx, `imagetools create`."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from stagemill.cli.frame import access
from stagemill.cli.frame.command import AttachedOption, truth
from stagemill.cli.frame.environment import Workplace, workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.given import flags, platforms
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.progress import MODES, open_progress
from stagemill.cli.results.exports import write_atomically
from stagemill.digest import Digest
from stagemill.errors import StagemillError, UsageError
from stagemill.oci import document as json
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.places.address import Address, InDockerArchive, InRegistry, InStore
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.events import Listener
    from stagemill.places.composing import Composed, Part
    from stagemill.places.node import Node

C = TypeVar("C", bound=click.Command)
_WRITE_ANNOTATION = "write --annotation index:NAME=VALUE, or manifest:, manifest-descriptor:, index-descriptor:"


@dataclass(frozen=True, slots=True)
class Described:
    """A source by a descriptor: a manifest in the repository that the index goes to."""

    entry: json.JsonObject

    @classmethod
    def parse(cls, text: str | bytes, where: str) -> Described:
        """JSON with digest and, perhaps, platform and annotations. Raises UsageError."""
        try:
            entry = json.parse_object(text, "it")
            Digest(json.text(entry, "digest"))
        except ValueError as error:
            hint = 'write {"digest": "sha256:…", "mediaType": "…", "size": …}'
            raise UsageError(f"{where} has no descriptor: {error}", hint=hint) from error
        return cls(entry)


@dataclass(frozen=True, slots=True)
class NewIndex:
    """`sources` in their order; `append` puts what the first tag means now before them."""

    tags: tuple[Address, ...]
    sources: tuple[Address | Described, ...]
    append: bool = False
    annotations: Annotations = Annotations()
    platforms: tuple[Platform, ...] = ()
    prefer_index: bool = True

    @classmethod
    def of(cls, values: Values, address: Callable[[str], Address]) -> NewIndex:
        """`address` reads the name of an image. Raises UsageError."""
        tags = tuple(map(address, values.texts("tags")))
        sources: list[Address | Described] = [Described.parse(_read(path), path) for path in values.texts("files")]
        sources += (
            Described.parse(text, f"{text[:40]}…") if text.startswith("{") else address(text)
            for text in values.texts("sources")
        )
        if not tags and not values.flag("dry_run"):
            raise UsageError("the index needs a name", hint="give it one with -t, or only look at it with --dry-run")
        if not sources:
            raise UsageError("there is no image for the index", hint="name at least one, or give a file with -f")
        texts = values.texts("annotations")
        return cls(
            tags,
            tuple(sources),
            values.flag("append"),
            placed_annotations(texts),
            platforms.parse(values.texts("platform")),
            truth("--prefer-index", values.text("prefer_index") or "true"),
        )

    @property
    def addresses(self) -> tuple[Address, ...]:
        return (*self.tags, *(source for source in self.sources if not isinstance(source, Described)))

    def make(self, place: Workplace, listener: Listener) -> Node:
        """The index, which all tags mean afterwards. Raises StagemillError."""
        from stagemill.cli.named.sending import Sending

        tag = self.tags[0]
        before = place.store.images.get(str(flags.reference(tag.name))) if isinstance(tag, InStore) else None
        with ExitStack() as stack:
            made = self.composed(stack, place)
            Sending(place, made.source, "the index", listener, later=made.origins).send(made.node, self.tags)
        if before and self.append:
            place.store.images.forget(before.digest)  # what it was before needs no name of its own
        return made.node

    def composed(self, stack: ExitStack, place: Workplace) -> Composed:
        """Read and put together; sources are open as long as the stack is. Raises StagemillError."""
        from stagemill.places.composing import compose

        addresses = [self.tags[0]] if self.append and self.tags else []
        parts = [
            *(_part(stack, place, each) for each in addresses),
            *(self._part(stack, place, s) for s in self.sources),
        ]
        made = compose(parts, self.annotations, platforms=self.platforms, index=self.prefer_index)
        self._check(made)
        return made

    def _part(self, stack: ExitStack, place: Workplace, source: Address | Described) -> Part:
        if not isinstance(source, Described):
            return _part(stack, place, source)
        digest = Digest(json.text(source.entry, "digest"))
        registry, repository = self._repository()
        part = _part(stack, place, InRegistry(Reference(registry, repository, "", digest)))
        size = part.node.descriptor.size
        if source.entry.get("size", size) != size:
            raise StagemillError(
                f"{digest} has {size} bytes, not {source.entry['size']}", hint="correct the size, or leave it out"
            )
        more = {key: value for key, value in source.entry.items() if key not in {"digest", "size", "mediaType"}}
        return replace(part, node=replace(part.node, entry={**part.node.entry, **more}))

    def _repository(self) -> tuple[str, str]:
        """Where manifests are that only a descriptor names: the first tag's, else the images'. Raises UsageError."""
        for address in (*self.tags, *self.sources):
            if isinstance(address, InRegistry):
                return address.reference.registry, address.reference.repository
        hint = "name a tag in its registry with -t docker://NAME"
        raise UsageError("a descriptor does not say in which repository its manifest is", hint=hint)

    def _check(self, made: Composed) -> None:
        """Raises UsageError for annotations that nothing has."""
        there = {image.descriptor.platform for image in made.node.images()}
        for one in self.annotations.all:
            if one.platform and one.platform not in there:
                known = ", ".join(sorted(map(str, there)))
                message = f"invalid --annotation {one.place}[{one.platform}]:{one.name}: there is no such image"
                raise UsageError(message, hint=f"the platforms are {known}")
            if one.place == "index-descriptor" and not all(_has_index(tag) for tag in self.tags):
                message = f"invalid --annotation index-descriptor:{one.name}: nothing names the index in a registry"
                raise UsageError(message, hint="it can be in an OCI layout: -t oci:DIRECTORY:TAG")


def _has_index(address: Address) -> bool:
    """Whether a place has descriptors of what is in it."""
    return not isinstance(address, InRegistry | InDockerArchive | InStore)


def placed_annotations(texts: Iterable[str]) -> Annotations:
    """As `build` has them; here each says what it annotates. Raises UsageError."""
    given = list(texts)
    for text in given:
        if ":" not in text.partition("=")[0]:
            raise UsageError(f"--annotation {text} does not say what it annotates", hint=_WRITE_ANNOTATION)
    return Annotations.parse(given, index=True)


def _part(stack: ExitStack, place: Workplace, address: Address) -> Part:
    from stagemill.cli.named.sending import opened, origins, read
    from stagemill.places.composing import Part

    source = stack.enter_context(opened(address, place))
    node = read(source, address)
    return Part(node, source, origins(address, node, place))


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {(error.strerror or '').lower()}", hint="name a file with JSON"
        ) from error


def called(new: NewIndex, values: Values) -> None:
    """Makes the index, sends it to all of its tags, and prints its digest; or prints it whole. Raises StagemillError."""
    from stagemill.cli.named.places import reach

    progress = open_progress(values.text("progress") or "auto", sys.stderr)
    with workplace() as place, progress as listener, ExitStack() as stack:
        place.access = reach(values, new.addresses)
        if values.flag("dry_run"):
            print(new.composed(stack, place).node.data.decode())
            return
        made = new.make(place, listener)
    if metadata := values.text("metadata_file"):
        facts = {
            "containerimage.descriptor": dict(made.entry),
            "containerimage.digest": made.digest,
            "image.name": ",".join(str(tag).removeprefix("docker://") for tag in new.tags),
        }
        write_atomically(Path(metadata), json_module.dumps(facts, indent=2).encode())
    print(made.digest)


def creating(command: C) -> C:
    """Gives a command the flags that say what is to be in an index; its parameters are those of `NewIndex.of`."""
    command.params += list(_options())
    return command


def _options() -> Iterator[click.Parameter]:
    yield click.Argument(["sources"], nargs=-1, metavar="[IMAGE…]")
    yield click.Option(
        ["-t", "--tag", "tags"],
        multiple=True,
        metavar="NAME",
        help="What the index is called; may be given several times.",
    )
    yield click.Option(["--append"], is_flag=True, help="Add to the index that the first tag names.")
    yield click.Option(
        ["--annotation", "annotations"], multiple=True, metavar="PLACE:NAME=VALUE",
        help="Annotate index, manifest[PLATFORM], manifest-descriptor[PLATFORM] or index-descriptor.",
    )  # fmt: skip
    yield click.Option(
        ["-f", "--file", "files"], multiple=True, metavar="FILE",
        help="Take a manifest of the tag's repository, by its descriptor in a file.",
    )  # fmt: skip
    yield click.Option(
        ["-p", "--platform"], multiple=True, metavar="OS/ARCH", help="Take the images for these platforms only."
    )
    yield AttachedOption(
        "--prefer-index", alone="true", metavar="BOOL",
        text="Make an index also of one manifest alone; with false it is copied as it is. [true]",
    )  # fmt: skip
    yield click.Option(["--dry-run"], is_flag=True, help="Print the index, and send nothing.")
    yield click.Option(
        ["--metadata-file"], metavar="FILE", help="Write digest, descriptor and names to a file, as JSON."
    )
    yield click.Option(["--progress"], type=click.Choice(MODES), default="auto", help="How progress is shown. [auto]")
    yield from access.options()
