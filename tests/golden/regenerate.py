"""Writes anew what the pages say is printed: `python tests/golden/regenerate.py [NAME…]`, as root. Read the difference."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden.page import pages, parse
from golden.perform import Stage


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="stagemill-golden-") as home:
        stage = Stage(Path(home))
        for name, path in pages().items():
            if not names or name in names:
                before = path.read_text()
                after = stage.perform(parse(before), name).render()
                path.write_text(after)
                if after != before:
                    print(f"changed: {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
