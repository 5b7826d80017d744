"""物资 and 固定资产: what is received through a store but is an asset, and spare parts that a repair takes from a store.

Capital goods travel 入库 (Dr 1611 工程物资) and 领用 (Dr 1613) like all goods, for their class of materials names these accounts;
the receipt makes one draft card a piece, whose booking takes it out of 1613 again. So stock, journal and cards agree whether
the card is booked before the goods are handed out or after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.assets.models import Asset, AssetClass, DepartmentShare, FundingLine, FundingSource
from hrp.assets.models.cards import Status, Way
from hrp.assets.services import reference
from hrp.logistics import gates
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import Origin, StockReceipt
from hrp.logistics.models import Item, Store
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.largest_remainder import largest_remainder
from hrp.platform.base.refusals import Conflict, Problem
from hrp.platform.documents import services
from hrp.platform.documents.spec import PostingContext
from hrp.platform.ledger.models import Fund
from hrp.platform.org import parameters
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.parameters import Spec
from hrp.platform.org.rules.pinyin import pinyin_key

CAPITAL = "assets.capital_goods"
SPEC = Spec(
    CAPITAL, "按固定资产管理的物资分类", "text", "", "由医院确定",
    help="写成 物资分类编码=资产分类编码，用顿号隔开；这些物资分类的存货科目设为 1611，费用科目设为 1613。入库过账后按件生成待入账卡片。",
)  # fmt: skip


def capital_classes(on: dt.date) -> dict[str, str]:
    """Code of an asset class by code of a class of materials."""
    text = str(parameters.value(CAPITAL, on)).replace(",", "、").replace("，", "、")
    pairs = (part.partition("=") for part in text.split("、") if part.strip())
    return {goods.strip(): asset.strip() for goods, _, asset in pairs}


def _capital_lines(lines: Sequence[Any], on: dt.date) -> list[tuple[int, Any, Item, str]]:
    """(place, line, item, code of its asset class) of lines that are assets."""
    known = capital_classes(on)
    if not known:
        return []
    items = Item.objects.select_related("material_class").in_bulk(
        {line.item_id for line in lines if line.item_id}
    )
    return [
        (place, line, items[line.item_id], known[items[line.item_id].material_class.code])
        for place, line in enumerate(lines)
        if line.item_id in items and items[line.item_id].material_class.code in known
    ]


def _check(document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
    problems = []
    classes = set(AssetClass.objects.values_list("code", flat=True))
    for place, line, item, code in _capital_lines(lines, on):
        if code not in classes:
            problems.append(
                Problem(f"{item} 对应的资产分类 {code} 不存在", field="item", line=place, way_out="请核对业务参数“按固定资产管理的物资分类”。")
            )  # fmt: skip
        if line.quantity is not None and line.quantity != int(line.quantity):
            problems.append(
                Problem(f"{item} 按件建卡，数量 {line.quantity:f} 应为整数", field="quantity", line=place)
            )
    return problems


def _make(document: StockReceipt, ctx: PostingContext) -> None:
    """One draft card a piece; the fen left over by the amount of a line go to the first pieces (equal remainders)."""
    lines = list(document.lines.order_by("position"))
    source = FundingSource.objects.filter(fund=document.fund_id, is_active=True).order_by("code").first()
    for _place, line, item, code in _capital_lines(lines, ctx.on):
        kind = AssetClass.objects.get(code=code)
        pieces = {f"{n:06}": 1 for n in range(1, int(line.quantity) + 1)}
        for piece, fen in largest_remainder(int(line.amount * 100), pieces).items():
            _card(document, line, item, kind, source, Decimal(fen).scaleb(-2), int(piece), ctx)


def _card(
    document: StockReceipt, line: Any, item: Item, kind: AssetClass, source: FundingSource | None, cost: Decimal, piece: int,
    ctx: PostingContext,
) -> None:  # fmt: skip
    card = Asset.objects.create(
        name=item.name, model=item.spec, pinyin=pinyin_key(item.name), asset_class=kind, unit=item.unit,
        manufacturer=item.manufacturer, registration_number=item.registration_number, supplier=document.supplier.name,
        invoice_number=document.invoice_number, origin=f"{document.source}/{line.position}/{piece}", accepted_on=ctx.on,
        way=Way.DONATED if document.origin == Origin.DONATION else Way.PURCHASE, cost=cost if source is not None else 0,
        life_months=reference.usual_months(kind, ctx.on), life_support=kind.life_support,
        campus=document.campus, org_unit=document.org_unit,
    )  # fmt: skip
    DepartmentShare.objects.create(
        asset=card, org_unit=document.org_unit, ratio=Decimal(100), valid_from=ctx.on
    )
    if source is not None and cost:
        FundingLine.objects.create(asset=card, source=source, cost=cost)


def cards_of(document: StockReceipt) -> list[Asset]:
    """The cards a receipt made."""
    return list(Asset.objects.filter(origin__startswith=f"{document.source}/").order_by("pk"))


def _unmake(document: StockReceipt, ctx: PostingContext) -> None:
    cards = cards_of(document)
    booked = [card for card in cards if card.status != Status.DRAFT]
    if booked:
        raise Conflict(
            f"{booked[0]} 由这张入库单生成，已入账", code="card_booked", way_out="请先红冲资产入账单，再红冲入库单。"
        )  # fmt: skip
    for card in cards:
        card.delete()


@transaction.atomic
def draft_parts_issue(
    *, actor: User, store: Store, unit: OrgUnit, parts: Sequence[tuple[Item, Decimal]], fund: Fund, note: str
) -> StockIssue:
    """A draft 出库单 of the spare parts a repair used, for the department of the machine; the keeper posts it."""
    header = {
        "campus": store.campus_id, "org_unit": unit.pk, "business_date": clock.today(), "store": store.pk, "fund": fund.pk, "note": note,
    }  # fmt: skip
    lines = [{"item": item.pk, "quantity": str(quantity)} for item, quantity in parts]
    return services.save_draft(StockIssue, actor=actor, header=header, lines=lines)


def register() -> None:
    """Called once, from ``apps.py``."""
    parameters.declare(SPEC)
    gates.register(gates.Gate("capital", gates.Moment.RECEIPT, check=_check, apply=_make, mirror=_unmake))
