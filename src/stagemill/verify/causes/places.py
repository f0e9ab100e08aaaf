"""Files that every run of a program leaves otherwise, by their path."""

from __future__ import annotations

import re

from stagemill.verify.difference import Cause
from stagemill.verify.pair import Pair

_IN_THE_SAME = "at the end of the same RUN"


def _removed(path: str) -> str:
    return f"rm -rf {path} {_IN_THE_SAME}"


_PLACES = tuple(
    (re.compile(pattern), Cause(title, mend))
    for pattern, title, mend in (
        ("var/cache/ldconfig/aux-cache", "ldconfig's cache, which has inode numbers and times in it",
         _removed("/var/cache/ldconfig/aux-cache")),
        ("etc/machine-id|var/lib/dbus/machine-id", "the machine's id, which is drawn at random",
         f"truncate -s 0 /etc/machine-id && rm -f /var/lib/dbus/machine-id {_IN_THE_SAME}"),
        (r"var/lib/dpkg/.+-old", "dpkg's copy of its state before the last package", _removed("/var/lib/dpkg/*-old")),
        (r"var/cache/debconf/.+-old", "debconf's copy of its state before the last question",
         _removed("/var/cache/debconf/*-old")),
        (r"etc/(passwd|group|shadow|gshadow|subuid|subgid)-", "a copy of the file before the last change",
         _removed("/etc/*-")),
        ("etc/g?shadow", "the day on which a password was changed",
         "write ARG SOURCE_DATE_EPOCH before the RUN: useradd takes the day from it"),
        (r"etc/ssh/ssh_host_.+", "a host's key, which is drawn at random", f"{_removed('/etc/ssh/ssh_host_*')}; make them at start"),
        ("var/log/.+", "a log, with times in it", "rm -rf /var/log/* at the end of the same RUN, or RUN --mount=type=tmpfs,target=/var/log"),
        ("var/(cache|lib)/apt/.+", "apt's caches", "RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt, or "
         + _removed("/var/cache/apt /var/lib/apt/lists")),
        ("var/cache/fontconfig/.+", "fontconfig's cache, which has times in it", _removed("/var/cache/fontconfig")),
        ("var/lib/systemd/random-seed", "a seed, which is drawn at random", _removed("/var/lib/systemd/random-seed")),
        (r"(root|home/[^/]+)/(\.cache|\.npm|\.m2|\.gradle)/.+", "a tool's cache",
         "keep it out of the layer: RUN --mount=type=cache,target=DIRECTORY"),
    )
)  # fmt: skip


def place(pair: Pair) -> Cause | None:
    """By the path alone."""
    return at(pair.path)


def at(path: str) -> Cause | None:
    """The same for a path that only one of the images has."""
    return next((cause for pattern, cause in _PLACES if pattern.fullmatch(path)), None)
