"""`AddWithoutChecksum`: ADD loads a file of the web, and takes whatever comes."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found

RULE = "AddWithoutChecksum"


def test_a_file_of_the_web_is_found() -> None:
    assert lines_found(RULE, 'FROM x\nADD https://x/y a /z/\nADD ["HTTP://x/y", "/z"]\n') == [2, 3]


@pytest.mark.parametrize(
    "line",
    ["ADD --checksum=sha256:" + "a" * 64 + " https://x/y /", "ADD https://x/y.git#main /", "ADD a.tgz /", "COPY a /"],
)
def test_checksums_repositories_and_files_are_fine(line: str) -> None:
    assert lines_found(RULE, f"FROM x\n{line}\n") == []
