"""The smallest two-stage build: one file in, one file out."""

from pathlib import Path


def make(root: Path) -> None:
    (root / "greeting.txt").write_text("hello, world\n")


def edit(root: Path, n: int) -> None:
    (root / "greeting.txt").write_text(f"hello, world {n}\n")
