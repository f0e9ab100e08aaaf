"""The ports of EXPOSE as rules see them."""

from __future__ import annotations

from fakes.linting import lint_file
from stagemill.lint.ports import ports


def test_variables_become_ports_and_unknown_ones_none() -> None:
    file = lint_file("FROM x\nENV P='80 81'\nEXPOSE $P 90/udp $Q\n")

    assert [(port.text, port.word.text, port.is_written) for port in ports(file)] == [
        ("80", "$P", False),
        ("81", "$P", False),
        ("90/udp", "90/udp", True),
    ]
