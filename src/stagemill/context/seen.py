"""`Seen`: what a build saw of a directory, so that the next one can tell by `stat` alone that all of it is as it was.

Where every folder that was looked at still has its mark, whatever was found out of the files holds: which of them the
ignore rules leave out, which have attributes, and the digests of what was selected.

A file that had changed since shortly before the look may change again within the same tick of the file system's clock
(git calls such an entry racily clean). What is in such a `young` file is written down, and compared too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Self

from stagemill.context.look import Xattrs
from stagemill.digest import Digest
from stagemill.values import dataclass

MOST_YOUNG = 1_000
MOST_YOUNG_BYTES = 16 << 20
"""So many young files, of so many bytes together, may be read again with each build; of more nothing is remembered."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that was looked at: its mark, and the names in it that the ignore rules leave out."""

    path: str
    mark: str
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a selection was found to be: its digest, and the patterns that selected nothing."""

    digest: Digest
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """`rules` names the ignore rules. `folders` come parents first, and with a folder all that it lies in. `young` has
    what is in such files, by path, as text; `xattrs` the attributes of files that have any; `found` is by selection.
    """

    rules: str
    folders: tuple[Folder, ...]
    young: Mapping[str, str]
    xattrs: Mapping[str, Xattrs]
    found: Mapping[str, Found]

    @property
    def value(self) -> Digest:
        """Names all that was seen: two looks at a directory have the same one where nothing was different for a build."""
        folders = [[folder.path, folder.mark, list(folder.hidden)] for folder in self.folders]
        return Digest.of_value([_VERSION, self.rules, folders, dict(self.young)])

    def to_bytes(self) -> bytes:
        return json.dumps(
            {
                "rules": self.rules,
                "folders": [(folder.path, folder.mark, folder.hidden) for folder in self.folders],
                "young": dict(self.young),
                "xattrs": {
                    path: [(name, value.hex()) for name, value in values] for path, values in self.xattrs.items()
                },
                "found": {select: (found.digest, found.empty) for select, found in self.found.items()},
            },
            separators=(",", ":"),
        ).encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote. Raises ValueError for anything else."""
        try:
            parts = json.loads(data)
            return cls(
                parts["rules"],
                tuple(Folder(path, mark, tuple(hidden)) for path, mark, hidden in parts["folders"]),
                parts["young"],
                {
                    path: tuple((name, bytes.fromhex(value)) for name, value in values)
                    for path, values in parts["xattrs"].items()
                },
                {select: Found(Digest(digest), tuple(empty)) for select, (digest, empty) in parts["found"].items()},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not what a build saw") from error
