"""Reading a scanned code, and giving pieces their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import TraceUnit
from hrp.logistics.models import Item
from hrp.logistics.rules import udi
from hrp.logistics.rules.scan import Scan
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Invalid, NotFound, Problem

SEPARATORS = ("|", "{GS}")
WRITTEN = (
    "item", "batch", "price", "raw", "owner", "mode", "source", "line_position", "visit_no", "tray", "registered_at",
)  # fmt: skip


@dataclass(frozen=True)
class Code:
    """The code of one piece to be registered; all empty: one is printed for it."""

    gtin: str = ""
    serial: str = ""
    raw: str = ""


@dataclass(frozen=True)
class Piece:
    """One piece to be registered."""

    item_id: int
    batch_id: int
    position: int
    code: Code
    price: Decimal | None


def read(raw: str) -> Scan:
    """A scan taken apart."""
    return udi.parse(raw, separators=SEPARATORS, reference_year=clock.today().year)


def find(raw: str) -> TraceUnit | None:
    """The piece a scan names: by the code we printed, or by product and serial of its UDI."""
    text = raw.strip()
    found = TraceUnit.objects.select_related("item", "batch", "store").exclude(state=rules.State.LABELLED)
    unit = found.filter(uid=text).first()
    if unit is None:
        scan = read(text)
        if scan.di and scan.serial:
            unit = (
                found.filter(gtin=scan.di, serial=scan.serial).first()
                or found.filter(uid=scan.serial).first()
            )
    return unit


def require(raw: str) -> TraceUnit:
    """As :func:`find`. Raises NotFound saying what the scan lacks."""
    unit = find(raw)
    if unit is not None:
        return unit
    scan = read(raw)
    if scan.di and not scan.serial:
        raise NotFound(
            "扫到的是产品码，没有序列号", code="no_serial",
            way_out="请扫同一标签上的 PI 码，或扫院内码。",
        )  # fmt: skip
    raise NotFound(
        f"没有登记过唯一码 {raw.strip()[:60]}", code="unit_unknown",
        way_out="请核对扫码；跟台或紧急使用的器械请走“紧急使用”登记。",
    )  # fmt: skip


def code_of(raw: str, item: Item) -> Code:
    """The code of an arriving piece. Raises Invalid when the scan is unreadable or of another product."""
    scan = read(raw)
    serial = scan.serial or ("" if scan.readable and scan.di else raw.strip())
    if not serial:
        raise Invalid(
            "扫码中没有序列号",
            problems=[Problem("没有序列号", field="udi")],
            way_out="请扫含序列号的标签，或留空打印院内码。",
        )
    if scan.di and item.barcode and scan.di.lstrip("0") != item.barcode.lstrip("0"):
        raise Invalid(
            f"扫到的产品码 {scan.di} 不是 {item}", problems=[Problem("产品码与物资不符", field="udi")],
            way_out="请核对实物；确属该物资的，请在物资字典登记其 DI。",
        )  # fmt: skip
    return Code(scan.di, serial[:40], raw.strip()[:200])


def printed(count: int) -> list[str]:
    """New codes of the hospital's own (院内码)."""
    rows = sql.rows("SELECT nextval('logistics_unit_code') FROM generate_series(1, %s)", [count])
    return [f"YN{number:09d}" for (number,) in rows]


def register(
    pieces: Sequence[Piece], *, owner: str, mode: str, source: str, visit_no: str = "", tray: str = ""
) -> list[TraceUnit]:
    """Rows for pieces, not yet anywhere. One that was registered before and undone takes its row again.

    Raises Invalid (``code_taken``) naming a code that is some other piece's.
    """
    serials = [piece.code.serial for piece in pieces if piece.code.serial]
    known = {
        (unit.gtin, unit.serial): unit
        for unit in TraceUnit.objects.select_for_update().filter(serial__in=serials).order_by("pk")
    }
    _refuse_taken(pieces, known)
    uids = set(TraceUnit.objects.filter(uid__in=serials).values_list("uid", flat=True))
    fresh = iter(printed(len(pieces) - len(serials)))
    units = []
    for piece in pieces:
        code = piece.code
        unit = known.get((code.gtin, code.serial)) if code.serial else None
        if unit is None:
            uid = code.serial if code.serial not in uids else f"{code.serial}.{code.gtin}"
            unit = TraceUnit(uid=uid or next(fresh), gtin=code.gtin, serial=code.serial)
            uids.add(unit.uid)
        unit.item_id, unit.batch_id, unit.price, unit.raw = (
            piece.item_id,
            piece.batch_id,
            piece.price,
            code.raw,
        )
        unit.owner, unit.mode, unit.source, unit.line_position = owner, mode, source, piece.position
        unit.visit_no, unit.tray, unit.registered_at = visit_no, tray, clock.now()
        units.append(unit)
    again = [unit for unit in units if unit.pk is not None]
    TraceUnit.objects.bulk_create([unit for unit in units if unit.pk is None])
    TraceUnit.objects.bulk_update(again, WRITTEN)
    return units


def _refuse_taken(pieces: Sequence[Piece], known: Mapping[tuple[str, str], TraceUnit]) -> None:
    """Raises Invalid naming codes that belong to other pieces, or stand here twice."""
    seen: set[tuple[str, str]] = set()
    problems = []
    for piece in pieces:
        key = piece.code.gtin, piece.code.serial
        unit = known.get(key) if piece.code.serial else None
        line = piece.position - 1 if piece.position else None
        if unit is not None and unit.state != rules.State.LABELLED:
            words = f"{unit.uid} 已登记过，现为“{unit.get_state_display()}”"
            problems.append(Problem(words, field="udi", line=line))
        elif piece.code.serial and key in seen:
            problems.append(Problem(f"{piece.code.serial} 扫了两次", field="udi", line=line))
        seen.add(key)
    if problems:
        raise Invalid(
            "有唯一码已经登记过", problems=problems, code="code_taken", way_out="请核对实物与扫码。"
        )
