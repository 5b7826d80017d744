"""设备验收单: stages with their checklists, defects, and what the pieces became."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.assets.acquisition import papers
from hrp.assets.acquisition.documents import flows, stages
from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance, cards_of
from hrp.assets.acquisition.documents.carding import AcceptedPiece
from hrp.assets.acquisition.documents.contract import COUNTED, AcquisitionContract, AcquisitionContractLine
from hrp.assets.acquisition.documents.stages import CHECKLISTS, AcceptanceStep, Defect, DefectEnd, Stage
from hrp.assets.acquisition.screens import reading
from hrp.assets.acquisition.screens.requests import COLUMNS, DATES, NUMBER
from hrp.assets.acquisition.services import accepting
from hrp.assets.models import Asset
from hrp.assets.screens.reaching import reach
from hrp.platform.access import scope
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import load, url_for
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Lookup, Panel

PERMISSIONS = {
    accepting.WORK: "登记到货、开箱、安装、试运行与缺陷",
    accepting.TECHNICAL: "设备技术验收签字",
    accepting.CLINICAL: "设备临床验收签字",
}
VIEW, EDIT = "assets.acquisition_acceptance.view", "assets.acquisition_acceptance.edit"

CONTRACTS = Lookup(
    key="assets.acquisition_contract_in_force",
    within=reach(AcquisitionContract, EDIT),
    title="履行中的合同",
    queryset=lambda actor, params: AcquisitionContract.objects.filter(state=State.POSTED).order_by("-id")
    if scope.everywhere(actor, EDIT)
    else scope.filter(actor, EDIT, AcquisitionContract.objects.filter(state=State.POSTED).order_by("-id"), "org_unit_id"),
    search=("number__icontains", "contract_number__icontains", "supplier__icontains"),
    exact=("contract_number",),
    label=lambda row: f"{row.contract_number} {row.supplier}",
    permissions=(EDIT,),
)  # fmt: skip
BOUGHT = Lookup(
    key="assets.acquisition_contract_line",
    within=reach(AcquisitionContractLine, EDIT, "document__org_unit"),
    title="合同设备",
    queryset=lambda actor, params: scope.filter(
        actor, EDIT,
        AcquisitionContractLine.objects.filter(
            kind__in=COUNTED, document__state=State.POSTED, **({"document": int(params["contract"])} if params.get("contract", "").isdigit() else {})
        ).select_related("document").order_by("-document", "position"),
        "document__org_unit",
    ),
    search=("name__icontains", "model__icontains"),
    exact=("model",),
    hint=lambda line: f"{line.document.contract_number} {line.get_kind_display()} {line.price:,.2f} 元",
    fill=lambda line: {"price": str(line.price)},
    permissions=(EDIT,),
)  # fmt: skip
DEFECTS = Lookup(
    key="assets.open_defect",
    within=reach(Defect, accepting.WORK, "acceptance__org_unit"),
    title="未处理的缺陷",
    queryset=lambda actor, params: scope.filter(
        actor, accepting.WORK, Defect.objects.filter(end__isnull=True, acceptance__state__in=accepting.OPEN).select_related("acceptance").order_by("-pk"),
        "acceptance__org_unit",
    ),
    search=("text__icontains",),
    exact=(),
    hint=lambda row: f"{row.acceptance.display_number} {row.get_stage_display()}",
    permissions=(accepting.WORK,),
)  # fmt: skip


def _pass(stage: Stage) -> Any:
    def run(*, actor: Any, obj: AcquisitionAcceptance, values: Mapping[str, Any]) -> str:
        checks = {code: bool(values.get(f"check_{code}")) for code, _ in CHECKLISTS[stage]}
        step = accepting.pass_stage(obj, stage, actor=actor, checks=checks, text=reading.text(values, "text"))
        failed = len(step.failed)
        return f"已登记{stage.label}" + (f"，{failed} 项不符合已列入缺陷" if failed else "")

    return run


def _due(stage: Stage) -> Any:
    return lambda document: (
        document.state in accepting.OPEN and stages.next_stage(stages.passed(document)) == stage
    )


def _stage(stage: Stage) -> Action:
    return Action(
        stage.value, f"{stage.label}签字" if stage in stages.SIGNED else stage.label, _pass(stage), permission=accepting.CODES[stage],
        icon="signature" if stage in stages.SIGNED else "list-check", style="primary",
        fields=(
            *(Field(f"check_{code}", title=title, kind="bool", required=False, span=3) for code, title in CHECKLISTS[stage]),
            Field("text", title="说明", kind="textarea", required=False, span=3, help="没有勾选的项目须说明，并自动列入缺陷"),
        ),
        shown=_due(stage),
    )  # fmt: skip


def _report(*, actor: Any, obj: AcquisitionAcceptance, values: Mapping[str, Any]) -> str:
    accepting.report_defect(obj, actor=actor, text=reading.text(values, "text"))
    return "已登记缺陷"


def _end(*, actor: Any, obj: AcquisitionAcceptance, values: Mapping[str, Any]) -> str:
    made = accepting.end_defect(
        obj, actor=actor, defect=Defect.objects.get(pk=values["defect"]), kind=reading.text(values, "kind"), text=reading.text(values, "text")
    )  # fmt: skip
    return f"缺陷{made.get_kind_display()}"


def _arriving(actor: Any, params: Mapping[str, str]) -> Mapping[str, Any]:
    """One line a piece of what a contract still has to bring."""
    pk = reading.key(params, "contract")
    rows = scope.filter(
        actor, EDIT, AcquisitionContract.objects.filter(pk=pk or 0, state=State.POSTED), "org_unit_id"
    )
    contract = rows.first()
    if contract is None:
        return {}
    came = flows.arrived(contract.pk, states=flows.LIVE)
    lines: list[dict[str, Any]] = []
    for of in contract.lines.filter(kind__in=COUNTED).select_related("asset_class").order_by("position"):
        left = of.quantity - came.get(of.pk, 0)
        bulk = of.asset_class is not None and of.asset_class.bulk
        if left > 0:
            lines += (
                [{"contract_line": of.pk, "quantity": left}]
                if bulk
                else [{"contract_line": of.pk, "quantity": 1}] * min(left, 100)
            )
    first = contract.lines.filter(request_line__isnull=False).select_related("request_line__document").first()
    unit = first.request_line.document.org_unit_id if first and first.request_line else contract.org_unit_id
    return {"contract": contract.pk, "org_unit": unit, "campus": contract.campus_id, "lines": lines}


def _in_progress(document: AcquisitionAcceptance) -> bool:
    return document.state in accepting.OPEN


STEPS = Panel(
    "steps", "验收环节", lambda row, actor: AcceptanceStep.objects.filter(acceptance=row, submission=row.submitted_at).select_related("by"),
    (
        "stage", Column("checks", title="检查", kind="text", value=lambda step: f"{len(step.checks) - len(step.failed)}/{len(step.checks)} 项符合" if step.checks else ""),
        Column("failed", title="不符合", kind="text", value=lambda step: "；".join(step.failed)), "text", "by", "at",
    ),
    model=AcceptanceStep, empty="提交后依次登记：到货、开箱、安装调试、试运行、技术验收、临床验收；过账即终验",
)  # fmt: skip
FOUND = Panel(
    "defects", "缺陷", lambda row, actor: Defect.objects.filter(acceptance=row).select_related("by", "end__by"),
    ("stage", "text", "by", "at", Column("ended", title="处理", kind="text", value=lambda defect: str(getattr(defect, "end", "未处理"))), Column("ended_by", title="处理人", kind="text", value=lambda defect: str(defect.end.by) if hasattr(defect, "end") else "")),
    model=Defect, empty="没有缺陷",
)  # fmt: skip
PIECES = Panel(
    "pieces", "入账结果", lambda row, actor: AcceptedPiece.objects.filter(acceptance=row, acceptance__state=State.POSTED).select_related("contract_line"),
    ("position", "contract_line", "serial_number", "quantity", "amount", "outcome", "text"), model=AcceptedPiece, empty="终验后产生",
)  # fmt: skip
CARDS = Panel(
    "cards", "资产卡片", lambda row, actor: cards_of(row),
    (Column("name", title="卡片", kind="text", value=str, link=lambda card: f"/assets/cards/{card.pk}"), "model", "serial_number", "cost", "value_kind", "parent", "status"),
    model=Asset, empty="终验后生成待入账卡片",
)  # fmt: skip

ACCEPTANCES = DocumentScreen(
    kind="assets.acquisition_acceptance",
    icon="clipboard-check",
    menu=("assets", "购置"),
    order=50,
    columns=(*COLUMNS[:3], Column("contract", title="合同", kind="text", value=lambda row: row.contract.contract_number), *COLUMNS[3:]),
    queryset=lambda actor: AcquisitionAcceptance.objects.select_related("contract"),
    filters=(NUMBER, DATES, Filter("q", title="合同", kind="text", lookups=("contract__contract_number__icontains", "contract__supplier__icontains"))),
    fields=(
        Field("contract", lookup="assets.acquisition_contract_in_force", span=2), Field("business_date", title="验收日期"), "campus", Field("org_unit", title="使用科室"), "note_number", "vendor_person",
        Field("invoice_number", help="没有发票的按暂估入账"), Field("note", span=3),
    ),
    lines=(
        LineField("contract_line", lookup="assets.acquisition_contract_line", width=240, depends=("contract",)), LineField("serial_number", width=160, required=False), LineField("quantity", width=70, required=True),
        LineField("amount", title="金额（元）", readonly=True, total=True, width=130), LineField("treatment", width=110, required=False), LineField("main", width=90, required=False),
        LineField("location", width=150, required=False), LineField("produced_on", width=120, required=False),
    ),
    lines_title="到货设备（每台一行）",
    quantity="",
    prefill=_arriving,
    panels=(STEPS, FOUND, PIECES, CARDS),
    actions=(
        *(_stage(stage) for stage in stages.ORDER if stage != Stage.FINAL),
        Action("defect", "登记缺陷", _report, permission=VIEW, icon="alert-triangle", fields=(Field("text", title="缺陷", kind="textarea", required=True, span=3),), shown=_in_progress),
        Action(
            "end_defect", "处理缺陷", _end, permission=accepting.WORK, icon="checks",
            fields=(
                Field("defect", title="缺陷", kind="register", lookup="assets.open_defect", required=True, span=2), Field("kind", title="结果", kind="choice", required=True, choices=DefectEnd.Kind.choices),
                Field("text", title="整改情况或接受理由", kind="textarea", required=True, span=3),
            ),
            shown=lambda row: _in_progress(row) and bool(stages.open_defects(row)),
        ),
    ),
    printed=papers.acceptance,
    signatures=("技术验收", "临床验收", "终验", "供应商代表"),
)  # fmt: skip


def _origin(asset: Asset, actor: Any) -> list[dict[str, str]]:
    """Where a card came from: acceptance, contract, request."""
    source = asset.origin.split("/", 1)[0]
    found = load(source) if source.startswith("assets.acquisition_acceptance:") else None
    if not isinstance(found, AcquisitionAcceptance) or not scope.has(
        actor, "assets.acquisition_acceptance.view"
    ):
        return []
    rows = [
        {"what": "设备验收单", "name": found.display_number, "url": url_for(found.source), "date": str(found.business_date)},
        {"what": "购置合同", "name": f"{found.contract.contract_number} {found.contract.supplier}", "url": url_for(found.contract.source), "date": str(found.contract.business_date)},
    ]  # fmt: skip
    piece = (
        found.pieces.filter(position=int(asset.origin.rsplit("/", 1)[1]))
        .select_related("contract_line__request_line__document")
        .first()
    )
    if piece is not None and piece.contract_line.request_line is not None:
        request = piece.contract_line.request_line.document
        rows.append(
            {
                "what": "设备申购单",
                "name": f"{request.display_number} {request.org_unit}",
                "url": url_for(request.source),
                "date": str(request.business_date),
            }
        )
    return rows


HISTORY = Panel(
    "acquisition", "购置", _origin,
    (Column("what", title="单据", kind="text"), Column("name", title="编号", kind="text", link=lambda row: row["url"]), Column("date", title="日期", kind="text")),
    empty="不是由验收单生成的卡片",
)  # fmt: skip

ALL = (ACCEPTANCES,)
LOOKUPS = (CONTRACTS, BOUGHT, DEFECTS)
