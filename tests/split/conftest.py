"""The projects have tests of their own, which are not ours."""

from __future__ import annotations

collect_ignore = ["projects"]
