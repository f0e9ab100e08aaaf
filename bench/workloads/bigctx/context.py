"""A context of 30,000 small files and one of 300 MB, half of it compressible."""

import random
from pathlib import Path


def make(root: Path) -> None:
    rng = random.Random(7)
    text = " ".join(rng.choice(("let", "value", "index", "of", "the", "image", "=", f"0x{i:x}")) for i in range(60000))
    for i in range(300):
        folder = root / f"module{i // 20}" / f"part{i}"
        folder.mkdir(parents=True)
        for j in range(100):
            start = rng.randrange(len(text) - 5000)
            (folder / f"file{j}.txt").write_text(text[start : start + rng.randrange(100, 4500)])
    with open(root / "large.bin", "wb") as file:
        for _ in range(150):
            file.write(rng.randbytes(1_000_000))
            file.write(text.encode()[:250_000] * 4)


def edit(root: Path, n: int) -> None:
    (root / "module3/part60/file50.txt").write_text(f"edit {n}\n")
