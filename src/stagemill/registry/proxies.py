"""`Proxies`: through which proxy a URL is asked for. The rules are those of curl and Go for `no_proxy`."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

from stagemill.values import dataclass

_LOOPBACK = bytes(15) + b"\x01"  # ::1
_LOOPBACK_NETWORK = 127


@dataclass(frozen=True, slots=True)
class Proxies:
    """URLs of the proxies for http and https, empty where there is none, and the hosts that are asked directly."""

    http: str = ""
    https: str = ""
    exempt: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """From `http_proxy`, `https_proxy` and `no_proxy`; in upper case too, where the lower one is not set."""

        def value(name: str) -> str:
            return environment.get(name) or environment.get(name.upper(), "")

        exempt = tuple(item.strip().lower() for item in value("no_proxy").split(",") if item.strip())
        return cls(_url(value("http_proxy")), _url(value("https_proxy")), exempt)

    def for_url(self, url: str) -> str:
        """The proxy for a URL, or "": loopback is always asked directly."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        proxy = self.https if parts.scheme == "https" else self.http
        if not proxy or is_loopback(host) or any(_covers(rule, host, parts.port) for rule in self.exempt):
            return ""
        return proxy


def is_loopback(host: str) -> bool:
    """Whether a host name or address, without port, means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = host.strip("[]")
    try:
        if ":" in address:
            return socket.inet_pton(socket.AF_INET6, address) == _LOOPBACK
        return socket.inet_pton(socket.AF_INET, address)[0] == _LOOPBACK_NETWORK
    except (OSError, ValueError):
        return False


def _url(text: str) -> str:
    return text if not text or "://" in text else f"http://{text}"


def _covers(rule: str, host: str, port: int | None) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        return _in_network(rule, host)
    name, _, rule_port = rule.rpartition(":") if rule.count(":") == 1 else (rule, "", "")
    if rule_port and rule_port != str(port):
        return False
    name = name.removeprefix("*").strip("[]")
    return host == name.removeprefix(".") or host.endswith(f".{name.removeprefix('.')}")


def _in_network(rule: str, host: str) -> bool:
    import ipaddress  # noqa: PLC0415  few rules are networks

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
    except ValueError:
        return False
