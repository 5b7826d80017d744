"""What becomes of an adjustment after it was posted: its day begins, the HIS is told."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.logistics.catalogue.documents import taking_over
from hrp.logistics.catalogue.documents.price_adjustment import PriceAdjustment, due
from hrp.logistics.catalogue.models import PriceEffect
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import services
from hrp.platform.documents.models import State


def take_effect(day: dt.date) -> int:
    """Take over the stock of every adjustment whose day has begun, each in its own transaction; how many."""
    return sum(_begin(document) for document in due(day))


@transaction.atomic
def _begin(document: PriceAdjustment) -> bool:
    fresh = services.lock(document)
    if fresh.state != State.POSTED or PriceEffect.objects.filter(source=fresh.source).exists():
        return False
    taking_over.take_over(fresh, list(fresh.lines.select_related("item").order_by("position")))
    return True


@transaction.atomic
def tell(document: PriceAdjustment, *, actor: User) -> str:
    """Tell the HIS what it could not be told before. What it knows already stays one message."""
    scope.check_object(actor, "logistics.price_adjustment.tell", document)
    lines = list(document.lines.select_related("item").order_by("position"))
    if not taking_over.tell_again(document, lines):
        raise Conflict(
            "HIS 没有登记为接口伙伴或已停用", code="no_partner",
            way_out="请系统管理员在 接口伙伴 中登记并启用，再重发。",
        )  # fmt: skip
    services.log(document, "tell", actor=actor, summary=f"向 HIS 重发 {document}")
    return "已发送给 HIS，多次失败的请在 接口消息 中重试"
