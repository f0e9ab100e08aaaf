"""Eight stages that do not depend on each other, six waiting and two computing."""

from pathlib import Path


def make(root: Path) -> None:
    (root / "unused.txt").write_text("the build copies nothing from its context\n")
