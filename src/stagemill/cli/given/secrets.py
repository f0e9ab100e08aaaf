"""What a command line confides to RUN: secrets, SSH agents, and permissions. Spelling: buildx's; Source: its buildflags.

A secret is read once, here, and is in this process's memory from then on: never in a file, an argument or a message.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import StagemillError, UsageError
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.execute.agents import Agent

MOST_BYTES = 500 << 10
_KEYS = {"id": "id", "src": "src", "source": "src", "env": "env", "type": "type"}
LOCAL_DELETE = "buildx.local.delete"
_ALLOWED = ("network.host", "security.insecure", "device", LOCAL_DELETE)
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


@dataclass(frozen=True, slots=True)
class Ssh:
    """One `--ssh`: a running agent, or `keys`, files of private keys, for one of our own."""

    agent: Agent | None = None
    keys: tuple[Path, ...] = ()


def agents(texts: Iterable[str], environment: Mapping[str, str]) -> dict[str, Ssh]:
    """`--ssh ID[=SOCKET|KEY[,KEY…]][,raw=true]` by id; without a place it is the agent of SSH_AUTH_SOCK."""
    return dict(_agent(text, environment) for text in texts)


def _agent(text: str, environment: Mapping[str, str]) -> tuple[str, Ssh]:
    name, equals, rest = text.partition("=")
    fields = rest.split(",") if equals else []
    raws = [field.partition("=")[2].lower() for field in fields if field.startswith("raw=")]
    places = [field for field in fields if not field.startswith("raw=")]
    if not name or "" in places or any(raw not in {"true", "false", "1", "0"} for raw in raws):
        hint = "write --ssh default, --ssh ID=SOCKET or --ssh ID=KEY,KEY"
        raise UsageError(f"invalid --ssh {text!r}", hint=hint)
    paths = [Path(place).absolute() for place in places or filter(None, [environment.get("SSH_AUTH_SOCK", "")])]
    if not paths:
        hint = "start ssh-agent and ssh-add a key, or name a socket or a key: --ssh ID=PATH"
        raise StagemillError(f"--ssh {name}: SSH_AUTH_SOCK is not set", hint=hint)
    raw = bool(raws) and raws[-1] in {"true", "1"}
    sockets = [path for path in paths if _is_socket(text, path)]
    if not sockets and not raw:
        return name, Ssh(keys=tuple(paths))
    if len(paths) > 1 or not sockets:
        what = "one socket, or of keys alone" if len(paths) > 1 else "a socket where it is raw"
        raise UsageError(f"invalid --ssh {text!r}: an agent is made of {what}")
    from stagemill.execute.agents import Agent

    return name, Ssh(Agent(paths[0], raw))


def _is_socket(text: str, path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        hint = "is the agent running, or the name of the key right?"
        raise StagemillError(f"--ssh {text}: cannot use {path}: {why}", hint=hint) from error


def allowed(texts: Iterable[str], *, network: str | None = None) -> frozenset[str]:
    """`--allow NAME`: what a Dockerfile may ask for, and an output. Raises UsageError for what is no permission.

    Who builds with `--network host` has allowed it, as in buildx.
    """
    found = {"network.host"} if network == "host" else set()
    for text in texts:
        if text not in _ALLOWED and not re.fullmatch("device=[^,]+(,alias=[^,]+)?", text):
            near = nearest(text, _ALLOWED)
            hint = f"did you mean {near}?" if near else f"it is one of {', '.join(_ALLOWED)}"
            raise UsageError(f"unknown permission {text!r} of --allow", hint=hint)
        found.add(text)
    return frozenset(found)
