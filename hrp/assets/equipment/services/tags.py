"""停用标签: hung at once or proposed, and taken down by somebody who says why it may run again."""

from __future__ import annotations

from django.db import transaction

from hrp.assets.equipment.models import RepairOrder, StopTag
from hrp.assets.equipment.rules import flow
from hrp.assets.equipment.services import cards, telling
from hrp.assets.models import Asset
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem

EDIT = "assets.stop_tag.edit"
VIEW = "assets.stop_tag.view"
ALIVE = (StopTag.State.PROPOSED, StopTag.State.HUNG)


def propose(*, actor: User, asset: Asset, reason: str, text: str, source: str) -> StopTag | None:
    """Ask for a machine to be stopped, once per reason; None when that was asked already."""
    if StopTag.objects.filter(asset=asset, reason=reason, state__in=ALIVE).exists():
        return None
    tag = StopTag.objects.create(
        asset=asset, reason=reason, text=text[:300], source=source, state=StopTag.State.PROPOSED, made_by=actor,
        made_at=clock.now(),
    )  # fmt: skip
    telling.tell(
        EDIT, asset.org_unit_id, title=f"建议停用：{asset}", body=text, url=f"/assets/stop-tags/{tag.pk}",
        key=f"stop-tag:{tag.pk}",
    )  # fmt: skip
    return tag


def hang(
    *, actor: User, asset_id: int, reason: str, text: str, source: str = "", before: str = ""
) -> StopTag:
    """Stop a machine now, in the caller's transaction; a proposal for the same reason becomes the tag.

    ``before`` is what the machine was before, where whoever stops it knows better than its card.
    """
    asset = cards.held(asset_id)
    tag = StopTag.objects.select_for_update().filter(asset=asset, reason=reason, state__in=ALIVE).first()
    if tag is not None and tag.state == StopTag.State.HUNG:
        return tag
    tag = tag or StopTag(asset=asset, reason=reason, made_by=actor, made_at=clock.now())
    tag.text, tag.source, tag.state = text[:300], source or tag.source, StopTag.State.HUNG
    tag.hung_at, tag.status_before = clock.now(), before or status_before(asset)
    tag.save()
    cards.become(asset, "stopped", actor=actor, source=f"assets.stop_tag:{tag.pk}", text=f"停用：{text}")
    return tag


def status_before(asset: Asset) -> str:
    """What the machine was before anything stopped it."""
    older = StopTag.objects.filter(asset=asset, state=StopTag.State.HUNG).order_by("hung_at").first()
    if older is not None:
        return older.status_before
    order = RepairOrder.objects.filter(asset=asset, state__in=flow.OPEN, is_down=True).first()
    return order.status_before if order is not None else asset.status


@transaction.atomic
def stop(*, actor: User, asset: Asset, text: str, reason: str = StopTag.Reason.OTHER) -> StopTag:
    """Hang a tag by hand, for any reason."""
    scope.require(actor, EDIT, asset.org_unit_id)
    _said(text, "text", "请写明停用原因")
    tag = hang(actor=actor, asset_id=asset.pk, reason=reason, text=text.strip())
    _log(actor, tag, f"挂停用标签 {asset}")
    return tag


@transaction.atomic
def follow(*, actor: User, tag: StopTag) -> StopTag:
    """采纳: hang what was proposed."""
    scope.require(actor, EDIT, cards.held(tag.asset_id).org_unit_id)
    row = StopTag.objects.select_for_update().get(pk=tag.pk)
    _must(row, StopTag.State.PROPOSED)
    hung = hang(actor=actor, asset_id=row.asset_id, reason=row.reason, text=row.text, source=row.source)
    _log(actor, hung, f"采纳停用建议 {tag.asset}")
    return hung


@transaction.atomic
def dismiss(*, actor: User, tag: StopTag, why: str) -> StopTag:
    """不采纳 a proposal, with the reason."""
    scope.require(actor, EDIT, tag.asset.org_unit_id)
    _said(why, "ending", "请写明不采纳的理由")
    row = StopTag.objects.select_for_update().get(pk=tag.pk)
    _must(row, StopTag.State.PROPOSED)
    return _end(actor, row, StopTag.State.DISMISSED, why)


@transaction.atomic
def lift(*, actor: User, tag: StopTag, why: str) -> StopTag:
    """解除: the machine may run again, unless something else still holds it."""
    asset = cards.held(tag.asset_id)
    scope.require(actor, EDIT, asset.org_unit_id)
    _said(why, "ending", "请写明解除依据，如合格的检测或证书")
    row = StopTag.objects.select_for_update().get(pk=tag.pk)
    _must(row, StopTag.State.HUNG)
    before = row.status_before
    row = _end(actor, row, StopTag.State.LIFTED, why)
    down = RepairOrder.objects.filter(asset=asset, state__in=flow.OPEN, is_down=True).exists()
    cards.become(
        asset, cards.usable_again(asset, before, down=down, hung=is_stopped(asset.pk)), actor=actor,
        source=f"assets.stop_tag:{row.pk}", text=f"解除停用：{why.strip()}",
    )  # fmt: skip
    return row


def is_stopped(asset_id: int) -> bool:
    """Whether any tag hangs on a card."""
    return StopTag.objects.filter(asset_id=asset_id, state=StopTag.State.HUNG).exists()


def _must(row: StopTag, state: str) -> None:
    if row.state != state:
        raise Conflict(
            f"{row} 已{row.get_state_display()}", code="tag_moved_on", way_out="请刷新页面查看最新状态。"
        )


def _said(text: str, field: str, message: str) -> None:
    if not text.strip():
        raise Invalid(message, problems=[Problem(message, field=field)], way_out="请填写后再办理。")


def _end(actor: User, row: StopTag, state: str, why: str) -> StopTag:
    row.state, row.ended_at, row.ended_by, row.ending = state, clock.now(), actor, why.strip()[:300]
    row.save()
    _log(actor, row, f"{row.get_state_display()}停用标签 {row.asset}：{row.ending}")
    return row


def _log(actor: User, tag: StopTag, summary: str) -> None:
    audit.record(
        actor=actor,
        act=EDIT,
        target=f"assets.stop_tag:{tag.pk}",
        summary=summary,
        unit_id=tag.asset.org_unit_id,
    )
