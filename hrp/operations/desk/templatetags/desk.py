"""Template words of the desk, where seconds decide."""

from __future__ import annotations

import datetime as dt

from django import template

from hrp.operations.desk import presenting
from hrp.platform.base import clock

register = template.Library()


@register.filter
def second(value: dt.datetime | None) -> str:
    """An instant on the hospital's wall clock to the second."""
    return f"{clock.local(value):%Y-%m-%d %H:%M:%S}" if value else "—"


@register.filter
def priority(level: str) -> str:
    """The colour block of a level."""
    return presenting.priority(level)
