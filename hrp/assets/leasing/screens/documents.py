"""出租出借单 with its rents, 租金收入单."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.assets.leasing.documents.rent_income import dues, received
from hrp.assets.leasing.documents.rent_out import READY, OutCard, RentOut
from hrp.assets.leasing.screens.reading import day
from hrp.assets.leasing.services import letting
from hrp.assets.screens.documents import DATES, MAKER, NUMBER, held_cards, ticked
from hrp.assets.screens.reaching import reach
from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Action, Column, DocumentScreen, Field, Filter, LineField, Lookup, Panel

LET = Lookup(
    key="assets.let_contract",
    within=reach(RentOut, "assets.rent_income.edit"),
    title="出租合同",
    queryset=lambda actor, params: scope.filter(
        actor, "assets.rent_income.edit", RentOut.objects.filter(state=State.POSTED, rent__gt=0).order_by("-id"), "org_unit"
    ),
    search=("number__icontains", "counterpart__icontains"),
    exact=("number",),
    hint=lambda document: f"{document.counterpart} · 每期 {document.rent:,.2f} 元",
    permissions=("assets.rent_income.edit",),
)  # fmt: skip


def _dues(document: RentOut, actor: Any) -> list[dict[str, Any]]:
    """Instalments up to the next that is to come, with what came in of each."""
    if not document.rent or document.state != State.POSTED:
        return []
    came, today = received(document), clock.today()
    rows = []
    for on in dues(document):
        got = came.get(on, 0)
        state = (
            "已收清"
            if got >= document.rent
            else "逾期"
            if on < today
            else "未到期"
            if on > today
            else "今日应收"
        )
        rows.append(
            {"on": on, "rent": document.rent, "got": got, "left": document.rent - got, "state": state}
        )
    return rows


def _back(*, actor: Any, obj: RentOut, values: Mapping[str, Any]) -> str:
    rows = letting.take_back(
        actor=actor, document=obj, on=day(values, "on"), condition=str(values.get("condition") or "")
    )
    return f"已收回 {len(rows)} 项"


def _out(document: RentOut) -> bool:
    return document.state == State.POSTED and document.out_cards.filter(back_on=None).exists()


RENTS_OUT = DocumentScreen(
    kind="assets.rent_out",
    icon="home-share",
    menu=("assets", "资产业务"),
    order=50,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", title="起", sort=True, card="meta"), Column("ends_on", sort=True), "way",
        Column("counterpart", card="line"), "approval_number", Column("rent", card="amount"), Column("total", title="资产原值", total=True),
        Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, MAKER, Filter("way", kind="choice"), Filter("counterpart", kind="text", lookups=("counterpart__icontains",))),
    fields=(
        "way", Field("counterpart", span=2), "approver", "approval_number", Field("business_date", title="期限起"), "ends_on", "rent", "every_months",
        "campus", Field("org_unit", title="经办科室"), Field("reason", span=3), Field("note", span=3),
    ),
    lines=(
        LineField("asset", lookup="assets.rent_out_card", width=300),
        LineField("unit", title="使用科室", shows="asset__org_unit__name", readonly=True, width=140),
        LineField("value", title="原值（元）", kind="money", shows="asset__cost", readonly=True, total=True, width=130),
    ),
    lines_title="出租出借的资产",
    scan="asset",
    merge=False,
    amount="value",
    amount_title="原值合计",
    quantity="",
    panels=(
        Panel(
            "cards", "在外资产", lambda document, actor: OutCard.objects.filter(document=document).select_related("asset", "back_by"),
            ("asset", "back_on", "back_by", "condition"), model=OutCard, empty="过账后列出",
        ),
        Panel(
            "dues", "租金台账", _dues,
            (
                Column("on", title="应收日", kind="date"), Column("rent", title="应收（元）", kind="money", total=True), Column("got", title="已收（元）", kind="money", total=True),
                Column("left", title="未收（元）", kind="money", total=True), Column("state", title="状态", kind="text"),
            ),
            empty="没有租金",
        ),
    ),
    actions=(
        Action(
            "back", "收回", _back, permission=letting.BACK, icon="arrow-back-up", style="primary", shown=_out,
            fields=(
                Field("on", title="收回日期", kind="date", required=True, default=lambda actor: clock.today()),
                Field("condition", title="状况", kind="text", required=False, span=2),
            ),
        ),
    ),
    prefill=ticked,
    signatures=("制单", "使用科室", "资产管理办公室", "财务负责人", "院领导"),
)  # fmt: skip

INCOMES = DocumentScreen(
    kind="assets.rent_income",
    icon="cash",
    menu=("assets", "资产业务"),
    order=52,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("rent_out", card="line"), "due_on",
        Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES),
    fields=(
        Field("rent_out", lookup="assets.let_contract", span=2), Field("business_date", title="收款日期"), "due_on", "received", "fund", "campus",
        Field("org_unit", title="经办科室"), Field("payer", required=False), Field("note", span=3),
    ),
    amount="",
    quantity="",
)  # fmt: skip

ALL = (RENTS_OUT, INCOMES)
LOOKUPS = (LET, held_cards("rent_out", READY))
PERMISSIONS = {letting.BACK: "收回出租出借的资产"}
CARD_PANEL = Panel(
    "outside", "出租出借", lambda asset, actor: OutCard.objects.filter(asset=asset).select_related("document").order_by("-id"),
    ("document", Column("document__counterpart", title="对方"), Column("document__approval_number", title="批复文号"), Column("document__ends_on", title="期限止"), "back_on"),
    model=OutCard, permission="assets.rent_out.view", empty="没有出租出借",
)  # fmt: skip
