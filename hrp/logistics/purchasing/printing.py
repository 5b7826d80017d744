"""验收记录 on paper: every line with its checks, and who vouches for it."""

from __future__ import annotations

from typing import Any

from hrp.logistics.purchasing.documents.inspection import Inspection, InspectionLine
from hrp.logistics.purchasing.rules import checklist
from hrp.platform.base import clock
from hrp.platform.exchange import forms, pdf

COLUMNS = (
    forms.FormColumn("index", "序号", width=10, align="center"),
    forms.FormColumn("item", "名称规格"),
    forms.FormColumn("registration", "注册证号", width=27),
    forms.FormColumn("lot", "批号", width=18),
    forms.FormColumn("dates", "生产/失效", width=31),
    forms.FormColumn("quantity", "到货", width=14, align="right"),
    forms.FormColumn("sampled", "抽检", width=12, align="right"),
    forms.FormColumn("accepted", "合格", width=14, align="right"),
    forms.FormColumn("verdict", "结论", width=15, align="center"),
    forms.FormColumn("checks", "检查结果", width=36),
    forms.FormColumn("kept", "保存至", width=20, align="center"),
)


def inspection_record(document: Inspection, copy: str = "") -> bytes:
    """The record as PDF; ``copy`` marks a reprint."""
    hospital = document.campus.hospital.name
    signed = [
        f"{one.signer.display_name} {clock.local(one.at):%Y-%m-%d %H:%M}"
        for one in document.signatures.select_related("signer")
    ]
    people: list[str | tuple[str, str]] = [
        ("验收", signed[0] if signed else ""),
        ("复核", signed[1] if len(signed) > 1 else ""),
        "采购",
        "库管",
    ]
    temperatures = [
        f"{title} {value:f}℃"
        for title, value in (
            ("启运", document.temperature_start), ("途中", document.temperature_way), ("到达", document.temperature_arrival),
        )
        if value is not None
    ]  # fmt: skip
    lines = InspectionLine.objects.filter(document=document).select_related("item").order_by("position")
    data = forms.form(
        hospital=hospital,
        title="医用物资到货验收记录",
        number=document.display_number,
        fields=[
            ("供应商", document.supplier.name, 2), ("到货日期", str(document.business_date)), ("收货库房", document.store.name),
            ("随货同行单", document.note_number or "—"), ("发票号码", document.invoice_number or "—"),
            ("冷链温度", "，".join(temperatures) or "—", 2),
            ("订单", "、".join(_orders(document)) or "—"),
        ],
        columns=COLUMNS,
        lines=[_row(line) for line in lines],
        signatures=people,
        total=document.total,
        note="检查项目：" + "、".join(check.title for check in checklist.CHECKS),
        copy=copy,
        printed=f"打印于 {clock.local(clock.now()):%Y-%m-%d %H:%M}",
    )  # fmt: skip
    return pdf.render("form", data)


def _orders(document: Inspection) -> list[str]:
    found = InspectionLine.objects.filter(document=document, order_line__isnull=False)
    numbers = found.order_by("order_line__document__number").values_list(
        "order_line__document__number", flat=True
    )
    return [number for number in dict.fromkeys(numbers) if number]


def _row(line: InspectionLine) -> dict[str, Any]:
    number = forms.trimmed
    reason = f"；{line.reason}" if line.reason else ""
    return {
        "index": str(line.position),
        "item": str(line.item),
        "registration": line.item.registration_number,
        "lot": line.lot,
        "dates": "/".join(f"{day:%y-%m-%d}" for day in (line.produced, line.expiry) if day),
        "quantity": number(line.quantity),
        "sampled": number(line.sampled) if line.sampled is not None else "",
        "accepted": number(line.accepted) if line.accepted is not None else "",
        "verdict": line.get_verdict_display(),
        "checks": checklist.words(line.checks) + reason,
        "kept": str(line.keep_until) if line.keep_until else "永久",
    }
