"""处置审批权限, and 账销案存: what left the books and the file behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.assets.disposal.documents.disposal_request import (
    Archive,
    DisposalRequest,
    DisposalRequestLine,
    Stage,
    Step,
)
from hrp.assets.disposal.models import DisposalRule
from hrp.assets.disposal.services import deciding, executing, reference
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen

PERMISSIONS = {
    "assets.disposal_rule.view": "查看处置审批权限",
    "assets.disposal_rule.edit": "维护处置审批权限",
    "assets.disposal_rule.import": "导入处置审批权限",
    "assets.disposal_rule.export": "导出处置审批权限",
    "assets.written_off.view": "查看账销案存",
    "assets.written_off.export": "导出账销案存",
    deciding.CODES[Stage.APPRAISAL]: "处置技术鉴定",
    deciding.CODES[Stage.OFFICE]: "处置归口审核",
    deciding.CODES[Stage.FINANCE]: "处置财务审核",
    deciding.CODES[Stage.COMMITTEE]: "处置委员会审议",
    deciding.CODES[Stage.EXTERNAL]: "登记处置外部批复",
    executing.EXECUTE: "执行处置",
    executing.ARCHIVE: "处置归档",
}


def _install(*, actor: Any, obj: Any, values: Mapping[str, Any]) -> str:
    return f"现有 {reference.install(actor=actor)} 条，请对照当地文件核对"


RULES = RegisterScreen(
    key="assets.disposal_rule",
    model=DisposalRule,
    title="处置审批权限",
    icon="gavel",
    url="assets/disposal-rules",
    menu=("assets", "基础资料"),
    order=50,
    ordering=("level", "region", "basis", "amount_from"),
    columns=(
        Column("level", card="meta"), "region", "kind", "basis", "amount_from", "amount_to", Column("approver", card="title"), "rank", "valid_from",
        "valid_to", Column("source", card="line"), "verified",
    ),
    filters=(Filter("level", kind="choice"), Filter("region", kind="text", lookups=("region__icontains",))),
    fields=(
        "level", "region", "kind", "basis", "amount_from", "amount_to", "approver", "rank", "valid_from", "valid_to", Field("source", span=2),
        "verified",
    ),
    actions=(Action("install", "载入样例", _install, permission=reference.EDIT, icon="download", place="page", confirm="样例限额须对照当地现行文件核对。"),),
    search=("approver__icontains", "region__icontains"),
    exact=(),
)  # fmt: skip


def _number(line: DisposalRequestLine) -> str:
    step = Step.objects.filter(request=line.document_id, stage=Stage.EXTERNAL).order_by("-pk").first()
    return step.number if step else ""


def _file(line: DisposalRequestLine) -> str:
    found = Archive.objects.filter(request=line.document_id).first()
    return str(found) if found else "未归档"


WRITTEN_OFF = RegisterScreen(
    key="assets.written_off",
    model=DisposalRequestLine,
    title="账销案存",
    icon="archive",
    url="assets/written-off",
    menu=("assets", "处置"),
    order=30,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: DisposalRequestLine.objects.filter(document__state=State.POSTED, asset__status="disposed").select_related("asset__org_unit", "document"),
    ordering=("-asset__disposed_on", "-id"),
    columns=(
        Column("number", title="资产编号", kind="text", value=lambda row: row.asset.number, link=lambda row: f"/assets/cards/{row.asset_id}", card="meta"),
        Column("asset", title="资产", card="title"), Column("unit", title="科室", kind="text", value=lambda row: str(row.asset.org_unit), card="line"),
        Column("disposed_on", title="核销日期", kind="date", value=lambda row: row.asset.disposed_on), Column("cost", title="原值", kind="money", value=lambda row: row.asset.cost),
        Column("request", title="处置申请单", kind="text", value=lambda row: row.document.number, link=lambda row: url_for(row.document.source)),
        Column("approval", title="批复文号", kind="text", value=_number), Column("file", title="档号", kind="text", value=_file, card="tag"),
    ),
    filters=(Filter("q", title="资产", kind="text", lookups=("asset__number__istartswith", "asset__name__icontains", "document__number__icontains")),),
    fields=("asset", "condition", "months_short"),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=("asset__number",),
)  # fmt: skip

ALL = (RULES, WRITTEN_OFF)
HISTORY = Panel(
    "disposals", "处置", lambda asset, actor: DisposalRequest.objects.filter(lines__asset=asset).order_by("-id"),
    (
        Column("number", title="申请单", kind="text", value=lambda row: row.number or "未编号", link=lambda row: url_for(row.source)), "business_date", "way",
        "reason", "state",
    ),
    model=DisposalRequest, empty="没有处置申请",
)  # fmt: skip
