"""Verbs on the registers of materials."""

from __future__ import annotations

from django.db import transaction

from hrp.logistics.models import Item
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base.refusals import Invalid, Problem


@transaction.atomic
def retire(*, actor: User, obj: Item, reason: str = "") -> None:
    """停用: the item is neither bought nor issued any more; what is left may be returned, scrapped and counted."""
    _set(actor, obj, Item.Status.RETIRED, reason)


@transaction.atomic
def revive(*, actor: User, obj: Item, reason: str = "") -> None:
    """启用 again."""
    _set(actor, obj, Item.Status.ACTIVE, reason)


def _set(actor: User, item: Item, status: str, reason: str) -> None:
    scope.require(actor, "logistics.item.edit")
    row = Item.objects.select_for_update().get(pk=item.pk)
    if row.status == status:
        raise Invalid(
            f"{row} 已是{row.get_status_display()}", problems=[Problem("状态没有变化", field="status")]
        )
    before, row.status = row.get_status_display(), status
    row.save(update_fields=["status"])
    audit.record(
        actor=actor, act=f"logistics.item.{status}", target=f"logistics.item:{row.pk}",
        summary=f"{row} {before} → {row.get_status_display()}" + (f"：{reason}" if reason else ""),
    )  # fmt: skip
