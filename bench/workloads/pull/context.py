"""A large base image and one small file: all of the time goes into the pull and the export."""

from pathlib import Path


def make(root: Path) -> None:
    (root / "app.js").write_text("console.log('hello');\n")


def edit(root: Path, n: int) -> None:
    (root / "app.js").write_text(f"console.log('hello {n}');\n")
