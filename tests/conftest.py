"""What holds for all tests: nothing is timed, and CI tries the same random cases every time it looks at a commit."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "stagemill", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("stagemill")
