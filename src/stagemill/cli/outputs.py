"""Where a finished build goes: names in the store, archives, directories, files with digests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from stagemill import events
from stagemill.attest.wanted import Wanted
from stagemill.build import Built
from stagemill.cli.annotations import Annotations
from stagemill.cli.assembly import Assembly
from stagemill.cli.flags import Output
from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.events import Listener
from stagemill.execute.forms import Forms
from stagemill.execute.shipping import StoredBlobs
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.oci.document import JsonObject
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage, identity, runnable
from stagemill.oci.reference import Reference
from stagemill.plan.epoch import seconds
from stagemill.timings import measured
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.witness import Account, Witness

PACKED = ("oci", "docker", "image", "registry")
"""The types of output that carry an image, not its files."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where a build's result is to go. `tags` are full names.

    `digests` are wanted by somebody who gets them here; `title` says which of several results this is. `index` says that
    it is for several platforms: what is named is an index, and files lie in a directory for each. `attest` is what is to be
    said of it, `stage` the target as the command line has it.
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

    @property
    def names(self) -> tuple[str, ...]:
        """All names that the image gets, in full."""
        own = (name for output in self.outputs if output.type in {"image", "docker"} for name in output.names)
        return (*self.tags, *own)

    @property
    def wants_image(self) -> bool:
        """Whether somebody asks for a packed image."""
        packed = any(output.type in PACKED for output in self.outputs)
        files_only = bool(self.outputs) and not packed
        asked = self.tags or self.iidfile or self.metadata_file or self.digests
        return packed or bool(asked) or (self.quiet and not files_only)

    @property
    def wants_any(self) -> bool:
        return self.wants_image or bool(self.outputs)


@dataclass(frozen=True, slots=True)
class Delivered:
    """An image or index that was delivered, the names it got, and what is to be told of the build: its warnings, and how
    each platform's image was made.
    """

    image: AnyImage
    names: tuple[str, ...]
    warnings: tuple[str, ...] | None = None
    provenance: Mapping[str, JsonObject] = field(default_factory=dict)

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
    if (wishes.index or wishes.attest) and any(output.type == "docker" and output.dest for output in wishes.outputs):
        less = "give one --platform" if wishes.index else "leave --attest, --provenance and --sbom out"
        raise UsageError(
            "docker exporter does not currently support exporting manifest lists",
            hint=f"write type=oci, which docker load reads too, or {less}",
        )
    if places:
        _check_places(wishes)


def _check_places(wishes: Wishes) -> None:
    if any(output.push and not (output.names or wishes.tags) for output in wishes.outputs):
        hint = "give it one with -t REGISTRY/NAME:TAG"
        raise UsageError("what is pushed needs a name, which says where to", hint=hint)
    for output in wishes.outputs:
        if output.dest not in {"", "-"}:
            _check_place("--output", output.dest, directory=output.type == "local" or not output.tar)
    for flag, file in ("--iidfile", wishes.iidfile), ("--metadata-file", wishes.metadata_file):
        if file:
            _check_place(flag, file, directory=False)


def _check_place(flag: str, dest: str, *, directory: bool) -> None:
    path = Path(dest).absolute()
    if directory:
        if path.exists() and not path.is_dir():
            raise UsageError(f"{flag}: {path} is no directory", hint="name another one, or remove it")
    elif path.is_dir():
        raise UsageError(f"{flag}: {path} is a directory", hint="name a file in it")
    elif not path.parent.is_dir():
        hint = f"make it first: mkdir -p {path.parent}"
        raise UsageError(f"{flag}: there is no directory {path.parent}", hint=hint)


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
    for output in wishes.outputs:
        own = output.names or wishes.tags
        if output.push:
            _push(built, images.of(output, own, stored=True), own, listener, by_digest=output.by_digest)
        if output.type in {"cacheonly", "registry"} or (output.type in {"image", "docker"} and not output.dest):
            continue
        made = images.of(output, own) if output.type in PACKED else None
        where = "standard output" if output.dest == "-" else output.dest
        with step(f"exporting to {output.type} {where}"):
            _Export(builds, made, own, wishes.index, listener, witness).write(output, stdout)
    if not wishes.wants_image:
        return None
    image = images.of(_main(wishes), wishes.names, stored=True)
    for name in wishes.names:
        with step(f"naming to {name}"):
            built.services.store.images.set(name, image.descriptor, built.services.clock())
    notices = dict.fromkeys(notice for each in builds for notice in each.plan.notices)
    warnings = tuple(notices) if wishes.warnings_in_metadata else None
    pushed = (name for output in wishes.outputs if output.type == "registry" for name in output.names)
    names = tuple(dict.fromkeys((*wishes.names, *pushed)))
    found = Delivered(image, names, warnings, _records(builds, image, wishes, witness))
    _tell(found, wishes, stdout)
    return found


@measured("push")
def _push(built: Built, image: AnyImage, names: Sequence[str], listener: Listener, *, by_digest: bool) -> None:
    from stagemill.execute.pushing import Pushing

    services = built.services
    assert services.destination is not None, "a build that is delivered can reach registries"
    pushing = Pushing(built.forms, services.destination, listener, services.clock)
    pushing.push(image, [Reference.parse(name) for name in names], by_digest=by_digest)


def _records(
    builds: Sequence[Built], image: AnyImage, wishes: Wishes, witness: Witness | None
) -> Mapping[str, JsonObject]:
    """How each platform's image was made, for who wants to know it in the file of digests."""
    if not witness or not wishes.metadata_file or wishes.provenance_in_metadata == "disabled":
        return {}
    made = zip(builds, runnable(image), strict=False)
    records = {str(built.plan.platform): witness.record(built, one) for built, one in made}
    left_out = {"buildConfig", "metadata"} if wishes.provenance_in_metadata == "min" else set()
    return {
        platform: {key: value for key, value in record.items() if key not in left_out}
        for platform, record in records.items()
        if record
    }


def _main(wishes: Wishes) -> Output:
    """The output whose image names are given to: the first that carries one, else that of the build."""
    return next((output for output in wishes.outputs if output.type in PACKED), Output("image"))


def _tell(found: Delivered, wishes: Wishes, stdout: BinaryIO) -> None:
    """Writes the digests to where they are wanted."""
    known = identity(found.image)
    if wishes.iidfile:
        write_atomically(Path(wishes.iidfile), known.encode())
    if wishes.metadata_file:
        write_atomically(Path(wishes.metadata_file), pretty(found.metadata))
    if wishes.quiet and not any(output.dest == "-" for output in wishes.outputs):
        stdout.write(f"{known}\n".encode())
        stdout.flush()


@dataclass(frozen=True, slots=True)
class _Export:
    """Writes one result in one form."""

    builds: Sequence[Built]
    image: AnyImage | None
    names: tuple[str, ...]
    index: bool
    listener: Listener
    witness: Witness | None = None

    @property
    def forms(self) -> Forms:
        """Every build of one command line works on one store."""
        return self.builds[0].forms

    def write(self, output: Output, stdout: BinaryIO) -> None:
        from stagemill.export import local, oci

        if output.type == "local":
            with self._files(output) as files:
                local.filesystem_directory(files, Path(output.dest), notice=self._notice)
        elif not output.tar:
            assert self.image is not None
            blobs = StoredBlobs(self.forms)
            oci.oci_directory(self.image, blobs, names=self.names, destination=Path(output.dest))
        elif output.dest == "-":
            self._archive(output, stdout)
            stdout.flush()
        else:
            with replacing(Path(output.dest)) as file:
                self._archive(output, file)

    def _archive(self, output: Output, out: BinaryIO) -> None:
        from stagemill.export import docker, oci, tar

        if output.type == "tar":
            with self._files(output) as files:
                tar.filesystem_tar(files, out, notice=self._notice)
            return
        assert self.image is not None
        write = docker.docker_archive if output.type == "docker" else oci.oci_archive
        write(self.image, StoredBlobs(self.forms), names=self.names, out=out)

    @contextmanager
    def _files(self, output: Output) -> Iterator[FileView]:
        """The tree of the only platform, or those of all as one tree; what is said of each is in it, as files."""
        from stagemill.export.split import Merged, Split, folder

        split = self.index if output.split is None else output.split
        with self.builds[0].services.store.scratch() as scratch:
            views: dict[str, FileView] = {}
            for number, built in enumerate(self.builds):
                place = folder(built.plan.platform)
                suffix = place if self.index and not split else ""
                views[place] = self._tree(number, output, scratch / str(number), suffix=suffix)
            if len(self.builds) == 1 and not split:
                yield next(iter(views.values()))
            else:
                yield Split(views) if split else Merged.of(views)

    def _tree(self, number: int, output: Output, scratch: Path, *, suffix: str) -> FileView:
        """One platform's tree. With a `suffix` the names of statements have it."""
        built = self.builds[number]
        view: FileView = built.forms.view(built.tree(built.plan.target))
        date = built.epoch if output.epoch is None else seconds(output.epoch)
        if date is not None:
            from stagemill.export.dated import Dated

            view = Dated(view, date)
        if self.witness is None or not self.witness.speaks(inline=False):
            return view
        from stagemill.attest.statement import Subject
        from stagemill.export.beside import Beside

        scratch.mkdir()
        files: dict[str, Path] = {}
        about = [Subject(path, view.digest(path)) for path, entry in walk(view) if entry.kind == "file"]
        for each in self.witness.attestations(number, built):
            stem, dot, ending = each.file.rpartition(".")
            name = f"{stem}.{suffix}{dot}{ending}" if suffix and stem else f"{each.file}{suffix and '.'}{suffix}"
            files[output.statements.prefix + name] = scratch / str(len(files))
            files[output.statements.prefix + name].write_bytes(each.statement(about, indent=2))
        return Beside.of(view, files, built.services.clock() if date is None else date)

    def _notice(self, text: str) -> None:
        self.listener(events.Notice(text, self.builds[0].services.clock()))


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


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of another when it is whole; what is no regular file is written to as it is.

    Raises UsageError where it cannot be one.
    """
    _check_place(f"cannot write {path}", os.fspath(path), directory=False)
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    import tempfile

    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    except OSError as error:
        hint = "name a place that you may write to"
        raise UsageError(f"cannot write {path}: {error.strerror}", hint=hint) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def write_atomically(path: Path, data: bytes) -> None:
    with replacing(path) as file:
        file.write(data)
