"""Files that have the date of today in them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fakes.blobs import MemoryBlobs, make_image
from stagemill.digest import Digest
from stagemill.errors import Excerpt
from stagemill.verify.pair import Circumstances
from stagemill.verify.side import Side
from stagemill.verify.today import suspects

NOON = 1_700_049_600.0  # 2023-11-15T12:00:00Z
RUN = Excerpt("Dockerfile", 2, 1, 5, "RUN x")
COPY = Excerpt("Dockerfile", 3, 1, 5, "COPY x /")


class Places:
    """The first layer is a base's, the second RUN's; a file `copied` was made by COPY."""

    def layer(self, number: int) -> Excerpt | None:
        return RUN if number else None

    def file(self, _number: int, path: str, digest: Digest | None) -> Excerpt | None:
        assert digest
        return COPY if path == "copied" else RUN


def found(files: Mapping[str, bytes], *, epoch: int | None = 0) -> dict[str, str]:
    """The dates that were found, by path."""
    blobs = MemoryBlobs()
    image = make_image(blobs, {"base": b"2023-11-15"}, files)
    side = Side(image, blobs, Circumstances(NOON, NOON + 1))
    return {each.path: each.text for each in suspects(side, Places(), epoch=epoch)}


@pytest.mark.parametrize(
    "text", ["2023-11-15", "20231115", "15.11.2023", "Nov 15 2023", "15 Nov 2023", "November 15, 2023", "11/15/23"]
)
def test_a_date_is_found_in_its_usual_forms(text: str) -> None:
    assert found({"a": f"built {text}\n".encode()}) == {"a": text}


def test_another_day_or_a_longer_number_is_none() -> None:
    assert found({"a": b"2023-11-14", "b": b"1202311159", "c": b"x" * 5}) == {}


def test_only_what_a_run_wrote_is_looked_at() -> None:
    assert found({"copied": b"2023-11-15", "made": b"2023-11-15"}) == {"made": "2023-11-15"}


def test_the_date_that_the_image_has_anyway_is_no_suspect() -> None:
    assert found({"a": b"2023-11-15"}, epoch=int(NOON) - 3600) == {}


def test_a_large_file_is_read_to_its_end_for_its_digest() -> None:
    assert found({"a": b"2023-11-15" + b"x" * 3_000_000, "b": b"2023-11-15"}) == {"a": "2023-11-15", "b": "2023-11-15"}
