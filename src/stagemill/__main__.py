"""`python -m stagemill`: the command line, where its script is not on PATH."""

from __future__ import annotations

from stagemill.cli.main import script

if __name__ == "__main__":
    script()
