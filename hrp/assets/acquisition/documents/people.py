"""Foreign keys to people, which every fact has."""

from __future__ import annotations

from django.conf import settings
from django.db import models


def person(title: str, *, null: bool = False) -> models.ForeignKey[object, object]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=null, verbose_name=title
    )
