"""`MemoryBlobs`, a BlobSource and BlobSink of bytes, and images made by hand whose layers are in one."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from stagemill.digest import Digest
from stagemill.errors import NotFoundError
from stagemill.oci import media_types
from stagemill.oci.blobs import Reader, chunks
from stagemill.oci.config import History, ImageConfig, RunConfig
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.platform import Platform
from stagemill.oci.verify import VerifyingReader

AMD64 = Platform("linux", "amd64")


@dataclass
class MemoryBlobs:
    """Also a Shelf: documents can be read by digest and put."""

    data: dict[Digest, bytes] = field(default_factory=dict)

    def put(self, data: bytes) -> Digest:
        digest = Digest.of(data)
        self.data[digest] = data
        return digest

    def read(self, digest: Digest) -> bytes:
        try:
            return self.data[digest]
        except KeyError:
            raise NotFoundError(f"there is no blob {digest}", hint="put it there first") from None

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Reader]:
        yield VerifyingReader(io.BytesIO(self.read(descriptor.digest)), descriptor, where="memory")

    def has(self, descriptor: Descriptor) -> bool:
        return len(self.data.get(descriptor.digest, b"")) == descriptor.size and descriptor.digest in self.data

    def write(self, descriptor: Descriptor, pieces: Iterable[bytes]) -> None:
        data = b"".join(pieces)
        for _ in chunks(VerifyingReader(io.BytesIO(data), descriptor, where="a test")):
            pass
        self.data[descriptor.digest] = data


def make_tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def make_image(
    blobs: MemoryBlobs,
    *layers: Mapping[str, bytes],
    platform: Platform = AMD64,
    cmd: tuple[str, ...] = ("/bin/true",),
    compressed: bool = True,
) -> Image:
    """An image with one layer per mapping; all of its blobs, the manifest too, are put into `blobs`."""
    tars = [make_tar(files) for files in layers]
    data = [gzip.compress(tar, mtime=0) if compressed else tar for tar in tars]
    kind = media_types.LAYER_GZIP if compressed else media_types.LAYER
    config = ImageConfig(
        platform=platform,
        config=RunConfig(cmd=cmd, env=(("PATH", "/bin"),)),
        diff_ids=tuple(Digest.of(tar) for tar in tars),
        history=tuple(History(created_by=f"layer {i}") for i in range(len(tars))),
    )
    image = Image.build(config, tuple(Descriptor(kind, blobs.put(item), len(item)) for item in data))
    blobs.put(image.config_bytes)
    blobs.put(image.manifest_bytes)
    return image
