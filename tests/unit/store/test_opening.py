from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from stagemill.store import opening
from stagemill.store.opening import kept


def is_free(root: Path, how: int) -> bool:
    """Whether somebody else could have it now."""
    with open(root / opening.NAME, "rb") as other:
        try:
            fcntl.flock(other, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@pytest.mark.parametrize("ours", [fcntl.LOCK_SH, fcntl.LOCK_EX])
def test_many_share_it_and_one_has_it_alone(tmp_path: Path, ours: int) -> None:
    with kept(tmp_path, ours):
        assert is_free(tmp_path, fcntl.LOCK_SH) == (ours == fcntl.LOCK_SH)
        assert not is_free(tmp_path, fcntl.LOCK_EX)


def test_it_is_given_back_whatever_happens(tmp_path: Path) -> None:
    with pytest.raises(LookupError), kept(tmp_path, fcntl.LOCK_EX):
        raise LookupError

    assert is_free(tmp_path, fcntl.LOCK_EX)


def test_its_file_is_the_owners_alone(tmp_path: Path) -> None:
    with kept(tmp_path):
        assert os.stat(tmp_path / opening.NAME).st_mode & 0o7777 == 0o600
