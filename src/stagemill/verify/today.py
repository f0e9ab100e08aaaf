"""Files with the date of today in them: two builds of one day give the same, and one of tomorrow does not.

The clock of a RUN is the machine's, so no second build can have another day. Only files that a RUN wrote are looked at: in
others the date was given.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.files.paths import clean
from stagemill.layer.compression import decompressed
from stagemill.layer.reader import TarReader
from stagemill.layer.stream import ByteStream
from stagemill.values import dataclass
from stagemill.verify.compare import Places
from stagemill.verify.difference import Cause
from stagemill.verify.side import Side

_LOOKED_AT = 1 << 20  # bytes at the beginning of a file
_FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%b %e %Y",
    "%e %b %Y",
    "%B %e, %Y",
)
CAUSE = Cause(
    "today's date",
    "write ARG SOURCE_DATE_EPOCH before the RUN, and date -u -d @$SOURCE_DATE_EPOCH in it; or verify it again tomorrow",
)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A file of a layer, the date that is in it, and the instruction that wrote it."""

    path: str
    layer: int
    text: str
    step: Excerpt


def suspects(side: Side, places: Places, *, epoch: int | None) -> Iterator[Suspect]:
    """Of the own layers of an image that was built just now; none where the date that it has is of that day."""
    assert side.built is not None, "it is one of ours"
    day = datetime.fromtimestamp(side.built.started, UTC).date()
    if epoch is not None and datetime.fromtimestamp(epoch, UTC).date() == day:
        return
    pattern = _pattern(day)
    for number, layer in enumerate(side.image.manifest.layers):
        if places.layer(number) is None:
            continue
        with side.blobs.open(layer) as reader:
            stream = ByteStream(decompressed(reader))
            archive = TarReader(stream)
            for member in archive:
                if member.entry.kind != "file" or member.link is not None:
                    continue
                data = archive.read(_LOOKED_AT)
                found = pattern.search(data)
                path = clean(member.name)
                step = places.file(number, path, _digest(archive, data)) if found else None
                if found and step and step.text.lstrip().upper().startswith("RUN"):
                    yield Suspect(path, number, found.group().decode("ascii"), step)
            stream.drain()


def _digest(archive: TarReader, head: bytes) -> Digest:
    sha256 = hashlib.sha256(head)
    while data := archive.read(_LOOKED_AT):
        sha256.update(data)
    return Digest.from_hex(sha256.hexdigest())


def _pattern(day: date) -> re.Pattern[bytes]:
    """Any of the forms, not as a part of a longer number."""
    forms = {form: day.strftime(form) for form in _FORMS}
    texts = sorted(
        {text.strip() for text in forms.values()} | {re.sub(" +", " ", text.strip()) for text in forms.values()}
    )
    return re.compile(rb"(?<!\d)(?:" + b"|".join(re.escape(text).encode() for text in texts) + rb")(?!\d)")
