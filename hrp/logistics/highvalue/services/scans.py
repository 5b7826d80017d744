"""Naming the pieces of a document before it is posted: which ones leave, or the codes of what arrives."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.documents.operation_request import OperationRequest
from hrp.logistics.highvalue.models import TraceUnit, UnitScan
from hrp.logistics.highvalue.pieces import events, labels
from hrp.logistics.highvalue.pieces.following import traced
from hrp.logistics.highvalue.services.using import standing
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem
from hrp.platform.documents import registry, services
from hrp.platform.documents.models import Document, State

PICK = "logistics.unit.pick"
RECEIVING = frozenset({"logistics.stock_receipt"})
"""Documents whose pieces are not known yet: their codes are scanned in."""
GIVEN_BACK = frozenset({"logistics.department_return"})
"""Documents that bring back pieces which had left."""
WITHOUT = frozenset({"logistics.consign_in", "logistics.consign_statement", "logistics.transfer_receipt"})
"""Documents that name their pieces themselves, or take those that were sent."""
OPEN = (State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED)


def document_of(source: str, *, actor: User) -> Document:
    """An open document the actor may name pieces for. Raises NotFound, Conflict when it is posted already."""
    found = registry.load(source)
    if found is None:
        raise NotFound("没有找到这张单据", way_out="请从列表打开。")
    for code in (found.spec.permission("view"), PICK):
        scope.check_object(actor, code, found)
    if found.state not in OPEN:
        raise Conflict(f"{found} {found.get_state_display()}，不能再扫码", way_out="已过账的单据请先红冲。")
    document: Document = found
    return document


def kinds() -> list[str]:
    """Documents of materials whose lines move goods by item and quantity, and so may need their pieces named."""
    found = []
    for kind, known in registry.types.items():
        fields = {f.name for f in known.line_model._meta.concrete_fields} if known.line_model else set()
        if kind.startswith("logistics.") and {"item", "quantity"} <= fields and kind not in WITHOUT:
            found.append(kind)
    return found


def lines_of(document: Document) -> list[Any]:
    """The lines of a document that are followed piece by piece."""
    lines = [line for line in services.lines_of(document) if getattr(line, "item_id", None)]
    items = traced({line.item_id for line in lines})
    return [line for line in lines if line.item_id in items]


@transaction.atomic
def scan(*, actor: User, source: str, code: str) -> UnitScan:
    """Put a scanned piece on the first line that still wants one of its item. Raises what is wrong with it."""
    scope.require(actor, PICK)
    document = services.lock(document_of(source, actor=actor))
    lines = lines_of(document)
    counts: dict[int, int] = {}
    for position in UnitScan.objects.filter(source=source).values_list("line_position", flat=True):
        counts[position] = counts.get(position, 0) + 1
    open_lines = [line for line in lines if counts.get(line.position, 0) < line.quantity]
    if document.spec.kind in RECEIVING:
        return _arriving(actor, source, code, open_lines)
    unit = labels.require(code)
    _require_fit(unit, document)
    lot = unit.batch.lot
    line = next(
        (x for x in open_lines if x.item_id == unit.item_id and getattr(x, "lot", "") in ("", lot)), None
    )
    if line is None:
        raise Conflict(
            f"{unit.uid} {unit.item}（批号 {lot or '无'}）不在本单待扫的行中", code="not_wanted",
            way_out="请核对物资与批号；数量不够的请先修改单据。",
        )  # fmt: skip
    if UnitScan.objects.filter(source=source, unit=unit).exists():
        raise Conflict(f"{unit.uid} 本单已扫过", code="scanned", way_out="请扫下一个。")
    return UnitScan.objects.create(
        source=source, line_position=line.position, unit=unit, raw=code.strip()[:200], scanned_by=actor,
        scanned_at=clock.now(),
    )  # fmt: skip


def _require_fit(unit: TraceUnit, document: Document) -> None:
    """A piece that lies where the document takes it from, and may be used when it is picked for a patient."""
    store = getattr(document, "store_id", None)
    if document.spec.kind in GIVEN_BACK:
        if unit.state != rules.State.OUT:
            raise Conflict(
                f"{unit.uid} 现为“{unit.get_state_display()}”，不能退回",
                code="not_out",
                way_out="请核对实物。",
            )
    elif unit.state == rules.State.OUT or (store is not None and unit.store_id != store):
        raise Conflict(
            f"{unit.uid} 在{unit.store or unit.get_state_display()}，不在本单的库房",
            code="elsewhere",
            way_out="请核对实物。",
        )
    if isinstance(document, OperationRequest):
        verdict, words = rules.verdict(standing(unit), visit_no=document.visit_no, on=clock.today())
        if verdict != rules.Verdict.OK or unit.state == rules.State.PICKED:
            raise Conflict(
                f"{unit.uid} {words or '已为别的手术备用'}", code="unit_stopped", way_out="请另取一件。"
            )


def _arriving(actor: User, source: str, code: str, open_lines: list[Any]) -> UnitScan:
    read = labels.read(code)
    wrong: Invalid | None = None
    for line in open_lines:
        try:
            given = labels.code_of(code, line.item)
        except Invalid as refusal:
            wrong = refusal
            continue
        if read.lot and line.lot and read.lot != line.lot:
            continue
        known = (
            TraceUnit.objects.filter(gtin=given.gtin, serial=given.serial).exclude(state="labelled").first()
        )
        if (
            known is not None
            or UnitScan.objects.filter(source=source, gtin=given.gtin, serial=given.serial).exists()
        ):
            raise Conflict(f"唯一码 {given.serial} 已登记或已扫过", code="scanned", way_out="请扫下一个。")
        return UnitScan.objects.create(
            source=source, line_position=line.position, gtin=given.gtin, serial=given.serial, raw=given.raw,
            scanned_by=actor, scanned_at=clock.now(),
        )  # fmt: skip
    raise wrong or Conflict(
        "本单没有还缺唯一码、且批号相符的行", code="not_wanted", way_out="请核对批号与数量。"
    )


@transaction.atomic
def unscan(*, actor: User, source: str, pk: int) -> None:
    """Take a piece off again, as long as the document is not posted."""
    scope.require(actor, PICK)
    document_of(source, actor=actor)
    gone, _ = UnitScan.objects.filter(source=source, pk=pk).delete()
    if not gone:
        raise NotFound("这个唯一码已不在本单上", way_out="请刷新页面。")


@transaction.atomic
def set_aside(*, actor: User, unit: TraceUnit, act: str, reason: str) -> TraceUnit:
    """Put a piece aside (损坏、过期、召回下架), or put it back to where it lies (恢复、退回货位)."""
    scope.require(actor, "logistics.unit.edit")
    if not reason.strip():
        raise Invalid("请写明原因", problems=[Problem("请填写", field="reason")], way_out="请填写原因。")
    events.lock([unit.pk])
    row = TraceUnit.objects.get(pk=unit.pk)
    home = rules.State.IN_STOCK if row.owner == TraceUnit.Owner.HOSPITAL else rules.State.IN_CONSIGN
    to = {
        "damage": rules.State.DAMAGED, "expire": rules.State.EXPIRED, "recall": rules.State.RECALLED,
        "restore": home, "put_back": home,
    }[act]  # fmt: skip
    events.record(
        act, [events.Step(row.pk, to, row.store_id)], source=rules.REGISTER, actor=actor, note=reason
    )
    if act == "put_back" and row.mode in (TraceUnit.Mode.BOUGHT, TraceUnit.Mode.CONSIGN):
        TraceUnit.objects.filter(pk=row.pk).update(visit_no="")
    row.refresh_from_db()
    return row
