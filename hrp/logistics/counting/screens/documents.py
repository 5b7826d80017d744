"""盘点单、报损单、损溢处理单: list, page and entry grid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from hrp.logistics.counting.documents.scrap import Destruction, Scrap
from hrp.logistics.counting.services import scrapping
from hrp.logistics.models import Batch, StockBalance
from hrp.logistics.screens.documents import DATES, MAKER, MOVES, NUMBER, defaults
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Lookup, Panel


def _held(actor: Any, params: Mapping[str, str]) -> QuerySet[Batch]:
    """What of an item lies in a store one may write off from."""
    item, store = params.get("item", ""), params.get("store", "")
    if not item.isdigit() or not store.isdigit():
        return Batch.objects.none()
    there = StockBalance.objects.filter(item_id=item, store_id=store, quantity__gt=0)
    there = scope.filter(actor, "logistics.scrap.edit", there, "store__org_unit_id")
    return Batch.objects.filter(pk__in=there.values("batch_id")).order_by("expiry")


HELD_BATCHES = Lookup(
    key="logistics.held_batch",
    title="在库批号",
    queryset=_held,
    search=("lot__icontains",),
    exact=("lot",),
    hint=lambda batch: f"有效期至 {batch.expiry}",
    permissions=("logistics.scrap.edit",),
)

STOCKTAKES = DocumentScreen(
    kind="logistics.stocktake",
    icon="list-details",
    menu=("logistics", "盘点"),
    order=20,
    creatable=False,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("store", card="line"),
        Column("task"),
        Column("total", title="差异金额", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("store", kind="register", register="logistics.store"), MAKER),
    fields=(
        Field("store", readonly=True), Field("business_date", title="盘点日期"), Field("task", kind="text", readonly=True), Field("campus"),
        Field("org_unit", title="管理科室"), Field("fund"), Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=200),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("batch", lookup="logistics.batch", depends=("item",), width=110),
        LineField("book", width=90),
        LineField("moved", width=96),
        LineField("counted", width=90),
        LineField("difference", readonly=True, width=90),
        LineField("price", width=96),
        LineField("amount", title="差异金额（元）", readonly=True, width=116, total=True),
        LineField("reason", width=110),
        LineField("reason_note", width=150),
    ),
    lines_title="盘点差异",
    quantity="difference",
    panels=(MOVES,),
    signatures=("盘点人", "监盘", "库房", "会计", "批准"),
)  # fmt: skip


def _appraise(*, actor: Any, obj: Scrap, values: Mapping[str, Any]) -> str:
    scrapping.appraise(obj, actor=actor, opinion=str(values.get("opinion") or ""))
    return "已登记鉴定意见"


def _destroy(*, actor: Any, obj: Scrap, values: Mapping[str, Any]) -> str:
    scrapping.destroy(
        obj, actor=actor, method=str(values.get("method") or ""), place=str(values.get("place") or ""),
        on=dt.date.fromisoformat(str(values["destroyed_on"])) if values.get("destroyed_on") else clock.today(),
        witness=User.objects.get(pk=values["witness"]), note=str(values.get("remark") or ""),
    )  # fmt: skip
    return "已登记销毁"


APPRAISALS = Panel(
    key="appraisals",
    title="鉴定",
    rows=lambda document, actor: document.appraisals.select_related("by").order_by("pk"),
    columns=(
        Column("by", title="鉴定人", kind="text"),
        Column("opinion", title="鉴定意见", kind="text"),
        Column("at", title="时间", kind="datetime"),
    ),
    empty="提交后由制单人以外的人鉴定",
)

DESTRUCTIONS = Panel(
    key="destruction",
    title="销毁记录",
    rows=lambda document, actor: Destruction.objects.filter(scrap_id=document.pk).select_related(
        "by", "witness"
    ),
    columns=(
        Column("destroyed_on", title="销毁日期", kind="date"),
        Column("method", title="方式", kind="text"),
        Column("place", title="地点", kind="text"),
        Column("by", title="经办人", kind="text"),
        Column("witness", title="监销人", kind="text"),
        Column("note", title="备注", kind="text"),
    ),
    empty="过账后登记销毁",
)

SCRAPS = DocumentScreen(
    kind="logistics.scrap",
    icon="trash",
    menu=("logistics", "盘点"),
    order=30,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("store", card="line"),
        Column("cause"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("store", kind="register", register="logistics.store"), Filter("cause", kind="choice"), MAKER),
    fields=(
        Field("store"), Field("business_date", title="报损日期"), Field("cause"), Field("campus"), Field("org_unit", title="管理科室"),
        Field("fund"), Field("description", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("item", title="物资", lookup="logistics.item", width=230, fills={"unit": "unit"}),
        LineField("spec", title="规格型号", shows="item__spec", readonly=True, width=140),
        LineField("unit", title="单位", shows="item__unit", readonly=True, width=56),
        LineField("batch", lookup="logistics.held_batch", depends=("item", "store"), width=130),
        LineField("quantity", width=100, total=True),
        LineField("amount", title="金额（元）", readonly=True, width=120, total=True),
    ),
    lines_title="报损明细",
    scan="item",
    defaults=defaults,
    panels=(APPRAISALS, DESTRUCTIONS, MOVES),
    actions=(
        Action(
            "appraise", "鉴定", _appraise, permission=scrapping.APPRAISE, icon="microscope",
            fields=(Field("opinion", title="鉴定意见", kind="textarea", required=True, span=3),),
            shown=lambda d: d.state in (State.SUBMITTED, State.APPROVED),
        ),
        Action(
            "destroy", "登记销毁", _destroy, permission=scrapping.DESTROY, icon="flame",
            fields=(
                Field("method", title="销毁方式", kind="text", required=True), Field("place", title="地点", kind="text", required=True),
                Field("destroyed_on", title="销毁日期", kind="date"),
                Field("witness", title="监销人", kind="register", lookup="logistics.colleague", required=True),
                Field("remark", title="备注", kind="text", required=False),
            ),
            shown=lambda d: d.state == State.POSTED and not Destruction.objects.filter(scrap_id=d.pk).exists(),
        ),
    ),
    signatures=("制单", "鉴定", "审批", "监销"),
)  # fmt: skip

SETTLEMENTS = DocumentScreen(
    kind="logistics.loss_settlement",
    icon="gavel",
    menu=("logistics", "盘点"),
    order=50,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("org_unit", title="承担科室", card="line"),
        Column("treatment"),
        Column("basis"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("treatment", kind="choice"), MAKER),
    fields=(
        Field("org_unit", title="承担科室"), Field("treatment"), Field("business_date", title="处理日期"), Field("campus"),
        Field("basis", span=2), Field("note", span=3),
    ),
    lines=(
        LineField("pending", lookup="logistics.pending_loss", width=320, fills={"amount": "amount"}),
        LineField("amount", width=120, total=True),
        LineField("compensation", width=120, total=True),
        LineField("payer", width=120),
    ),
    lines_title="处理明细",
    quantity="",
    signatures=("制单", "物资会计", "财务负责人", "批准"),
)  # fmt: skip

ALL = (STOCKTAKES, SCRAPS, SETTLEMENTS)
LOOKUPS = (HELD_BATCHES,)
