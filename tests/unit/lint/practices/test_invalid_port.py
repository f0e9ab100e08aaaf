"""`InvalidPort`: EXPOSE with a number that no port has."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found

RULE = "InvalidPort"


@pytest.mark.parametrize("port", ["65536", "80800/tcp", "8000-70000", "$PORT"])
def test_a_number_that_is_too_large_is_found(port: str) -> None:
    assert lines_found(RULE, f"FROM x\nENV PORT=99999\nEXPOSE 80 {port}\n") == [3]


@pytest.mark.parametrize("port", ["65535", "0", "8000-8010/udp", "$UNKNOWN", "${X:-80}"])
def test_ports_and_what_is_not_known_are_fine(port: str) -> None:
    assert lines_found(RULE, f"FROM x\nEXPOSE {port}\n") == []
