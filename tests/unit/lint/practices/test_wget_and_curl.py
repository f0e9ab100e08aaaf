"""`WgetAndCurl`: one stage loads files with both wget and curl."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "WgetAndCurl"


def test_the_second_one_is_found() -> None:
    (found,) = findings(RULE, "FROM x\nRUN apk add curl\nRUN apk add git wget\n")

    assert found.span.line == 3
    assert found.message == "curl is in the image already, since line 2, and does what wget does"


@pytest.mark.parametrize(
    "text",
    [
        "RUN apk add curl\nRUN wget x",
        "RUN apk add curl\nRUN apk add curl",
        "RUN apk add wget\nFROM y\nRUN apk add curl",
        "RUN apk add wget curl && a && apk del wget",
    ],
)
def test_one_of_them_in_an_image_is_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []
