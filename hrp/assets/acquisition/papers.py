"""申购论证表 and 验收单 on paper."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hrp.assets.acquisition.documents import opinions, stages
from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance
from hrp.assets.acquisition.documents.carding import AcceptedPiece
from hrp.assets.acquisition.documents.request import AcquisitionRequest
from hrp.assets.acquisition.documents.stages import Defect, Stage
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.exchange import forms, pdf
from hrp.platform.exchange.forms import FormColumn
from hrp.platform.ui import formats
from hrp.platform.ui.selectors import hospital_name

WATERMARKS = {State.VOID: "作 废", State.REVERSED: "已 红 冲", State.DRAFT: "草 稿", State.RETURNED: "草 稿"}
Line = dict[str, Any]


def argument(request: AcquisitionRequest, copy: str) -> bytes:
    """申购论证表: what is asked for, the argument, the forecast, and what everybody said."""
    things = "；".join(
        f"{line.name} {line.quantity}{line.unit} × {line.price:,.2f} 元"
        + (f"（{line.requirement}）" if line.requirement else "")
        for line in request.lines.order_by("position")
    )
    fields: list[tuple[str, str] | tuple[str, str, int]] = [
        ("申购科室", str(request.org_unit)), ("申购日期", str(request.business_date)), ("申购类别", request.get_purpose_display()),
        ("申购设备", things, 3), ("必要性", request.need, 3), ("人员与资质", request.staff, 3), ("场地条件", request.room, 3),
        ("收费项目", request.charge_items, 3), ("年预计例数", f"{request.volume:,}"), ("每例收费（元）", f"{request.price:,.2f}"),
        ("每例耗材（元）", f"{request.variable:,.2f}"), ("年收入（元）", f"{request.revenue:,.2f}"), ("年结余（元）", f"{request.surplus:,.2f}"),
        ("收益率", _or_none(request.margin, "%")), ("静态回收期", _or_none(request.payback, "年")),
        ("动态回收期", _or_none(request.dynamic_payback, "年")), ("保本例数", _or_none(request.break_even, "例/年")),
    ]  # fmt: skip
    return _form(
        request, copy, title="医疗设备申购论证表", fields=fields,
        columns=(
            FormColumn("step", "环节", 26), FormColumn("verdict", "结论", 34), FormColumn("text", "意见"), FormColumn("by", "签署人", 22),
            FormColumn("at", "时间", 30),
        ),
        lines=_said(request), signatures=("申购科室", "归口部门", "装备委员会", "院领导"),
    )  # fmt: skip


def _said(request: AcquisitionRequest) -> list[Line]:
    rows: list[Line] = []
    stated = opinions.stated(request)
    if stated is not None:
        rows.append(_row("利益冲突声明", "已签署", str(stated), stated.by, stated.at))
    for seat in opinions.panel(request):
        vote = getattr(seat, "vote", None)
        rows.append(
            _row(
                "专家论证",
                str(vote) if vote else "未投票",
                vote.opinion if vote else "",
                seat.expert,
                vote.at if vote else None,
            )
        )
    for opinion in opinions.current(request).values():
        verdict = "同意" if opinion.agrees else "不同意"
        if opinion.minutes:
            verdict += f" {opinion.ayes}:{opinion.nays}"
        text = f"{opinion.minutes} {opinion.opinion}".strip()
        rows.append(_row(opinion.get_step_display(), verdict, text, opinion.by, opinion.at))
    return rows


def _row(step: str, verdict: str, text: str, by: Any, at: Any) -> Line:
    return {
        "step": step, "verdict": verdict, "text": text, "by": str(by), "at": f"{clock.local(at):%Y-%m-%d %H:%M}" if at else "",
    }  # fmt: skip


def acceptance(document: AcquisitionAcceptance, copy: str) -> bytes:
    """验收单: pieces, stages with what was checked, defects and how they ended."""
    contract = document.contract
    became = {row.position: row for row in AcceptedPiece.objects.filter(acceptance=document)}
    given = stages.passed(document)
    fields: list[tuple[str, str] | tuple[str, str, int]] = [
        ("合同号", contract.contract_number), ("供应商", contract.supplier, 2), ("使用科室", str(document.org_unit)),
        ("验收日期", str(document.business_date)), ("送货单号", document.note_number), ("发票号", document.invoice_number or "未到（暂估）"),
        ("供应商代表", document.vendor_person), ("质保", f"{contract.warranty_months} 个月"),
        *((stage.label, _stage_words(given.get(stage)), 3) for stage in stages.ORDER),
        ("缺陷", _defect_words(document), 3),
    ]  # fmt: skip
    lines = [
        {
            "name": str(line.contract_line), "maker": line.contract_line.manufacturer, "serial": line.serial_number, "quantity": str(line.quantity),
            "amount": line.amount, "outcome": became[line.position].get_outcome_display() if line.position in became else "",
        }
        for line in document.lines.select_related("contract_line").order_by("position")
    ]  # fmt: skip
    return _form(
        document, copy, title="医疗设备验收单", fields=fields,
        columns=(
            FormColumn("name", "设备名称型号"), FormColumn("maker", "生产厂家", 34), FormColumn("serial", "出厂编号", 30),
            FormColumn("quantity", "数量", 12, "right"), FormColumn("amount", "金额", 26, "right", 2, total=True), FormColumn("outcome", "结果", 18),
        ),
        lines=lines,
        signatures=[
            (label, str(given[stage].by) if stage in given else "")
            for label, stage in (("技术验收", Stage.TECHNICAL), ("临床验收", Stage.CLINICAL), ("终验", Stage.FINAL))
        ] + [("供应商代表", document.vendor_person)],
        total=document.total,
    )  # fmt: skip


def _stage_words(step: Any) -> str:
    if step is None:
        return "未完成"
    count = len(step.checks)
    words = f"{count - len(step.failed)}/{count} 项符合，" if count else ""
    return f"{words}{step.by} {clock.local(step.at):%Y-%m-%d %H:%M} {step.text}".strip()


def _defect_words(document: AcquisitionAcceptance) -> str:
    rows = Defect.objects.filter(acceptance=document).select_related("end").order_by("pk")
    words = [
        f"{place}. {row.text}（{getattr(row, 'end', None) or '未处理'}）"
        for place, row in enumerate(rows, start=1)
    ]
    return "；".join(words) or "无"


def _or_none(value: Decimal | int | None, unit: str) -> str:
    return "—" if value is None else f"{value:,} {unit}"


def _form(document: Any, copy: str, **given: Any) -> bytes:
    data = forms.form(
        hospital=hospital_name(), number=document.display_number, note=document.note, copy=copy,
        printed=f"打印于 {formats.datetime_text(clock.now())}", watermark=WATERMARKS.get(State(document.state), ""), **given,
    )  # fmt: skip
    return pdf.render("form", data)
