"""Where a finished build goes: names in the store, archives, directories, files with digests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from stagemill import events
from stagemill.build import Built
from stagemill.cli.annotations import Annotations
from stagemill.cli.flags import Output
from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.events import Listener
from stagemill.execute.assemble import Finish
from stagemill.execute.shipping import StoredBlobs
from stagemill.export.dated import Dated
from stagemill.files.view import FileView
from stagemill.oci.image import Image
from stagemill.plan.epoch import seconds

PACKED = ("oci", "docker", "image")
"""The types of output that carry an image, not its files."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where a build's result is to go. `tags` are full names.

    `digests` are wanted by somebody who gets them here; `title` says which of several results this is.
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
    """An image that was delivered, the names it got, and the build's warnings if they are to be told."""

    image: Image
    names: tuple[str, ...]
    warnings: tuple[str, ...] | None = None

    @property
    def metadata(self) -> dict[str, object]:
        """What buildx writes to a --metadata-file, as far as there are no attestations."""
        document: dict[str, object] = {
            "containerimage.config.digest": self.image.manifest.config.digest,
            "containerimage.descriptor": self.image.descriptor.to_json(),
            "containerimage.digest": self.image.digest,
        }
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
    "hint: name the image with -t NAME, or write it somewhere with -o type=oci,dest=FILE"
)


def check(wishes: Wishes, stdout: BinaryIO, *, places: bool = True) -> None:
    """Raises before anything is built where the result could not be delivered. `places`: paths are looked at too."""
    piped = [output for output in wishes.outputs if output.dest == "-"]
    if len(piped) > 1:
        raise UsageError("only one --output can go to standard output", hint="give the others a file with dest=FILE")
    if piped and stdout.isatty():
        raise UsageError("refusing to write an archive to the terminal", hint="redirect it to a file, or use dest=FILE")
    if wishes.iidfile and any(output.type in {"local", "tar"} for output in wishes.outputs):
        raise UsageError("--iidfile needs an image, and --output type=local and type=tar make none")
    if not places:
        return
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
        raise UsageError(f"{flag}: there is no directory {path.parent}", hint=f"make it first: mkdir -p {path.parent}")


def deliver(built: Built, wishes: Wishes, *, listener: Listener, stdout: BinaryIO) -> Delivered | None:
    """Afterwards everything that was asked for is there. The image, if one was asked for."""
    if not wishes.wants_any and not wishes.title:
        listener(events.Notice(NO_OUTPUT, built.services.clock()))
    step = _Steps(built, listener, wishes.title)
    images = _Images(built, wishes, step)
    for output in wishes.outputs:
        if output.type == "cacheonly" or (output.type in {"image", "docker"} and not output.dest):
            continue
        made = images.of(output) if output.type in PACKED else None
        where = "standard output" if output.dest == "-" else output.dest
        with step(f"exporting to {output.type} {where}"):
            _Export(built, made, output.names or wishes.tags, listener).write(output, stdout)
    if not wishes.wants_image:
        return None
    image = images.main()
    for name in wishes.names:
        with step(f"naming to {name}"):
            built.services.store.images.set(name, image.descriptor, built.services.clock())
    warnings = tuple(built.plan.notices) if wishes.warnings_in_metadata else None
    found = Delivered(image, wishes.names, warnings)
    _tell(found, wishes, stdout)
    return found


def _tell(found: Delivered, wishes: Wishes, stdout: BinaryIO) -> None:
    """Writes the digests to where they are wanted."""
    config = found.image.manifest.config.digest
    if wishes.iidfile:
        write_atomically(Path(wishes.iidfile), config.encode())
    if wishes.metadata_file:
        write_atomically(Path(wishes.metadata_file), pretty(found.metadata))
    if wishes.quiet and not any(output.dest == "-" for output in wishes.outputs):
        stdout.write(f"{config}\n".encode())
        stdout.flush()


@dataclass(slots=True)
class _Images:
    """The images of a build, each packed once: outputs may ask for times and annotations of their own."""

    built: Built
    wishes: Wishes
    step: _Steps
    found: dict[Finish, Image] = field(default_factory=dict)

    def main(self) -> Image:
        """The one that names are given to: the first that an output asks for, else that of the build."""
        own = [output for output in self.wishes.outputs if output.type in PACKED]
        return self.of(own[0] if own else Output("image"))

    def of(self, output: Output) -> Image:
        platform = self.built.plan.target.image.platform
        annotations = self.wishes.annotations | Annotations.of_output(output.annotations, platform)
        finish = Finish(
            epoch=self.built.epoch if output.epoch is None else seconds(output.epoch),
            rewrite=output.rewrite,
            squash=self.wishes.squash,
            annotations=annotations.manifest,
            descriptor=annotations.descriptor,
        )
        if finish not in self.found:
            with self.step("exporting to image"):
                self.found[finish] = self.built.image(finish)
        return self.found[finish]


@dataclass(frozen=True, slots=True)
class _Export:
    """Writes one result in one form."""

    built: Built
    image: Image | None
    names: tuple[str, ...]
    listener: Listener

    def write(self, output: Output, stdout: BinaryIO) -> None:
        from stagemill.export import local, oci

        if output.type == "local":
            local.filesystem_directory(self._files(output), Path(output.dest), notice=self._notice)
        elif not output.tar:
            assert self.image is not None
            blobs = StoredBlobs(self.built.forms)
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
            tar.filesystem_tar(self._files(output), out, notice=self._notice)
            return
        assert self.image is not None
        write = docker.docker_archive if output.type == "docker" else oci.oci_archive
        write(self.image, StoredBlobs(self.built.forms), names=self.names, out=out)

    def _files(self, output: Output) -> FileView:
        view = self.built.forms.view(self.built.tree(self.built.plan.target))
        date = self.built.epoch if output.epoch is None else seconds(output.epoch)
        return view if date is None else Dated(view, date)

    def _notice(self, text: str) -> None:
        self.listener(events.Notice(text, self.built.services.clock()))


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
    _check_place("cannot write a file", os.fspath(path), directory=False)
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
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
