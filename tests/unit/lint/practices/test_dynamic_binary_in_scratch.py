"""`DynamicBinaryInScratch`: a program of Go that may need a C library goes into an image that has none."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found

RULE = "DynamicBinaryInScratch"


@pytest.mark.parametrize(
    "base_image", ["scratch", "gcr.io/distroless/static", "gcr.io/distroless/static-debian12:nonroot"]
)
def test_a_program_that_may_need_a_library_is_found(base_image: str) -> None:
    assert lines_found(RULE, f"FROM golang AS a\nRUN go build -o /x .\nFROM {base_image}\nCOPY --from=a /x /x\n") == [2]


@pytest.mark.parametrize(
    "build",
    [
        "RUN CGO_ENABLED=0 go build",
        "ENV CGO_ENABLED=0\nRUN go build",
        "RUN export CGO_ENABLED=0 && go build",
        "RUN go build -ldflags '-extldflags \"-static\"'",
        "RUN go build -tags netgo",
        "RUN make",
    ],
)
def test_one_that_says_how_it_is_linked_is_fine(build: str) -> None:
    assert lines_found(RULE, f"FROM golang AS a\n{build}\nFROM scratch\nCOPY --from=a /x /x\n") == []


def test_an_image_with_a_library_is_fine() -> None:
    assert lines_found(RULE, "FROM golang AS a\nRUN go build\nFROM debian:12\nCOPY --from=a /x /x\n") == []
