"""The report as JSON. The keys are part of the interface; docs/plan.md has them."""

from __future__ import annotations

import json
from dataclasses import asdict

from stagemill.insight.outlook import OutlookReport


def document(report: OutlookReport) -> str:
    whole = {
        "targets": report.targets,
        "stages": [asdict(stage) for stage in report.stages],
        "skipped": [asdict(stage) for stage in report.skipped],
        "choices": [{**asdict(choice), "arguments": dict(choice.arguments)} for choice in report.choices],
        "critical_path": {
            "steps": [asdict(step) for step in report.path],
            "seconds": round(report.seconds, 3),
            "untimed": report.untimed,
        },
    }
    return json.dumps(whole, indent=2)
