"""Layers as blobs from a few words, and what is told of the image that they make."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

from stagemill.digest import Digest
from stagemill.insight.image import ImageSize, Origin, weigh_image
from stagemill.insight.survey import Survey, survey

FOLDER, LINK = b"\0folder", b"\0link "


def blob(files: Mapping[str, bytes], *, mode: int = 0o644) -> bytes:
    """A tar, not compressed: of a name with `FOLDER` a directory, with `LINK` and a name a hard link, with -> a symlink."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            item = tarfile.TarInfo(name)
            item.mode = mode
            if data == FOLDER:
                item.type = tarfile.DIRTYPE
            elif data.startswith((LINK, b"->")):
                item.type = tarfile.LNKTYPE if data.startswith(LINK) else tarfile.SYMTYPE
                item.linkname = data.removeprefix(LINK).removeprefix(b"->").decode()
            else:
                item.size = len(data)
            tar.addfile(item, io.BytesIO(data) if item.size else None)
    return target.getvalue()


def surveys(*layers: Mapping[str, bytes], mode: int = 0o644) -> list[Survey]:
    """What is in each of the layers, the lowest first; `mode` is that of all files."""
    return [survey(io.BytesIO(blob(files, mode=mode))) for files in layers]


def image(*layers: Mapping[str, bytes], name: str = "app", modes: Mapping[int, int] | None = None) -> ImageSize:
    """The image of the layers; `modes` are those of all files of a layer, by its number."""
    blobs = [blob(files, mode=(modes or {}).get(number, 0o644)) for number, files in enumerate(layers)]
    origins = [Origin(Digest.of(data), f"RUN step {number}") for number, data in enumerate(blobs)]
    digest = Digest.of(b"".join(blobs))
    return weigh_image(name, digest, origins, [survey(io.BytesIO(data)) for data in blobs])
