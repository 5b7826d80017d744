"""Template words every page uses; built in, so no template needs to load them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from hrp.platform.base import clock
from hrp.platform.ui import formats

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of the sprite. ``name`` written as a literal is cut into the sprite by the asset build."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>', size, static("icons.svg"), name
    )


@register.filter
def money(value: Decimal | None) -> str:
    return formats.money(value)


@register.filter
def quantity(value: Decimal | None) -> str:
    return formats.quantity(value)


@register.filter
def when(value: dt.datetime | None) -> str:
    """An instant on the hospital's wall clock, short: today 14:03, this year 11-23 14:03, else with the year."""
    return formats.when(value)


@register.filter
def moment(value: dt.datetime | None) -> str:
    """An instant on the hospital's wall clock in full."""
    return formats.datetime_text(value)


@register.filter
def epoch(value: dt.datetime) -> int:
    """Milliseconds since 1970, what scripts count with."""
    return int(value.timestamp() * 1000)


@register.simple_tag
def now_epoch() -> int:
    return int(clock.now().timestamp() * 1000)


@register.filter
def initial(name: Any) -> str:
    """The family name shown in the round picture of a person."""
    return str(name)[:1].upper() or "·"


@register.filter
def get(mapping: Any, key: Any) -> Any:
    return mapping.get(key, "") if hasattr(mapping, "get") else ""


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], **changes: Any) -> str:
    """The present address with some query parameters changed; an empty value removes one."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = str(value)
    text = query.urlencode()
    return f"{context['request'].path}?{text}" if text else context["request"].path


@register.simple_tag
def attributes(values: dict[str, Any]) -> SafeString:
    """``name="value"`` for every entry; True gives the bare name, False and None nothing."""
    parts = []
    for name, value in values.items():
        if value is True:
            parts.append(format_html(" {}", name))
        elif value not in (False, None):
            parts.append(format_html(' {}="{}"', name, value))
    return mark_safe("".join(parts))  # noqa: S308 - every part was escaped by format_html
