#!/usr/bin/env python3
"""Writes docs/flags.md anew; to be called when proofs.toml or a flag has changed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from proofs.page import PAGE, page
from proofs.table import proofs

if __name__ == "__main__":
    PAGE.write_text(page(proofs()), encoding="utf-8")
