"""`UseraddLargeUid`: useradd with a large number, which makes a sparse file that layers hold in full."""

from __future__ import annotations

import pytest

from fakes.linting import lines_found, unsafely_mended

RULE = "UseraddLargeUid"


@pytest.mark.parametrize(
    "options", ["-u 100000", "--uid 1000001", "--uid=1000001", "-m -u 123456 -s /bin/sh", "-mu 123456"]
)
def test_a_large_number_is_found(options: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN useradd {options} app\n") == [2]


@pytest.mark.parametrize(
    "options", ["-u 99999", "-l -u 100000", "--no-log-init -u 100000", "-u $ID", "", "-g 100000", "-lu 100000"]
)
def test_a_small_one_and_one_without_records_are_fine(options: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN useradd {options} app\n") == []


def test_the_fix_leaves_the_records_out() -> None:
    assert unsafely_mended(RULE, "FROM x\nRUN useradd -u 100000 a\n") == "FROM x\nRUN useradd -l -u 100000 a\n"
