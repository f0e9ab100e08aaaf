"""What a command line confides to RUN: secrets, SSH agents, and permissions. Spelling: buildx's; Source: its buildflags.

A secret is read once, here, and is in this process's memory from then on: never in a file, an argument or a message.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import StagemillError, UsageError

MOST_BYTES = 500 << 10
_KEYS = {"id": "id", "src": "src", "source": "src", "env": "env", "type": "type"}
_ALLOWED = ("network.host", "security.insecure", "device")
_LATER = ("buildx.local.delete",)
_WRITE = "write --secret id=NAME,src=FILE or --secret id=NAME,env=VARIABLE"


def secrets(texts: Iterable[str], environment: Mapping[str, str]) -> dict[str, bytes]:
    """`--secret id=NAME[,src=FILE|,env=VARIABLE][,type=file|env]` by id; a variable that is not set gives no secret.

    Without file and variable it is the variable of that name, or else the file. Raises UsageError, StagemillError.
    """
    found: dict[str, bytes] = {}
    for text in texts:
        values = _values(text)
        name = values.get("id")
        if not name:
            raise UsageError(f"invalid --secret {text!r}: it has no id", hint=_WRITE)
        variable, path = _origin(name, values, environment)
        content = _variable(variable, environment) if variable else _file(name, path)
        if content is None:
            continue
        if len(content) > MOST_BYTES:
            hint = "secrets are for keys and tokens; bring large files with a bind mount"
            raise StagemillError(f"secret {name} is larger than {MOST_BYTES >> 10} KiB", hint=hint)
        found[name] = content
    return found


def _values(text: str) -> dict[str, str]:
    import csv
    import io

    try:
        fields = next(csv.reader(io.StringIO(text), strict=True), [])
    except csv.Error as error:
        raise UsageError(f"invalid --secret {text!r}: {error}", hint=_WRITE) from error
    values: dict[str, str] = {}
    for field in fields:
        key, equals, value = field.partition("=")
        name = _KEYS.get(key.lower())
        if not equals:
            raise UsageError(f"invalid --secret {text!r}: {field!r} is no key=value", hint=_WRITE)
        if name is None:
            near = nearest(key, _KEYS)
            hint = f"did you mean {near}?" if near else "the keys are id, src, env and type"
            raise UsageError(f"invalid --secret {text!r}: unknown key {key!r}", hint=hint)
        values[name] = value
    if values.get("type", "file") not in {"file", "env"}:
        raise UsageError(f"invalid --secret {text!r}: unknown type {values['type']!r}", hint="it is file or env")
    return values


def _origin(name: str, values: Mapping[str, str], environment: Mapping[str, str]) -> tuple[str, str]:
    """The variable, or the file; the other one is empty."""
    variable, path = values.get("env", ""), values.get("src", "")
    kind = values.get("type", "")
    if kind == "env" and not variable:
        variable, path = path or name, ""
    if variable or path:
        return variable, path
    return (name, "") if kind != "file" and name in environment else ("", name)


def _variable(name: str, environment: Mapping[str, str]) -> bytes | None:
    value = environment.get(name)
    return None if value is None else value.encode("utf-8", "surrogateescape")


def _file(name: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StagemillError(f"cannot read the secret {name} from {path}: {why}", hint=_WRITE) from error


def agents(texts: Iterable[str], environment: Mapping[str, str]) -> dict[str, Path]:
    """`--ssh default` or `--ssh ID[=SOCKET]` by id; without a socket it is the agent of SSH_AUTH_SOCK."""
    found: dict[str, Path] = {}
    for text in texts:
        name, equals, places = text.partition("=")
        path, comma, _ = places.partition(",")
        if not name or (equals and not path):
            raise UsageError(f"invalid --ssh {text!r}", hint="write --ssh default or --ssh ID=SOCKET")
        path = path or environment.get("SSH_AUTH_SOCK", "")
        if not path:
            hint = "start ssh-agent and ssh-add a key, or name a socket: --ssh ID=SOCKET"
            raise StagemillError(f"--ssh {name}: SSH_AUTH_SOCK is not set", hint=hint)
        found[name] = _socket(text, Path(path).absolute(), more=bool(comma))
    return found


def _socket(text: str, path: Path, *, more: bool) -> Path:
    try:
        is_socket = stat.S_ISSOCK(path.stat().st_mode)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StagemillError(f"--ssh {text}: cannot use {path}: {why}", hint="is the agent running?") from error
    if more or not is_socket:
        hint = "add the key to your agent with `ssh-add FILE`, and build with --ssh default"
        raise StagemillError(f"--ssh {text}: a key file instead of an agent is not supported yet", hint=hint)
    return path


def allowed(texts: Iterable[str], *, network: str | None = None) -> frozenset[str]:
    """`--allow NAME`: what a Dockerfile may ask for. Raises UsageError for what is no permission.

    Who builds with `--network host` has allowed it, as in buildx.
    """
    found = {"network.host"} if network == "host" else set()
    for text in texts:
        if text.partition("=")[0] in _LATER:
            raise StagemillError(f"--allow {text} is not supported yet", hint="leave it out")
        if "alias=" in text:
            raise StagemillError(f"--allow {text} is not supported yet", hint="name the device as the Dockerfile does")
        if text not in _ALLOWED and not re.fullmatch("device=.+", text):
            near = nearest(text, _ALLOWED)
            hint = f"did you mean {near}?" if near else f"it is one of {', '.join(_ALLOWED)}"
            raise UsageError(f"unknown permission {text!r} of --allow", hint=hint)
        found.add(text)
    return frozenset(found)
