"""`check_ports`: what `--publish` can ask for where the container has this machine's own network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from stagemill.errors import UsageError
from stagemill.regex import regex

_PORT = regex(r"[0-9]{1,5}(?:-[0-9]{1,5})?")
_ANY = {"", "0.0.0.0", "[::]"}
_WHY = "the command has this machine's own network, and ports are not mapped"


def check_ports(texts: Iterable[str], network: Literal["host", "none"]) -> None:
    """A port that is to be the same outside is reachable without a mapping. Raises UsageError for all else."""
    for text in texts:
        body, _, protocol = text.partition("/")
        head, _, inside = body.rpartition(":")
        address, _, outside = head.rpartition(":")
        if not _PORT.fullmatch(inside) or (outside and not _PORT.fullmatch(outside)) or protocol not in _PROTOCOLS:
            raise UsageError(f"invalid --publish {text!r}", hint="write PORT:PORT, or PORT:PORT/udp")
        if network == "none":
            raise UsageError(f"cannot publish {text}: the container has no network", hint="leave out --network none")
        if address not in _ANY:
            hint = f"let the program itself listen at {address}, and leave out -p"
            raise UsageError(f"cannot publish {text} at one address: {_WHY}", hint=hint)
        if not outside:
            hint = f"leave out -p: the program is reachable at port {inside}"
            raise UsageError(f"cannot choose a port for {text}: {_WHY}", hint=hint)
        if outside != inside:
            hint = f"let the program listen at port {outside}, or leave out -p and reach it at port {inside}"
            raise UsageError(f"cannot publish port {inside} as {outside}: {_WHY}", hint=hint)


_PROTOCOLS = {"", "tcp", "udp", "sctp"}
