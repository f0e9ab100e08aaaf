from __future__ import annotations

import errno

import pytest

from stagemill.errors import StoreError
from stagemill.store.faults import LOST_HINT, PERMISSION_HINT, READ_ONLY_HINT, SPACE_HINT, explained


@pytest.mark.parametrize(
    ("number", "said", "hint"),
    [
        (errno.ENOSPC, "no space left on device", SPACE_HINT),
        (errno.EACCES, "permission denied", PERMISSION_HINT),
        (errno.EROFS, "read-only file system", READ_ONLY_HINT),
        (errno.ENOENT, "no such file or directory", LOST_HINT),
    ],
)
def test_what_the_system_says_is_said_in_words_with_the_path_and_a_hint(
    number: int, said: str, hint: str | None
) -> None:
    with pytest.raises(StoreError) as caught, explained("write", "/store/x"):
        raise OSError(number, "whatever")

    assert caught.value.message == f"cannot write /store/x: {said}"
    assert caught.value.hint == hint


def test_other_errors_pass() -> None:
    with pytest.raises(ValueError, match="mine"), explained("write", "/store/x"):
        raise ValueError("mine")
