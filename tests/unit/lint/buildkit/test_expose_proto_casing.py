"""`ExposeProtoCasing`: protocols in lower case."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended

RULE = "ExposeProtoCasing"


def test_upper_case_is_found_for_each_port() -> None:
    found = findings(RULE, "FROM scratch\nEXPOSE 80/TcP 8080/TCP 8080/udp 90\n")

    assert [f.message for f in found] == [
        "Defined protocol '80/TcP' in EXPOSE instruction should be lowercase",
        "Defined protocol '8080/TCP' in EXPOSE instruction should be lowercase",
    ]


def test_lower_case_and_unknown_ports_are_fine() -> None:
    assert lines_found(RULE, "FROM x\nEXPOSE 80/tcp 81 $P/TCP ${\n") == []


def test_the_fix_writes_it_in_lower_case() -> None:
    assert mended(RULE, "FROM scratch\nEXPOSE 80/TCP 1/UDP\n") == "FROM scratch\nEXPOSE 80/tcp 1/udp\n"


def test_there_is_none_for_a_port_from_a_variable() -> None:
    found = findings(RULE, "FROM scratch\nENV P='80/TCP 81/UDP'\nEXPOSE $P\n")

    assert [(f.message.split("'")[1], f.fix) for f in found] == [("80/TCP", None), ("81/UDP", None)]
