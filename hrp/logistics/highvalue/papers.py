"""Labels, lists and reports of high-value goods as PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse

from hrp.logistics.highvalue.models import PatientUse, Recall, TraceUnit
from hrp.logistics.highvalue.selectors import Trace
from hrp.logistics.highvalue.services import recalls
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import services as documents
from hrp.platform.exchange import forms, pdf
from hrp.platform.exchange.forms import FormColumn
from hrp.platform.ui import formats
from hrp.platform.ui.selectors import hospital_name


def _day(day: dt.date) -> str:
    return "" if day == NO_EXPIRY else f"{day:%Y-%m-%d}"


def answer(content: bytes, name: str) -> HttpResponse:
    """A PDF in the browser."""
    response = HttpResponse(content, content_type="application/pdf")
    safe = name.encode("ascii", "ignore").decode() or "print"
    response["Content-Disposition"] = f'inline; filename="{safe}.pdf"'
    return response


def unit_labels(units: Sequence[TraceUnit]) -> bytes:
    """One label a piece: code, item, lot, expiry."""
    labels = [
        forms.label(
            title=f"{unit.item.name} {unit.item.spec}".strip(), code=unit.uid, corner=unit.get_mode_display(),
            fields=(("批号", unit.batch.lot), ("有效期", _day(unit.batch.expiry))),
        )
        for unit in units
    ]  # fmt: skip
    return pdf.render("label", {"hospital": hospital_name(), "width": 60, "height": 40, "labels": labels})


def _form(
    actor: User,
    kind: str,
    pk: int,
    title: str,
    number: str,
    fields: Sequence[tuple[str, str] | tuple[str, str, int]],
    **more: Any,
) -> bytes:
    """``kind`` and ``pk`` say what is printed, so that it is known to be printed again."""
    printed = f"{actor} 于 {formats.datetime_text(clock.now())} 打印"
    copy = forms.reprint(documents.count_paper(f"logistics.{kind}", pk, actor=actor))
    data = forms.form(
        hospital=hospital_name(),
        title=title,
        number=number,
        fields=fields,
        printed=printed,
        copy=copy,
        **more,
    )
    return pdf.render("form", data)


def use_sheet(uses: Sequence[PatientUse], *, actor: User) -> bytes:
    """使用清单 of one visit."""
    first = uses[0]
    lines = [
        {
            "n": str(place), "name": f"{use.unit.item.name} {use.unit.item.spec}".strip(), "uid": use.unit.uid,
            "lot": use.unit.batch.lot, "expiry": _day(use.unit.batch.expiry), "supplier": use.unit.batch.supplier.name,
            "at": f"{clock.local(use.used_at):%m-%d %H:%M}", "nurse": use.nurse.display_name,
        }
        for place, use in enumerate(reversed(uses), start=1)
    ]  # fmt: skip
    return _form(
        actor, "use_sheet", min(use.pk for use in uses), "高值耗材使用清单", first.visit_no,
        [
            ("就诊号", first.visit_no), ("患者", first.patient), ("使用科室", first.org_unit.name), ("手术名称", first.operation, 2),
            ("手术医生", first.operator),
        ],
        columns=(
            FormColumn("n", "序号", 9, "center"), FormColumn("name", "名称 规格"), FormColumn("uid", "唯一码", 26), FormColumn("lot", "批号", 19),
            FormColumn("expiry", "有效期", 18), FormColumn("supplier", "供应商", 30), FormColumn("at", "使用时间", 18), FormColumn("nurse", "登记人", 14),
        ),
        lines=lines, signatures=("手术医生", "巡回护士", "供应商跟台"), note="标签粘贴处（产品条码联请贴于背面并随病历归档）",
    )  # fmt: skip


def implant_card(uses: Sequence[PatientUse], *, actor: User) -> bytes:
    """植入卡 of one visit for the patient to keep. The full name is written in by hand: only the masked one is stored."""
    first = uses[0]
    lines = [
        {
            "name": f"{use.unit.item.name} {use.unit.item.spec}".strip(), "udi": _udi(use.unit), "lot": use.unit.batch.lot,
            "expiry": _day(use.unit.batch.expiry), "registration": use.unit.item.registration_number,
            "maker": use.unit.item.manufacturer, "site": use.site,
        }
        for use in uses
    ]  # fmt: skip
    return _form(
        actor, "implant_card", min(use.pk for use in uses), "医疗器械植入卡", first.visit_no,
        [
            ("患者", first.patient), ("就诊号", first.visit_no), ("姓名（手写）", "　"), ("植入日期", f"{clock.local(first.used_at):%Y-%m-%d}"),
            ("植入医生", first.operator), ("植入科室", first.org_unit.name), ("手术名称", first.operation, 3),
        ],
        columns=(
            FormColumn("name", "器械名称 规格"), FormColumn("udi", "UDI / 序列号", 42), FormColumn("lot", "批号", 18), FormColumn("expiry", "有效期", 18),
            FormColumn("registration", "注册证号", 30), FormColumn("maker", "生产企业", 28), FormColumn("site", "部位", 16),
        ),
        lines=lines, signatures=("植入医生", "巡回护士", "患者或家属"), paper="slip",
        note="请妥善保存本卡；做磁共振检查、再次手术或器械被召回时请向医务人员出示。",
    )  # fmt: skip


def _udi(unit: TraceUnit) -> str:
    """The UDI as people read it, or the code we printed."""
    return f"(01){unit.gtin}(21){unit.serial}" if unit.gtin and unit.serial else unit.uid


def trace_report(trace: Trace, *, actor: User) -> bytes:
    """One piece, both ways."""
    unit, item, batch = trace.unit, trace.unit.item, trace.unit.batch
    living = [use for use in trace.uses if not hasattr(use, "cancel")]
    fields: list[tuple[str, str] | tuple[str, str, int]] = [
        ("物资", f"{item.name} {item.spec}".strip(), 2), ("状态", unit.get_state_display()), ("批号", batch.lot), ("有效期至", _day(batch.expiry)),
        ("归属", unit.get_owner_display()), ("注册证号", item.registration_number), ("生产企业", item.manufacturer), ("供应商", batch.supplier.name),
        ("DI", unit.gtin), ("序列号", unit.serial), ("来源", f"{trace.origin.title} {trace.origin.number}" if trace.origin else ""),
    ]  # fmt: skip
    for use in living:
        fields += [
            ("就诊号", use.visit_no), ("患者", use.patient), ("使用时间", formats.datetime_text(use.used_at)), ("手术名称", use.operation, 2), ("手术医生", use.operator),
        ]  # fmt: skip
    lines = [
        {
            "at": formats.datetime_text(event.at), "act": event.get_act_display(), "to": event.get_to_state_display(),
            "store": str(event.store or ""), "who": event.actor.display_name, "note": event.note,
        }
        for event in trace.events
    ]  # fmt: skip
    return _form(
        actor, "trace", unit.pk, "高值耗材追溯单", unit.uid, [one for one in fields if one[1]],
        columns=(
            FormColumn("at", "时间", 36), FormColumn("act", "事件", 22), FormColumn("to", "状态", 22), FormColumn("store", "库房", 34), FormColumn("who", "经办人", 24), FormColumn("note", "说明"),
        ),
        lines=lines, signatures=("打印", "核对"),
    )  # fmt: skip


def recall_report(row: Recall, *, actor: User) -> bytes:
    """The report of a recall or a drill: the stopwatch, every place, what was done there."""
    found = recalls.accounted(row)
    places = row.places.select_related(
        "batch", "store", "org_unit", "unit", "acknowledged_by"
    ).prefetch_related("disposals")
    lines = [
        {
            "kind": place.get_kind_display(), "where": str(place.store or place.org_unit or place.note), "lot": place.batch.lot, "quantity": place.quantity,
            "who": f"{place.visit_no} {place.patient} {place.unit or ''}".strip(),
            "told": f"{place.acknowledged_by.display_name} {clock.local(place.acknowledged_at):%m-%d %H:%M}" if place.acknowledged_by and place.acknowledged_at else "",
            "done": "、".join(f"{one.get_how_display()} {one.quantity.normalize():f}" for one in place.disposals.all()),
        }
        for place in places
    ]  # fmt: skip
    title = "召回演练报告" if row.is_drill else "召回报告"
    took = f"{row.list_ms / 1000:.2f} 秒" if row.list_ms is not None else ""
    return _form(
        actor, "recall", row.pk, title, row.number,
        [
            ("事由", row.title, 2), ("级别", row.get_level_display()), ("物资", str(row.item or row.registration_number), 2), ("批号", row.lot or "全部"),
            ("供应商", str(row.supplier or "")), ("决定日期", _day(row.decided_on)), ("通知期限", _day(row.notice_due)),
            ("清单用时", took), ("收到合计", forms.trimmed(found.received)), ("未能说明去向", forms.trimmed(found.missing)), ("结论", row.conclusion, 3),
        ],
        columns=(
            FormColumn("kind", "去向", 20), FormColumn("where", "库房 / 科室", 32), FormColumn("lot", "批号", 20), FormColumn("quantity", "数量", 12, "right"), FormColumn("who", "患者 / 唯一码"),
            FormColumn("told", "签收", 26), FormColumn("done", "处置", 24),
        ),
        lines=lines, signatures=("登记", "科室", "质控", "负责人"),
    )  # fmt: skip
