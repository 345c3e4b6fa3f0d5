"""A final score for LTI 1.3 Assignment and Grade Services: a bridge POSTs it to {lineitem}/scores.

application/vnd.ims.lis.v1.score+json (imsglobal.org, LTI-AGS 2.0, section 3.4): a platform counts a score
only when gradingProgress is FullyGraded; the timestamp has at least milliseconds, and later ones win.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone

from labkit.model.coursework import Ruling
from labkit.report.text import tame

MEDIA_TYPE = "application/vnd.ims.lis.v1.score+json"


def render_ags(ruling: Ruling, graded_at: datetime) -> str:
    """The JSON text of one score; without a final one a person's grading is pending."""
    document: dict[str, object] = {
        "userId": ruling.student.id,
        "timestamp": graded_at.astimezone(timezone.utc)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "activityProgress": "Completed" if ruling.attempt is not None else "Initialized",
        "gradingProgress": "FullyGraded" if ruling.final is not None else "PendingManual",
        "comment": tame("\n".join(ruling.because)),
    }
    if ruling.final is not None:
        document |= {"scoreGiven": round(ruling.final, 6), "scoreMaximum": ruling.max_score}
    if ruling.attempt is None:
        document["gradingProgress"] = "NotReady"
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
