"""Reads at the door of a department: issues it has not signed for yet."""

from __future__ import annotations

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.requesting.documents.serving import SIGN, DeliverySignature
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.documents.models import State

_SOURCE = Concat(Value("logistics.stock_issue:"), Cast(OuterRef("pk"), CharField()))


def unsigned(actor: User) -> QuerySet[StockIssue]:
    """Posted issues of the actor's departments nobody signed for, the oldest first."""
    rows = StockIssue.objects.filter(state=State.POSTED).exclude(posted_by=actor)
    rows = scope.filter(actor, SIGN, rows)
    signed = DeliverySignature.objects.filter(source=_SOURCE)
    return rows.filter(~Exists(signed)).select_related("store", "org_unit", "posted_by").order_by("posted_at")


def unsigned_count(actor: User) -> int:
    return unsigned(actor).count()


def signed(actor: User) -> QuerySet[DeliverySignature]:
    """Signatures of the actor's departments, the newest first."""
    return scope.filter(actor, SIGN, DeliverySignature.objects.select_related("signer", "org_unit")).order_by(
        "-pk"
    )
