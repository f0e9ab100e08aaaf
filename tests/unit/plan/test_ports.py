"""The ports of EXPOSE."""

from __future__ import annotations

import pytest

from stagemill.plan.ports import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", ["80/tcp"]),
        ("0", ["0/tcp"]),
        ("65535/udp", ["65535/udp"]),
        ("80/", ["80/tcp"]),
        ("80/TCP", ["80/tcp"]),
        ("9/sctp", ["9/sctp"]),
        ("8000-8002", ["8000/tcp", "8001/tcp", "8002/tcp"]),
        ("53-54/udp", ["53/udp", "54/udp"]),
        ("80-80", ["80/tcp"]),
        ("8080:80", ["80/tcp"]),
        ("8000-8010:80", ["80/tcp"]),
        ("8000-8001:80-81", ["80/tcp", "81/tcp"]),
        ("127.0.0.1:8080:80", ["80/tcp"]),
        ("127.0.0.1::80", ["80/tcp"]),
        ("[::1]:8080:80/udp", ["80/udp"]),
        ("::1:8080:80", ["80/tcp"]),
    ],
)
def test_a_port_is_kept_without_address_and_host_port(text: str, expected: list[str]) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "invalid port '': '' is no number and no range"),
        ("/tcp", "invalid port '/tcp': '' is no number and no range"),
        ("http", "invalid port 'http': 'http' is no number and no range"),
        ("-1", "invalid port '-1': '-1' is no number and no range"),
        ("1-", "invalid port '1-': '1-' is no number and no range"),
        ("٣", "invalid port '٣': '٣' is no number and no range"),
        ("65536", "invalid port '65536': want 0 to 65535, the lower one first"),
        ("9-8", "invalid port '9-8': want 0 to 65535, the lower one first"),
        ("80/icmp", "invalid protocol 'icmp' of port '80/icmp': want tcp, udp or sctp"),
        ("x:80", "invalid port 'x:80': 'x' is no number and no range"),
        ("1-3:80-81", "invalid port '1-3:80-81': the two ranges differ in length"),
        ("host:1:80", "invalid port 'host:1:80': 'host' is no IP address"),
        ("9" * 5000, None),
    ],
)
def test_what_is_no_port_is_an_error(text: str, message: str | None) -> None:
    with pytest.raises(ValueError, match="invalid p") as caught:
        parse(text)

    assert message is None or str(caught.value) == message
