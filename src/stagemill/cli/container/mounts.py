"""What a container sees of this machine: `--volume`, `--mount`, `--tmpfs` and `--device` as mounts."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.graph.mounts import HostMount
from stagemill.regex import regex
from stagemill.sandbox.limits import size
from stagemill.sandbox.process import Bind, Mount, Tmpfs

_SAME = {
    "src": "source", "dst": "target", "destination": "target", "ro": "readonly", "readonly": "readonly",
}  # fmt: skip
_BIND = {"type", "source", "target", "readonly", "bind-propagation", "consistency"}
_TMPFS = {"type", "target", "tmpfs-size", "tmpfs-mode"}
_PRIVATE = {"private", "rprivate", ""}
_TRUE = {"", "true", "1"}
_CDI = regex(r"[\w.-]+/[\w.-]+=[\w.:*-]+", re.ASCII)
# Options of a tmpfs that say what it is anyway.
_USUAL = {"rw", "noexec", "nosuid", "nodev", "relatime", ""}


def volumes(mounts: Iterable[HostMount]) -> Iterator[Bind]:
    for mount in mounts:
        yield Bind(Path(mount.source), mount.target, read_only=mount.read_only)


def mount(text: str) -> Mount:
    """`type=bind,…` or `type=tmpfs,…`. Raises UsageError."""
    try:
        fields = next(csv.reader(io.StringIO(text)), [])
    except csv.Error as error:
        raise UsageError(
            f"invalid --mount {text!r}: {error}", hint="write type=bind,source=PATH,target=PATH"
        ) from error
    values: dict[str, str] = {}
    for part in fields:
        key, _, value = part.partition("=")
        values[_SAME.get(key.strip().lower(), key.strip().lower())] = value
    kind = values.get("type", "volume")
    if kind not in {"bind", "tmpfs"}:
        why = "stagemill keeps no volumes" if kind == "volume" else f"{kind} is not supported"
        hint = "name a directory of this machine: --mount type=bind,source=PATH,target=PATH; or type=tmpfs"
        raise UsageError(f"invalid --mount {text!r}: {why}", hint=hint)
    known = _BIND if kind == "bind" else _TMPFS
    for key in values:
        if key not in known:
            near = nearest(key, known)
            hint = f"did you mean {near}?" if near else f"keys are {', '.join(sorted(known))}"
            raise UsageError(f"invalid --mount {text!r}: there is no key {key!r}", hint=hint)
    if not values.get("target", "").startswith("/"):
        raise UsageError(f"invalid --mount {text!r}: it has no absolute target", hint="write target=/path/inside")
    return _bind(text, values) if kind == "bind" else _memory(text, values)


def _bind(text: str, values: Mapping[str, str]) -> Bind:
    if values.get("bind-propagation", "") not in _PRIVATE:
        hint = "leave out bind-propagation: it is rprivate"
        raise UsageError(f"invalid --mount {text!r}: mounts are not shared with this machine", hint=hint)
    given = values.get("source", "")
    source = Path(os.path.abspath(given))
    if not given or not source.exists():
        raise UsageError(f"invalid --mount {text!r}: there is no {source if given else 'source'}", hint="make it first")
    return Bind(source, values["target"], read_only=values.get("readonly", "false").lower() in _TRUE)


def _memory(text: str, values: Mapping[str, str]) -> Tmpfs:
    mode = values.get("tmpfs-mode", "1777")
    return Tmpfs(
        values["target"],
        _size(f"--mount {text!r}", values.get("tmpfs-size", "0")),
        mode=_octal(f"--mount {text!r}", mode),
        executable=False,
    )


def tmpfs(text: str) -> Tmpfs:
    """`PATH[:OPTIONS]`. Raises UsageError."""
    target, _, options = text.partition(":")
    what = f"--tmpfs {text!r}"
    if not target.startswith("/"):
        raise UsageError(f"invalid {what}: {target!r} is no absolute path", hint="write --tmpfs /path/inside")
    values = {key: value for key, _, value in (part.partition("=") for part in options.split(","))}
    for key in values:
        if key not in _USUAL | {"exec", "size", "mode", "uid", "gid"}:
            hint = "options are size=, mode=, uid=, gid=, exec, noexec"
            raise UsageError(f"invalid {what}: there is no option {key!r}", hint=hint)
    return Tmpfs(
        target,
        _size(what, values.get("size", "0")),
        mode=_octal(what, values.get("mode", "1777")),
        uid=_number(what, values.get("uid", "0")),
        gid=_number(what, values.get("gid", "0")),
        executable="exec" in values and "noexec" not in values,
    )


def _size(what: str, text: str) -> int:
    try:
        return size(text)
    except ValueError as error:
        raise UsageError(
            f"invalid {what}: {text!r} is no size", hint="write such as 64m, or a number of bytes"
        ) from error


def _octal(what: str, text: str) -> int:
    if not re.fullmatch("[0-7]{1,5}", text) or int(text, 8) > 0o7777:
        raise UsageError(f"invalid {what}: {text!r} is no mode", hint="write such as 1777")
    return int(text, 8)


def _number(what: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise UsageError(f"invalid {what}: {text!r} is no number")
    return int(text)


def is_name(device: str) -> bool:
    """Whether a device is meant by its name of the Container Device Interface."""
    return _CDI.fullmatch(device) is not None


def device(text: str) -> Iterator[Bind]:
    """`PATH[:PATH[:rwm]]`; of a directory all devices in it. Raises UsageError."""
    source, _, rest = text.partition(":")
    target, _, rights = rest.partition(":")
    if not target.startswith("/") and not rights:
        target, rights = "", target
    if sorted(rights or "rwm") not in (["r", "w"], ["m", "r", "w"]) or not source.startswith("/"):
        hint = "write --device /dev/NAME; who may open it is for its mode and owner to say"
        raise UsageError(f"invalid --device {text!r}", hint=hint)
    found = list(_nodes(Path(source), target or source))
    if not found:
        raise UsageError(f"invalid --device {text!r}: {source} is no device", hint="ls -l /dev shows what there is")
    yield from found


def _nodes(path: Path, target: str) -> Iterator[Bind]:
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if not (child.is_symlink() and child.is_dir()):  # such a link may lead back
                yield from _nodes(child, f"{target}/{child.name}")
    elif path.exists() and (stat.S_ISCHR(path.stat().st_mode) or stat.S_ISBLK(path.stat().st_mode)):
        yield Bind(path, target, read_only=False)
