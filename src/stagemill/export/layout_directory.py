"""`LayoutDirectory`: an OCI image layout in a directory, to which images are added. Source: OCI image-spec image-layout.md."""

from __future__ import annotations

import fcntl
import json as json_module
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from stagemill.errors import StagemillError
from stagemill.export import layout
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.blobs import Pourable
from stagemill.oci.descriptor import Descriptor
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class LayoutDirectory:
    """Each file appears whole, and index.json last. All that fails is a StagemillError, or what the bytes' source raises."""

    path: Path

    def begin(self) -> None:
        """The directory is there, and what is in it is a layout or nothing."""
        self._index()
        with self._explained():
            (self.path / layout.BLOBS).mkdir(parents=True, exist_ok=True)

    def has(self, blob: Descriptor) -> bool:
        """Whether there is a blob of this size."""
        path = self.path / layout.blob_path(blob.digest)
        return path.is_file() and path.stat().st_size == blob.size

    def write(self, blob: Descriptor, chunks: Iterable[bytes]) -> None:
        """Keeps the blob; whoever gives the bytes has checked them."""
        self._write(layout.blob_path(blob.digest), chunks)

    def pour(self, blob: Descriptor, reader: Pourable) -> None:
        """The same past this process; a file system that can lets the store and the layout have one copy of the bytes."""
        with self._writing(layout.blob_path(blob.digest)) as file, self._explained():
            reader.pour(file.fileno())

    def name(self, entry: json.JsonObject, tag: str) -> None:
        """A tag means this from now on, and nothing else in the layout; without one it is there once."""
        annotations = json.string_map(entry, "annotations")
        named = {**entry, "annotations": dict(sorted({**annotations, layout.TAG: tag}.items()))} if tag else entry
        self.add([named])

    def add(self, new: Sequence[json.JsonObject]) -> None:
        """Entries of the index; their names are taken from those that had them, and other images stay."""
        added = [Descriptor.from_json(entry) for entry in new]
        with self._locked():
            before = self._index()
            kept = [
                old
                for old in json.objects(before, "manifests")
                if not any(_replaces(entry, Descriptor.from_json(old)) for entry in added)
            ]
            index: dict[str, json.Json] = {
                "schemaVersion": 2,
                "mediaType": media_types.INDEX,
                "manifests": [*kept, *new],
            }
            if annotations := json.string_map(before, "annotations"):
                index["annotations"] = dict(sorted(annotations.items()))
            self._write(layout.LAYOUT, (layout.LAYOUT_BYTES,))
            self._write(layout.INDEX, (json_module.dumps(index, indent=2).encode(),))

    def _index(self) -> json.JsonObject:
        hint = "remove the directory, or choose another one"
        path = self.path / layout.INDEX
        try:
            index = json.parse_object(path.read_bytes(), "it")
            for entry in json.objects(index, "manifests"):
                Descriptor.from_json(entry)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StagemillError(f"cannot read {path}: {error.strerror}", hint=hint) from error
        except ValueError as error:
            raise StagemillError(f"{path} is no index of an image layout: {error}", hint=hint) from error
        return index

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else of ours changes the index meanwhile."""
        with self._explained():
            directory = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def _write(self, name: str, chunks: Iterable[bytes]) -> None:
        with self._writing(name) as file:
            for chunk in chunks:
                with self._explained():
                    file.write(chunk)

    @contextmanager
    def _writing(self, name: str) -> Iterator[BinaryIO]:
        """A file that takes its place when it is whole."""
        path = self.path / name
        temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        try:
            with self._explained():
                file = temporary.open("xb")
            with file:
                yield file
                with self._explained():
                    file.flush()
            with self._explained():
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"cannot write the image layout {self.path}: {error.strerror or error}"
            raise StagemillError(message, hint="make room, or choose another place") from error


def _replaces(new: Descriptor, old: Descriptor) -> bool:
    """A name or a tag means one image of a layout; an image without either is there once."""
    for key in (layout.NAME, layout.TAG):
        name = old.annotations.get(key)
        if name is not None and name == new.annotations.get(key):
            return True
    unnamed = not ({layout.NAME, layout.TAG} & old.annotations.keys())
    return unnamed and old.digest == new.digest
