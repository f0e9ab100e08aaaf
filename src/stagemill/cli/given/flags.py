"""Values of flags, parsed: `k=v` pairs, hosts, names. Raises UsageError with what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stagemill.errors import UsageError
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference

if TYPE_CHECKING:
    from stagemill.registry.retry import Retries

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
            import ipaddress

            parsed = ipaddress.ip_address("127.0.0.1" if address == "host-gateway" else address.strip("[]"))
        except ValueError as error:
            hint = "write --add-host name:1.2.3.4 or name=[::1]"
            what = f"{address!r} is no IP address" if separator else "it has no address"
            raise UsageError(f"invalid --add-host {text!r}: {what}", hint=hint) from error
        if not name or not separator:
            raise UsageError(f"invalid --add-host {text!r}: it has no name", hint="write --add-host name:1.2.3.4")
        lines.append(f"{parsed}\t{name.lower()}")
    return tuple(lines)


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
