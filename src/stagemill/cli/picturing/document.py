"""A picture as JSON. The keys are part of the interface; docs/report.md has them."""

from __future__ import annotations

from stagemill.insight.picture.picture import Box, Picture
from stagemill.oci.document import Json, whole


def document(picture: Picture) -> dict[str, Json]:
    return {
        "heading": whole(picture.heading),
        "stages": [_stage(box) for box in picture.boxes],
        "arrows": [
            {
                "from": whole(arrow.source),
                "to": whole(arrow.target),
                "step": arrow.row,
                "way": str(arrow.way),
                "begin": arrow.begin,
            }
            for arrow in picture.arrows
        ],
        "skipped": [{"title": whole(title), "why": why} for title, why in picture.skipped],
        "critical_path": [row.id for row in picture.slow],
    }


def _stage(box: Box) -> Json:
    return {
        "title": whole(box.title),
        "base": whole(box.base),
        "role": box.role,
        "steps": [
            {
                "id": row.id,
                "line": row.line,
                "text": whole(row.text),
                "state": row.word,
                "seconds": row.seconds,
                "size": row.size,
                "critical": row.slow,
            }
            for row in box.rows
        ],
    }
