"""Which texts are expressions of SPDX."""

from __future__ import annotations

import pytest

from stagemill.attest.licenses import expression


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "Apache-2.0 OR MIT",
        "(MIT AND BSD-3-Clause) OR ISC",
        "GPL-2.0-or-later WITH Bison-exception-2.2",
    ],
)
def test_those_of_known_ids_are(text: str) -> None:
    assert expression(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BSD",
        "MIT License",
        "MIT OR",
        "OR MIT",
        "(MIT",
        "MIT)",
        "MIT WITH Apache-2.0",
        "MIT ISC",
        "()",
        "MIT WITH (X)",
    ],
)
def test_others_are_not(text: str) -> None:
    assert expression(text) == ""


def test_blanks_do_not_count() -> None:
    assert expression(" ( MIT  OR ISC ) ") == "(MIT OR ISC)"
