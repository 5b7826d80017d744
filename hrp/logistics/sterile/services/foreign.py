"""外来器械: instruments of a supplier, listed, counted, weighed and photographed; kept for one patient at a time."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from hrp.logistics.sterile import rules
from hrp.logistics.sterile.models import ForeignPhoto, ForeignSet
from hrp.logistics.sterile.services.cycle import WORK
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.files import StoredFile
from hrp.platform.base.refusals import Conflict, Invalid, Problem

FIELDS = ("supplier", "name", "contents", "pieces", "weight_g", "has_implant", "visit_no")
State = rules.State
BUSY = (State.ISSUED, State.USED, State.SOILED, State.IN_LOAD)


@transaction.atomic
def receive_foreign(*, actor: User, pk: int | None, values: dict[str, Any]) -> ForeignSet:
    """Take a set of a supplier in: listed, counted, weighed. Changed only until it goes back."""
    scope.require(actor, WORK)
    row = (
        ForeignSet(received_by=actor, received_at=clock.now())
        if pk is None
        else ForeignSet.objects.select_for_update().get(pk=pk)
    )
    if row.returned_at is not None:
        raise Conflict(f"{row} 已归还，不能修改", way_out="请另行登记。")
    before = row.visit_no
    for name in FIELDS:
        if name in values:
            _take(row, name, values[name])
    if pk is not None and row.visit_no != before and row.packs.exists():
        raise Conflict(
            f"{row} 已登记消毒包，就诊号不能直接改", code="foreign_visit", way_out="请用“改用于下一台手术”。"
        )
    problems = [
        Problem("请填写", field=name.removesuffix("_id"))
        for name in ("supplier_id", "name", "contents", "pieces", "weight_g", "visit_no")
        if not getattr(row, name)
    ]
    problems = problems or _counted(row)
    if problems:
        raise Invalid(
            "外来器械登记不完整", problems=problems, way_out="名称、清单、件数、重量、就诊号都要写。"
        )
    row.save()
    return row


def _counted(row: ForeignSet) -> list[Problem]:
    """The list names how many of each, and they are as many as were counted."""
    found, unread = rules.listed(row.contents)
    if unread:
        return [Problem(f"“{unread[0][:30]}”没有写数量，每项写成“名称 数量”", field="contents")]
    count = sum(number for _, number in found)
    if count != row.pieces:
        return [Problem(f"清单合计 {count} 件，与件数 {row.pieces} 不符", field="pieces")]
    return []


@transaction.atomic
def photograph(*, actor: User, foreign_set: ForeignSet, stored: StoredFile) -> ForeignPhoto:
    """Keep a picture of a set."""
    scope.require(actor, WORK)
    return ForeignPhoto.objects.create(
        foreign_set=foreign_set, name=stored.name, path=stored.path, sha256=stored.sha256, size=stored.size,
        mime=stored.mime, uploaded_by=actor, uploaded_at=clock.now(),
    )  # fmt: skip


@transaction.atomic
def use_again(*, actor: User, foreign_set: ForeignSet, visit_no: str) -> ForeignSet:
    """Keep a set that was cleaned for the next patient; what it was used for before stays with its packs' steps."""
    scope.require(actor, WORK)
    row = ForeignSet.objects.select_for_update().get(pk=foreign_set.pk)
    if row.returned_at is not None:
        raise Conflict(f"{row} 已归还", way_out="请另行登记。")
    busy = row.packs.filter(state__in=BUSY).first()
    if busy is not None:
        raise Conflict(
            f"{busy} 现为“{busy.get_state_display()}”，须重新清洗包装后才能用于下一台手术",
            code="foreign_busy",
            way_out="请先回收、清洗、消毒全部消毒包。",
        )
    if not visit_no.strip() or visit_no.strip() == row.visit_no:
        raise Invalid(
            "请填写下一台手术的就诊号",
            problems=[Problem("请填写", field="visit_no")],
            way_out="请填写就诊号。",
        )
    before, row.visit_no = row.visit_no, visit_no.strip()[:40]
    row.save(update_fields=["visit_no"])
    audit.record(
        actor=actor, act="logistics.pack.use_again", target=f"logistics.foreign_set:{row.pk}",
        summary=f"{row} 由就诊号 {before} 改用于 {row.visit_no}",
    )  # fmt: skip
    return row


def _take(row: ForeignSet, name: str, value: Any) -> None:
    field: Any = ForeignSet._meta.get_field(name)
    if name == "has_implant":
        value = value in (True, "on", "true", "True", "1")
    elif value == "" and name not in ("name", "contents", "visit_no"):
        value = None
    try:
        setattr(row, field.attname, field.to_python(value))
    except ValidationError:
        problem = Problem("应为整数", field=name)
        raise Invalid("外来器械登记有误", problems=[problem], way_out="请按标红处修改。") from None


@transaction.atomic
def give_back(*, actor: User, foreign_set: ForeignSet, pieces: int, note: str = "") -> ForeignSet:
    """Return a set to its supplier, counted; a difference is written down. Its packs must have been cleaned after use."""
    scope.require(actor, WORK)
    row = ForeignSet.objects.select_for_update().get(pk=foreign_set.pk)
    if row.returned_at is not None:
        raise Conflict(f"{row} 已归还", way_out="请刷新页面。")
    dirty = row.packs.filter(state__in=(State.USED, State.SOILED))
    if dirty.exists():
        raise Conflict(f"{row} 使用后尚未清洗", code="not_clean", way_out="请先回收并清洗消毒后归还。")
    if pieces != row.pieces and not note.strip():
        raise Invalid(
            f"收 {row.pieces} 件，还 {pieces} 件，请说明",
            problems=[Problem("请说明差异", field="note")],
            way_out="请填写说明。",
        )
    row.returned_by, row.returned_at, row.returned_pieces, row.return_note = (
        actor,
        clock.now(),
        pieces,
        note.strip()[:200],
    )
    row.save(update_fields=["returned_by", "returned_at", "returned_pieces", "return_note"])
    return row
