"""What was said about a document belongs to one submission of it."""

from __future__ import annotations

import datetime as dt

from hrp.platform.base.refusals import Conflict
from hrp.platform.documents.models import Document


def submission_of(document: Document) -> dt.datetime:
    """When what lies before us was submitted. Refuses (``not_submitted``) a document that never was."""
    if document.submitted_at is None:
        raise Conflict(f"{document} 还没有提交", code="not_submitted", way_out="请先提交。")
    return document.submitted_at
