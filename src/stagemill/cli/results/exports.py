"""`Export`: a result as an archive, a layout or files; and files that take the place of others when they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from stagemill import events
from stagemill.build import Built
from stagemill.cli.given.output_flags import Output
from stagemill.errors import UsageError
from stagemill.events import Listener
from stagemill.execute.forms import Forms
from stagemill.execute.shipping import StoredBlobs
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.oci.image_index import AnyImage
from stagemill.plan.epoch import seconds
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.cli.results.witness import Witness


@dataclass(frozen=True, slots=True)
class Export:
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
                local.filesystem_directory(files, Path(output.dest), notice=self._notice, mirror=output.mirror)
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
        from stagemill.export.beside import Beside, of_platform

        scratch.mkdir()
        files: dict[str, Path] = {}
        about = [Subject(path, view.digest(path)) for path, entry in walk(view) if entry.kind == "file"]
        for each in self.witness.attestations(number, built):
            name = of_platform(each.file, suffix)
            files[output.statements.prefix + name] = scratch / str(len(files))
            files[output.statements.prefix + name].write_bytes(each.statement(about, indent=2))
        return Beside.of(view, files, built.services.clock() if date is None else date)

    def _notice(self, text: str) -> None:
        self.listener(events.Notice(text, self.builds[0].services.clock()))


def check_place(flag: str, dest: str, *, directory: bool) -> None:
    path = Path(dest).absolute()
    if directory:
        if path.exists() and not path.is_dir():
            raise UsageError(f"{flag}: {path} is no directory", hint="name another one, or remove it")
    elif path.is_dir():
        raise UsageError(f"{flag}: {path} is a directory", hint="name a file in it")
    elif not path.parent.is_dir():
        hint = f"make it first: mkdir -p {path.parent}"
        raise UsageError(f"{flag}: there is no directory {path.parent}", hint=hint)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of another when it is whole; what is no regular file is written to as it is.

    Raises UsageError where it cannot be one.
    """
    check_place(f"cannot write {path}", os.fspath(path), directory=False)
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    name = path.absolute().with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:  # from here on: somebody may press Ctrl-C at once
        try:
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            hint = "name a place that you may write to"
            raise UsageError(f"cannot write {path}: {error.strerror}", hint=hint) from error
        with os.fdopen(descriptor, "wb") as file:
            yield file
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        name.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    with replacing(path) as file:
        file.write(data)
