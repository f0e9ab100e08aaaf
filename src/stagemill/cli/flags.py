"""Values of flags, parsed: `k=v` pairs, hosts, outputs. Raises UsageError with what is wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stagemill.errors import StagemillError, UsageError
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.plan.epoch import seconds
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.registry.retry import Retries

OUTPUT_TYPES = ("oci", "docker", "tar", "local", "image", "registry", "cacheonly")
_COMPRESSION = ("compression", "compression-level", "force-compression")
_LATER_KEYS = (*_COMPRESSION, "oci-mediatypes", "unpack", "store")
KEYS = {
    "type", "dest", "name", "tar", "push", "push-by-digest", "source-date-epoch", "rewrite-timestamp", "platform-split",
    "attestation-prefix", "attestation-inline", "oci-artifact",
}  # fmt: skip
TRUE = frozenset({"true", "t", "1"})
FALSE = frozenset({"false", "f", "0"})


def build_args(texts: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """`--build-arg NAME=VALUE`; `NAME` alone takes the value of the environment, and is not given where there is none."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name:
            raise UsageError(f"invalid --build-arg {text!r}: it has no name", hint="write --build-arg NAME=VALUE")
        if equals:
            found[name] = value
        elif name in environment:
            found[name] = environment[name]
    return found


def build_arg_files(paths: Iterable[str]) -> dict[str, str]:
    """`--build-arg-file`: lines `NAME=VALUE`; blank ones and those that begin with # say nothing. Raises UsageError."""
    found: dict[str, str] = {}
    for path in paths:
        try:
            text = Path(path).read_text("utf-8", "surrogateescape")
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise UsageError(
                f"cannot read --build-arg-file {path}: {why}", hint="name a file of lines NAME=VALUE"
            ) from error
        for number, line in enumerate(text.splitlines(), 1):
            name, equals, value = line.strip().partition("=")
            if (not name and not equals) or name.startswith("#"):
                continue
            if not name or not equals:
                raise UsageError(f"{path}:{number}: {line!r} is no build argument", hint="write NAME=VALUE")
            found[name] = value
    return found


def bytes_of(flag: str, text: str) -> int:
    """A size such as `512m` or `10GB`, in units of 1024. Raises UsageError."""
    from stagemill.sandbox.limits import size

    try:
        return size(text)
    except ValueError as error:
        hint = f"write {flag} with a number of bytes, or such as 500m or 10g"
        raise UsageError(f"invalid {flag} {text!r}: it is no size", hint=hint) from error


def names(flag: str, texts: Iterable[str]) -> frozenset[str]:
    found = frozenset(texts)
    if any(not name or "=" in name for name in found):
        raise UsageError(f"{flag} takes a name alone", hint=f"write {flag} NAME")
    return found


def labels(texts: Iterable[str], flag: str = "--label") -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name:
            raise UsageError(f"invalid {flag} {text!r}: it has no name", hint=f"write {flag} NAME=VALUE")
        found[name] = value
    return found


def retries(more: object, delay: str | None) -> Retries | None:
    """`--retry` and `--retry-delay`, None where neither was given. Raises UsageError."""
    if more is None and delay is None:
        return None
    from stagemill.dockerfile import durations
    from stagemill.registry.retry import Retries

    usual = Retries()
    attempts = more + 1 if isinstance(more, int) else usual.attempts
    if delay is None:
        return Retries(attempts)
    hint = "write a time such as 500ms, 2s or 1m"
    try:
        seconds = durations.parse(delay) / 1e9
    except ValueError as error:
        raise UsageError(f"invalid --retry-delay {delay!r}", hint=hint) from error
    if seconds < 0:
        raise UsageError(f"invalid --retry-delay {delay!r}", hint=hint)
    return Retries(attempts, first=seconds, longest=seconds)


def extra_hosts(texts: Iterable[str]) -> tuple[str, ...]:
    """`--add-host name:address` or `name=address` as lines of a hosts file; the name in lower case.

    RUN has the network of this machine, so `host-gateway`, the address under which it is reached, is the loopback's.
    """
    lines: list[str] = []
    for text in [part for given in texts for part in given.split(",")]:
        name, separator, address = text.partition("=") if "=" in text else text.partition(":")
        try:
            parsed = ipaddress.ip_address("127.0.0.1" if address == "host-gateway" else address.strip("[]"))
        except ValueError as error:
            hint = "write --add-host name:1.2.3.4 or name=[::1]"
            what = f"{address!r} is no IP address" if separator else "it has no address"
            raise UsageError(f"invalid --add-host {text!r}: {what}", hint=hint) from error
        if not name or not separator:
            raise UsageError(f"invalid --add-host {text!r}: it has no name", hint="write --add-host name:1.2.3.4")
        lines.append(f"{parsed}\t{name.lower()}")
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class Statements:
    """How an output has statements: files with a `prefix`; in an image as an `artifact`, `inline` also those for a store."""

    prefix: str = ""
    artifact: bool = True
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """One `--output`. `dest` is a path, `-` for standard output, or empty; `tar` is false for an OCI layout directory.

    `names` are full. `split` says whether files lie in a directory for each platform; None: where there are several.
    `epoch` is the text of `source-date-epoch`, None where the build's holds; `annotations` are those of its own, as
    `cli/annotations` has them. `statements` says what becomes of statements. With `push` its names are registries', with
    `by_digest` without their tags.
    """

    type: str
    dest: str = ""
    names: tuple[str, ...] = ()
    tar: bool = True
    epoch: str | None = None
    rewrite: bool = False
    annotations: tuple[str, ...] = ()
    split: bool | None = None
    statements: Statements = field(default_factory=Statements)
    push: bool = False
    by_digest: bool = False

    @classmethod
    def parse(cls, text: str) -> Output:
        """`type=oci,dest=FILE`, or buildx's short forms: a directory, or `-` for a tar on standard output."""
        import csv
        import io

        try:
            fields = next(csv.reader(io.StringIO(text)), [])
        except csv.Error as error:
            raise UsageError(f"invalid --output {text!r}: {error}", hint="write type=oci,dest=FILE") from error
        if len(fields) == 1 and "=" not in fields[0]:
            return cls("tar", "-") if fields[0] == "-" else cls("local", fields[0])
        values: dict[str, str] = {}
        for item in fields:
            key, equals, value = item.partition("=")
            key = key.strip().lower()
            if not equals:
                hint = "write type=oci,dest=FILE"
                raise UsageError(f"invalid --output {text!r}: {item!r} is no key=value", hint=hint)
            if key in _LATER_KEYS:
                why = "; layers are gzip of one level" if key in _COMPRESSION else ""
                raise StagemillError(f"--output {key}={value} is not supported yet", hint=f"leave it out{why}")
            if key not in KEYS and not re.match(r"annotation[-.\[]", key):
                hint = _known(key, sorted(KEYS), "annotation.NAME")
                raise UsageError(f"invalid --output {text!r}: unknown key {key!r}", hint=hint)
            values[key] = value
        return cls._checked(text, values)

    @classmethod
    def _checked(cls, text: str, values: Mapping[str, str]) -> Output:
        kind = values.get("type", "")
        if kind not in OUTPUT_TYPES:
            raise UsageError(f"invalid --output {text!r}: unknown type {kind!r}", hint=_known(kind, OUTPUT_TYPES))
        dest = values.get("dest", "")
        if kind == "local" and dest in {"", "-"}:
            raise UsageError(f"invalid --output {text!r}: type=local needs a directory", hint="add dest=DIRECTORY")
        if kind in {"oci", "tar"} and not dest:
            raise UsageError(
                f"invalid --output {text!r}: type={kind} needs a file", hint="add dest=FILE, or dest=- for a pipe"
            )
        names = tuple(str(reference(name)) for name in values.get("name", "").split(",") if name)
        tar = _switch(text, values, "tar") is not False
        if not tar and (kind != "oci" or dest == "-"):
            raise UsageError(f"invalid --output {text!r}: tar=false is for type=oci with a directory")
        given = (f"{key.removeprefix('annotation')}={values[key]}" for key in values if key.startswith("annotation"))
        date = values.get("source-date-epoch")
        seconds(date or "")
        rewrite = values.get("rewrite-timestamp") == "" or bool(_switch(text, values, "rewrite-timestamp"))
        split = _switch(text, values, "platform-split")
        artifact = _switch(text, values, "oci-artifact")
        inline = _switch(text, values, "attestation-inline")
        prefix = values.get("attestation-prefix", "")
        if "/" in prefix:
            raise UsageError(f"invalid --output {text!r}: attestation-prefix={prefix} has a slash")
        statements = Statements(prefix, artifact is not False, bool(inline))
        by_digest = bool(_switch(text, values, "push-by-digest"))
        push = kind == "registry" or by_digest or bool(_switch(text, values, "push"))
        if push and kind not in {"image", "registry"}:
            hint = "add -o type=registry, or --push; several outputs come of one build"
            raise UsageError(f"invalid --output {text!r}: type={kind} cannot be pushed", hint=hint)
        return cls(kind, dest, names, tar, date, rewrite, tuple(given), split, statements, push, by_digest)


def _known(word: str, names: Sequence[str], *more: str) -> str:
    """A name that is near, or all there are."""
    from stagemill.dockerfile.suggest import nearest

    near = nearest(word, names)
    return f"did you mean {near}?" if near else f"known are {', '.join((*names, *more))}"


def _switch(text: str, values: Mapping[str, str], key: str) -> bool | None:
    said = values.get(key, "").lower()
    if not said:
        return None
    if said not in TRUE | FALSE:
        raise UsageError(f"invalid --output {text!r}: {key}={said} is neither true nor false")
    return said in TRUE


def reference(text: str) -> Reference:
    """The name of an image. Raises UsageError."""
    try:
        return Reference.parse(text)
    except ValueError as error:
        raise UsageError(str(error), hint="write NAME, NAME:TAG or REGISTRY/NAME:TAG") from error


def is_repository(name: str) -> bool:
    """Whether the name of an image has neither a tag nor a digest."""
    return not set(":@") & set(name.rpartition("/")[2])


def stage_names(texts: Iterable[str]) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for text in texts for name in text.split(","))
    if "" in names:
        raise UsageError("--no-cache-filter has a blank name", hint="write --no-cache-filter STAGE or STAGE,STAGE")
    return names


def any_platform(text: str) -> Platform:
    """A platform that is only looked at, not run."""
    try:
        return Platform.parse(text)
    except ValueError as error:
        raise UsageError(f"invalid --platform: {error}", hint="write os/arch, such as linux/arm64") from error


def network(text: str | None) -> Literal["default", "host", "none"]:
    match text:
        case None | "default":
            return "default"
        case "host":
            return "host"
        case "none":
            return "none"
        case _:
            raise UsageError(f"unknown network {text!r}", hint="use default, host or none")
