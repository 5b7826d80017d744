"""The life of an item: draft → qualification → committee → active ⇄ frozen → retired, each step with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from hrp.logistics.catalogue.models import ItemDecision, Stage
from hrp.logistics.models import Item
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem


@dataclass(frozen=True)
class Step:
    """From which stages an act leads where. ``asks`` names what must be given: a reason, a meeting."""

    title: str
    sources: frozenset[Stage]
    target: Stage
    permission: str
    asks: str = ""


STEPS = {
    "submit": Step("提交准入", frozenset([Stage.DRAFT]), Stage.QUALIFICATION, "logistics.item.edit"),
    "qualify": Step("资质审核通过", frozenset([Stage.QUALIFICATION]), Stage.COMMITTEE, "logistics.item.qualify"),
    "admit": Step("委员会同意", frozenset([Stage.COMMITTEE]), Stage.ACTIVE, "logistics.item.approve", "meeting"),
    "reject": Step("退回", frozenset([Stage.QUALIFICATION, Stage.COMMITTEE]), Stage.DRAFT, "logistics.item.qualify", "reason"),
    "freeze": Step("暂停", frozenset([Stage.ACTIVE]), Stage.FROZEN, "logistics.item.edit", "reason"),
    "thaw": Step("恢复", frozenset([Stage.FROZEN]), Stage.ACTIVE, "logistics.item.edit", "reason"),
    "retire": Step("淘汰", frozenset([Stage.DRAFT, Stage.QUALIFICATION, Stage.COMMITTEE, Stage.ACTIVE, Stage.FROZEN]), Stage.RETIRED, "logistics.item.edit", "reason"),
    "revive": Step("重新准入", frozenset([Stage.RETIRED]), Stage.DRAFT, "logistics.item.edit", "reason"),
}  # fmt: skip

STATUS = {
    Stage.DRAFT: Item.Status.DRAFT, Stage.QUALIFICATION: Item.Status.DRAFT, Stage.COMMITTEE: Item.Status.DRAFT,
    Stage.ACTIVE: Item.Status.ACTIVE, Stage.FROZEN: Item.Status.FROZEN, Stage.RETIRED: Item.Status.RETIRED,
}  # fmt: skip


def stage_of(item: Item) -> Stage:
    """Where the item stands: its last decision, as long as that still speaks of the status it has."""
    last = (
        ItemDecision.objects.filter(item_id=item.pk).order_by("-id").values_list("after", flat=True).first()
    )
    if last is not None and STATUS[Stage(last)] == item.status:
        return Stage(last)
    return Stage(item.status)


@transaction.atomic
def step(*, actor: User, item: Item, act: str, reason: str = "", meeting: str = "") -> ItemDecision:
    """Take a step; refuses one the stage does not allow, or without the reason it needs."""
    one = STEPS[act]
    scope.require(actor, one.permission)
    row = Item.objects.select_for_update(of=("self",)).get(pk=item.pk)
    stage = stage_of(row)
    if stage not in one.sources:
        raise Conflict(
            f"{row} 现为“{stage.label}”，不能{one.title}", code="wrong_stage", way_out="请刷新页面查看最新状态。"
        )  # fmt: skip
    reason, meeting = reason.strip()[:300], meeting.strip()[:100]
    if one.asks and not {"reason": reason, "meeting": meeting}[one.asks]:
        asked = {"reason": "原因", "meeting": "会议"}[one.asks]
        raise Invalid(f"{one.title}须写明{asked}", problems=[Problem(f"请填写{asked}", field=one.asks)])
    if act == "admit":
        _require_another(row, actor)
    return _decide(
        row, actor=actor, before=stage, after=one.target, reason=reason, meeting=meeting, title=one.title
    )


def begin(*, actor: User, item: Item, stage: Stage) -> None:
    """The first entry of a new item's life; the caller has checked the permission and holds the transaction."""
    _decide(item, actor=actor, before=None, after=stage, reason="", meeting="", title="建档")


def _require_another(item: Item, actor: User) -> None:
    """Who asked for the admission does not also record the committee's consent."""
    asked = ItemDecision.objects.filter(item=item, after=Stage.QUALIFICATION).order_by("-id").first()
    if asked is not None and asked.decided_by_id == actor.pk:
        raise Conflict(
            f"{item} 由您提交准入，不能由您登记委员会决定", code="same_person", way_out="请由另一位有权限的人员办理。"
        )  # fmt: skip


def _decide(
    item: Item, *, actor: User, before: Stage | None, after: Stage, reason: str, meeting: str, title: str
) -> ItemDecision:
    item.status = STATUS[after]
    item.save(update_fields=["status"])
    row = ItemDecision.objects.create(
        item=item, before=before or "", after=after, reason=reason, meeting=meeting, decided_by=actor,
        decided_at=clock.now(),
    )  # fmt: skip
    audit.record(
        actor=actor, act=f"logistics.item.{after}", target=f"logistics.item:{item.pk}",
        summary=f"{title} {item}：{after.label}" + (f"（{meeting or reason}）" if meeting or reason else ""),
    )  # fmt: skip
    return row
