"""Ports: those that are the same outside are reachable anyway, all else is refused."""

from __future__ import annotations

import pytest

from stagemill.cli.container.ports import check_ports
from stagemill.errors import UsageError


@pytest.mark.parametrize(
    "text", ["80:80", "80:80/tcp", "53:53/udp", "0.0.0.0:80:80", "[::]:80:80", "8000-8010:8000-8010"]
)
def test_a_port_that_is_the_same_outside_is_reachable(text: str) -> None:
    check_ports([text], "host")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("8080:80", "cannot publish port 80 as 8080: ", "let the program listen at port 8080, or leave out -p and"),
        ("8000-8010:80", "cannot publish port 80 as 8000-8010: ", "let the program listen at port 8000-8010"),
        ("80", "cannot choose a port for 80: ", "leave out -p: the program is reachable at port 80"),
        ("127.0.0.1:80:80", "cannot publish 127.0.0.1:80:80 at one address: ", "let the program itself listen at 127.0.0.1"),
        ("127.0.0.1::80", "cannot publish 127.0.0.1::80 at one address: ", "let the program itself listen at 127.0.0.1"),
        ("[::1]:80:80", "cannot publish [::1]:80:80 at one address: ", "let the program itself listen at [::1]"),
        ("http", "invalid --publish 'http'", "write PORT:PORT"),
        ("80:http", "invalid --publish '80:http'", "write PORT:PORT"),
        ("127.0.0.1:80", "invalid --publish '127.0.0.1:80'", "write PORT:PORT"),
        ("80:80/icmp", "invalid --publish '80:80/icmp'", "write PORT:PORT"),
        ("", "invalid --publish ''", "write PORT:PORT"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_ports([text], "host")

    assert caught.value.message.startswith(message)
    assert (caught.value.hint or "").startswith(hint)


def test_without_a_network_nothing_is_reachable() -> None:
    with pytest.raises(UsageError) as caught:
        check_ports(["80:80"], "none")

    assert caught.value.message == "cannot publish 80:80: the container has no network"
