"""Where a finished build goes: names in the store, archives, directories, files with digests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from stagemill import events
from stagemill.attest.wanted import Wanted
from stagemill.build import Built
from stagemill.cli.frame.environment import store_root
from stagemill.cli.given.annotations import Annotations
from stagemill.cli.given.flags import reference
from stagemill.cli.given.output_flags import PACKED, Keeping, Output
from stagemill.cli.results.assembly import Assembly
from stagemill.cli.results.exports import Export, check_place, write_atomically
from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.events import Listener
from stagemill.execute.overlap import Shipment
from stagemill.execute.packaging import USUAL, Packaging
from stagemill.oci.document import JsonObject
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, identity
from stagemill.oci.reference import Reference
from stagemill.timings import measured
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.results.witness import Account


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where a build's result is to go. `tags` are full names.

    `digests` are wanted by somebody who gets them here; `title` says which of several results this is. `index` says that
    it is for several platforms: what is named is an index, and files lie in a directory for each. `attest` is what is to be
    said of it, `stage` the target as the command line has it, `packaging` the form of an image of which no output says more. With
    `may_delete` a directory may be emptied that is not below the current one. `dated` says that files get other times.
    """

    tags: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    iidfile: str | None = None
    metadata_file: str | None = None
    quiet: bool = False
    digests: bool = False
    title: str = ""
    squash: bool = False
    annotations: Annotations = field(default_factory=Annotations)
    warnings_in_metadata: bool = False
    index: bool = False
    attest: Wanted = field(default_factory=Wanted)
    stage: str = ""
    provenance_in_metadata: Literal["min", "max", "disabled"] = "min"
    packaging: Packaging = USUAL
    may_delete: bool = False
    dated: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All names that the image gets in the store, in full."""
        return tuple(name for name, _ in self.named)

    @property
    def named(self) -> tuple[tuple[str, Output], ...]:
        """The same, each with the output whose image it means."""
        kept = [output for output in self.outputs if output.type in {"image", "docker"} and output.keeping.named]
        tags = self.tags if all(output.keeping.named for output in self.outputs) else ()
        own = ((name, output) for output in kept for name in output.names)
        return (*((tag, self.main) for tag in tags), *own)

    @property
    def pushed(self) -> tuple[str, ...]:
        """All names under which registries get it."""
        return tuple(name for output in self.outputs if output.push for name in output.names or self.tags)

    @property
    def shipments(self) -> tuple[Shipment, ...]:
        """Where layers can go as soon as they are there."""
        packed = [output for output in self.outputs if output.type in PACKED]
        outputs = packed or ([self.plain] if self.wants_image else [])
        return tuple(dict.fromkeys(self._shipment(output) for output in outputs))

    def _shipment(self, output: Output) -> Shipment:
        names = (output.names or self.tags) if output.push else ()
        return Shipment(
            output.packaging,
            tuple(Reference.parse(name) for name in names),
            output.insecure,
            file=bool(output.dest),
            base_only=self.squash or self.dated or output.rewrite,
        )

    @property
    def main(self) -> Output:
        """The output whose image is the result: the first that carries one, else that of the build."""
        return next((output for output in self.outputs if output.type in PACKED), self.plain)

    @property
    def plain(self) -> Output:
        """An image in the store of which nobody says more."""
        return Output("image", packaging=self.packaging)

    @property
    def wants_image(self) -> bool:
        """Whether somebody asks for a packed image."""
        packed = any(output.type in PACKED for output in self.outputs)
        files_only = bool(self.outputs) and not packed
        asked = self.tags or self.iidfile or self.metadata_file or self.digests
        return packed or bool(asked) or (self.quiet and not files_only)

    @property
    def only_writes_archives(self) -> bool:
        """Whether all that is left of it is files of the image, digests, and names in the store."""
        named = all(output.keeping == Keeping() and not output.push for output in self.outputs)
        archived = all(
            output.type == "image" or (output.type in {"oci", "docker"} and output.tar and output.dest != "-")
            for output in self.outputs
        )
        return named and archived and not self.attest and not self.dated and not self.squash

    @property
    def wants_any(self) -> bool:
        return self.wants_image or bool(self.outputs) or bool(self.attest.files)


@dataclass(frozen=True, slots=True)
class Archive:
    """A file that an image was written to, by the step with this name."""

    dest: str
    step: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """An image or index that was delivered, the names it got, and what is to be told of the build: its warnings, and how
    each platform's image was made.

    `stored` are the names that it has in the store. `archives` were written, and `files` with what is in them, `output` to
    standard output; `files` are None where it went to other places too.
    """

    image: AnyImage
    names: tuple[str, ...]
    warnings: tuple[str, ...] | None = None
    provenance: Mapping[str, JsonObject] = field(default_factory=dict)
    stored: tuple[str, ...] = ()
    archives: tuple[Archive, ...] = ()
    files: Mapping[str, bytes] | None = None
    output: str = ""

    @property
    def metadata(self) -> dict[str, object]:
        """What buildx writes to a --metadata-file."""
        document: dict[str, object] = {
            "containerimage.descriptor": self.image.descriptor.to_json(),
            "containerimage.digest": self.image.digest,
        }
        if isinstance(self.image, Image):
            document["containerimage.config.digest"] = self.image.manifest.config.digest
        for platform, record in self.provenance.items():
            suffix = f"/{platform}" if len(self.provenance) > 1 else ""
            document[f"buildx.build.provenance{suffix}"] = record
        if self.names:
            document["image.name"] = ",".join(self.names)
        if self.warnings is not None:
            document["buildx.build.warnings"] = [
                {"short": text.split("\n", 1)[0], "detail": text} for text in self.warnings
            ]
        return document


def pretty(document: Mapping[str, object]) -> bytes:
    """JSON that people read."""
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


NO_OUTPUT = (
    "the result stays in the build cache, since nobody asked for it\n"
    "hint: name the image with -t NAME (and --push sends it there), or write it somewhere with -o type=oci,dest=FILE"
)


def check(wishes: Wishes, stdout: BinaryIO, *, places: bool = True) -> None:
    """Raises before anything is built where the result could not be delivered. `places`: paths are looked at too."""
    piped = [output for output in wishes.outputs if output.dest == "-"]
    if len(piped) > 1:
        raise UsageError("only one --output can go to standard output", hint="give the others a file with dest=FILE")
    if piped and stdout.isatty():
        raise UsageError("refusing to write an archive to the terminal", hint="redirect it to a file, or use dest=FILE")
    if wishes.iidfile and any(output.type in {"local", "tar"} for output in wishes.outputs):
        hint = "leave it out, or write another --output"
        raise UsageError("--iidfile needs an image, and --output type=local and type=tar make none", hint=hint)
    if (wishes.index or wishes.attest.in_index) and any(
        output.type == "docker" and output.dest for output in wishes.outputs
    ):
        less = "give one --platform" if wishes.index else "leave --attest, --provenance and --sbom out"
        raise UsageError(
            "docker exporter does not currently support exporting manifest lists",
            hint=f"write type=oci, which docker load reads too, or {less}",
        )
    for output in wishes.outputs:
        if output.packaging.docker:
            _check_docker(output, wishes)
    if wishes.attest.place == "referrers":
        from stagemill.cli.results.evidence_outputs import check_referrers

        check_referrers(wishes)
    if places:
        _check_places(wishes)


def _check_docker(output: Output, wishes: Wishes) -> None:
    """Raises for what only OCI's manifests can say."""
    own = Annotations.of_output(output.annotations, index=wishes.index)
    elsewhere = [one for one in (wishes.annotations | own).all if one.place != "manifest"]
    said = {"annotations of anything but manifests": elsewhere, "statements": wishes.attest.in_index}
    for what in (name for name, some in said.items() if some):
        raise UsageError(
            f"oci-mediatypes=false conflicts with {what}: Docker's media types have no place for them",
            hint=f"leave oci-mediatypes=false out, or the {what}",
        )


def _check_places(wishes: Wishes) -> None:
    if any(output.push and not (output.names or wishes.tags) for output in wishes.outputs):
        hint = "give it one with -t REGISTRY/NAME:TAG"
        raise UsageError("what is pushed needs a name, which says where to", hint=hint)
    for output in wishes.outputs:
        if output.dest not in {"", "-"}:
            check_place("--output", output.dest, directory=output.type == "local" or not output.tar)
        if output.mirror:
            from stagemill.cli.results import mirroring

            store = store_root(os.environ, root=os.geteuid() == 0)
            mirroring.check(output.dest, allowed=wishes.may_delete, store=store)
    said = ((file.flag, file.path) for file in wishes.attest.files)
    for flag, file in ("--iidfile", wishes.iidfile), ("--metadata-file", wishes.metadata_file), *said:
        if file:
            check_place(flag, file, directory=False)


@measured("export")
def deliver(
    builds: Sequence[Built],
    wishes: Wishes,
    *,
    listener: Listener,
    stdout: BinaryIO,
    account: Account | None = None,
) -> Delivered | None:
    """Afterwards everything that was asked for is there. The image, if one was asked for.

    `builds` are of one target, one for each platform; `account` is for what is said of them.
    """
    built = builds[0]
    if not wishes.wants_any and not wishes.title:
        listener(events.Notice(NO_OUTPUT, built.services.clock()))
    step = _Steps(built, listener, wishes.title)
    witness = account.witness(wishes.stage, built.services.clock(), step) if account else None
    images = Assembly(builds, wishes.annotations, step, wishes.index, wishes.squash, witness)
    archives: list[Archive] = []
    for output in wishes.outputs:
        own = output.names or wishes.tags
        if output.push:
            _push(built, images.of(output, own, stored=True), own, output, listener=listener)
        if output.type in {"cacheonly", "registry"} or (output.type in {"image", "docker"} and not output.dest):
            continue
        made = images.of(output, own) if output.type in PACKED else None
        where = "standard output" if output.dest == "-" else output.dest
        name = f"exporting to {output.type} {where}"
        archives.append(Archive(output.dest, name))
        with step(name):
            Export(builds, made, own, wishes.index, listener, witness).write(output, stdout)
    evidence = None
    if witness:
        from stagemill.cli.results.evidence_outputs import Evidence

        evidence = Evidence(builds, wishes, images, witness, listener)
        evidence.deliver(step)
    if not wishes.wants_image:
        return None
    image = images.of(wishes.main, wishes.names, stored=True)
    named = tuple(_name(images, wishes, step))
    notices = dict.fromkeys(notice for each in builds for notice in each.plan.notices)
    warnings = tuple(notices) if wishes.warnings_in_metadata else None
    names = tuple(dict.fromkeys((*named, *wishes.pushed)))
    records = evidence.records(image) if evidence else {}
    found = Delivered(image, names, warnings, records, named, tuple(archives))
    return _tell(found, wishes, stdout)


def _name(images: Assembly, wishes: Wishes, step: _Steps) -> Iterator[str]:
    """Every name means its image in the store afterwards, whose layers are unpacked where that is wanted."""
    services = images.builds[0].services
    for name, output in (*wishes.named, *_dangling(images, wishes)):
        image = images.of(output, wishes.names, stored=True)
        exact = str(replace(reference(name), digest=image.digest))
        for one in (name, exact) if output.keeping.canonical else (name,):
            with step(f"naming to {one}"):
                services.store.images.set(one, image.descriptor, services.clock())
            yield one
    if any(output.keeping.unpack for output in wishes.outputs):
        for built in images.builds:
            with step(f"unpacking the layers of {built.plan.target.title} for {built.plan.platform}"):
                built.forms.layers(built.tree(built.plan.target))


def _dangling(images: Assembly, wishes: Wishes) -> Iterator[tuple[str, Output]]:
    """The names of images by their digests."""
    for output in wishes.outputs:
        keeping = output.keeping
        nameless = not (output.names or wishes.tags)
        if keeping.dangling and keeping.named and (nameless or not keeping.dangling_alone):
            digest = images.of(output, wishes.names, stored=True).digest
            yield f"{keeping.dangling}@{digest}", replace(output, keeping=replace(keeping, canonical=False))


@measured("push")
def _push(built: Built, image: AnyImage, names: Sequence[str], output: Output, *, listener: Listener) -> None:
    from stagemill.execute.pushing import Pushing

    services = built.services
    pushing = Pushing(built.forms, services.repository(insecure=output.insecure), listener, services.clock)
    pushing.push(image, [Reference.parse(name) for name in names], by_digest=output.by_digest)


def _tell(found: Delivered, wishes: Wishes, stdout: BinaryIO) -> Delivered:
    """Writes the digests to where they are wanted; the result with what was written."""
    known = identity(found.image)
    texts = {wishes.iidfile: known.encode(), wishes.metadata_file: pretty(found.metadata)}
    files = {path: data for path, data in texts.items() if path}
    for path, data in files.items():
        write_atomically(Path(path), data)
    output = ""
    if wishes.quiet and not any(output.dest == "-" for output in wishes.outputs):
        output = f"{known}\n"
        stdout.write(output.encode())
        stdout.flush()
    return replace(found, files=files if wishes.only_writes_archives else None, output=output)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Reports what is done with a result; with several targets each step names its own."""

    built: Built
    listener: Listener
    title: str

    @contextmanager
    def __call__(self, text: str) -> Iterator[None]:
        name = f"[{self.title}] {text}" if self.title else text
        step = Digest.of(f"deliver {name}".encode())
        clock = self.built.services.clock
        self.listener(events.Started(step, name, clock()))
        try:
            yield
        except Exception as error:
            self.listener(events.Failed(step, str(error), clock()))
            raise
        self.listener(events.Finished(step, clock()))
