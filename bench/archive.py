"""OCI archives that builders wrote: is the image whole, how many layers has it, and what did the build itself add."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path


def layers_in(archive_path: Path) -> tuple[str, ...]:
    """The digests of the layers, all of which are in the archive. Raises ValueError for what is not a whole OCI archive."""
    with tarfile.open(archive_path) as archive:

        def load(name: str) -> dict[str, list[dict[str, str]]]:
            try:
                member = archive.extractfile(name)
            except KeyError:
                member = None
            if member is None:
                raise ValueError(f"{archive_path} has no file {name}")
            document: dict[str, list[dict[str, str]]] = json.load(member)
            return document

        document = load("index.json")
        while "manifests" in document:
            document = load(blob_name(document["manifests"][0]["digest"]))
        layers = tuple(layer["digest"] for layer in document["layers"])
        missing = {blob_name(layer) for layer in layers} - set(archive.getnames())
        if missing:
            raise ValueError(f"{archive_path} lacks {sorted(missing)}")
        return layers


def blob_name(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def payload(archive_path: Path, folder: Path, *, is_base: Callable[[str], bool]) -> None:
    """Fills a new folder: `files/` has what the build's own layers hold, `blobs/` the layers of the base as they are.

    Layers are unpacked one over the other, without a thought to what they delete: it is the amount that matters.
    """
    shutil.rmtree(folder, ignore_errors=True)
    files, blobs = folder / "files", folder / "blobs"
    files.mkdir(parents=True)
    blobs.mkdir()
    layers = layers_in(archive_path)
    subprocess.run(["tar", "-xf", archive_path, "-C", folder, *map(blob_name, layers)], check=True)
    for digest in dict.fromkeys(layers):
        blob = folder / blob_name(digest)
        if is_base(digest):
            blob.rename(blobs / blob.name)
        else:
            subprocess.run(["tar", "-xf", blob, "-C", files], check=True)
            blob.unlink()
    (blobs / "sha256").rmdir()
