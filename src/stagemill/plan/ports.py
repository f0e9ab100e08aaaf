"""The ports of EXPOSE: `[ip:][host:]port[-last][/protocol]`, of which an image keeps `port/protocol`.

Source: BuildKit, frontend/dockerfile/dockerfile2llb/convert_expose.go.
"""

from __future__ import annotations

from stagemill.regex import regex

_RANGE = regex(r"([0-9]{1,20})(?:-([0-9]{1,20}))?")
_PROTOCOLS = ("tcp", "udp", "sctp")
_LAST = 65535


def parse(text: str) -> list[str]:
    """`8080/tcp` for each port that the text names. Raises ValueError with what is wrong, in words for people."""
    *before, container = text.split(":")
    host = before.pop() if before else ""
    _check_address(":".join(before), text)
    number, _, protocol = container.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS:
        raise ValueError(f"invalid protocol {protocol!r} of port {text!r}: want tcp, udp or sctp")
    first, last = _range(number, text)
    if host:
        _check_host(_range(host, text), (first, last), text)
    return [f"{port}/{protocol}" for port in range(first, last + 1)]


def _range(numbers: str, text: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(numbers)
    if not match:
        raise ValueError(f"invalid port {text!r}: {numbers!r} is no number and no range")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last <= _LAST:
        raise ValueError(f"invalid port {text!r}: want 0 to {_LAST}, the lower one first")
    return first, last


def _check_host(host: tuple[int, int], container: tuple[int, int], text: str) -> None:
    """A range of the host fits a range of the same length, or one port that may lie anywhere in it."""
    host_length, length = host[1] - host[0], container[1] - container[0]
    if length and length != host_length:
        raise ValueError(f"invalid port {text!r}: the two ranges differ in length")


def _check_address(address: str, text: str) -> None:
    if not address:
        return
    import ipaddress  # noqa: PLC0415  hardly a Dockerfile has an address here

    try:
        ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise ValueError(f"invalid port {text!r}: {address!r} is no IP address") from error
