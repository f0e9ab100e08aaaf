#!/usr/bin/env python3
"""Writes docs/conformance.md anew; to be called when a row or its standing has changed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance.page import PAGE, page
from conformance.rows import groups

if __name__ == "__main__":
    PAGE.write_text(page(groups()), encoding="utf-8")
