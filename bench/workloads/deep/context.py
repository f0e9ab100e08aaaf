"""Sixty small steps in a row; the edit changes the file that the thirtieth step copies."""

from pathlib import Path


def make(root: Path) -> None:
    for i in range(20):
        (root / f"step{i}.txt").write_text(f"step {i}\n")


def edit(root: Path, n: int) -> None:
    (root / "step10.txt").write_text(f"step 10, edit {n}\n")
