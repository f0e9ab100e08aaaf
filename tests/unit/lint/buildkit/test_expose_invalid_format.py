"""`ExposeInvalidFormat`: EXPOSE with addresses and ports of the host."""

from __future__ import annotations

from fakes.linting import findings, lines_found, mended

RULE = "ExposeInvalidFormat"


def test_all_forms_are_found() -> None:
    found = findings(RULE, "FROM scratch\nEXPOSE 127.0.0.1:80:80 [::1]:8080:8080 5000:5000 8000\n")

    assert [f.message.split("found ")[1] for f in found] == ["'127.0.0.1:80:80'", "'[::1]:8080:8080'", "'5000:5000'"]


def test_plain_ports_and_ranges_are_fine() -> None:
    assert lines_found(RULE, "FROM scratch\nEXPOSE 80 81/udp 90-99\n") == []


def test_the_fix_keeps_what_the_image_has() -> None:
    assert mended(RULE, "FROM scratch\nEXPOSE 1.2.3.4:1:80/tcp 9:90-91\n") == "FROM scratch\nEXPOSE 80/tcp 90-91\n"
