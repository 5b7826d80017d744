"""Items, suppliers and stores of the demo hospital, and a month of receipts and issues."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from hrp.config.demo.organisation import Organisation
from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import Item, MaterialClass, StockBalance, Store, Supplier
from hrp.platform.access.models import Role, User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import ApprovalLevel, ApprovalRoute
from hrp.platform.ledger.models import Account, Fund
from hrp.platform.org.rules.pinyin import pinyin_key

CLASSES = (
    ("01", "血库材料", "1302.01", "02.01"),
    ("02", "医用气体", "1302.02", "02.02"),
    ("03", "影像材料", "1302.03", "02.03"),
    ("04", "化验材料", "1302.04", "02.04"),
    ("05", "其他卫生材料", "1302.05", "02.05"),
    ("07", "其他材料", "1302.07", "07"),
)

# name, specs, unit, kind, class, price, chargeable
ITEMS = (
    (
        "一次性使用无菌注射器",
        ("1ml", "2ml", "5ml", "10ml", "20ml", "50ml"),
        "支",
        "consumable",
        "05",
        "0.62",
        False,
    ),
    ("一次性使用静脉留置针", ("18G", "20G", "22G", "24G"), "支", "consumable", "05", "9.80", True),
    ("一次性使用输液器", ("0.55×20", "0.7×25", "避光型"), "套", "consumable", "05", "3.45", False),
    ("医用外科口罩", ("挂耳型", "绑带型"), "只", "consumable", "05", "0.38", False),
    ("医用检查手套", ("丁腈 S", "丁腈 M", "丁腈 L"), "双", "consumable", "05", "0.56", False),
    ("灭菌橡胶外科手套", ("6.5#", "7#", "7.5#", "8#"), "双", "consumable", "05", "2.30", False),
    ("可吸收性外科缝线", ("3-0", "4-0", "2-0"), "包", "consumable", "05", "68.50", True),
    ("医用透明敷料", ("6×7cm", "10×12cm"), "片", "consumable", "05", "4.20", True),
    ("医用纱布块", ("6×8cm 8层", "8×10cm 12层"), "包", "consumable", "05", "1.15", False),
    ("负压引流装置", ("200ml", "400ml"), "套", "consumable", "05", "126.00", True),
    ("中心静脉导管", ("单腔 7F", "双腔 7F"), "套", "consumable", "05", "238.00", True),
    ("气管插管", ("6.5#", "7.0#", "7.5#"), "支", "consumable", "05", "36.00", True),
    ("一次性使用导尿管", ("14Fr", "16Fr", "18Fr"), "支", "consumable", "05", "12.40", True),
    ("金属锁定接骨板", ("胫骨远端 8孔", "桡骨远端 6孔"), "块", "high_value", "05", "3680.00", True),
    ("锁定螺钉", ("Φ3.5×32mm", "Φ2.7×20mm"), "枚", "high_value", "05", "186.00", True),
    ("冠状动脉药物洗脱支架", ("2.75×18mm", "3.0×24mm"), "个", "high_value", "05", "798.00", True),
    ("球囊扩张导管", ("2.0×15mm", "2.5×15mm"), "根", "high_value", "05", "1280.00", True),
    ("真空采血管", ("EDTA 2ml", "促凝 5ml", "枸橼酸钠 2.7ml"), "支", "reagent", "04", "0.85", False),
    ("肌钙蛋白I测定试剂盒", ("100测试",), "盒", "reagent", "04", "1850.00", False),
    ("全自动生化质控血清", ("水平1", "水平2"), "盒", "reagent", "04", "1260.00", False),
    ("血细胞分析稀释液", ("20L",), "桶", "reagent", "04", "320.00", False),
    ("肝功能检测试剂盒", ("500测试",), "盒", "reagent", "04", "980.00", False),
    ("医用干式胶片", ("8×10in", "14×17in"), "张", "consumable", "03", "11.50", True),
    ("碘海醇造影剂注射器", ("200ml 双筒",), "套", "consumable", "03", "96.00", True),
    ("一次性去白细胞输血器", ("单联",), "套", "consumable", "01", "58.00", True),
    ("医用氧气", ("40L 瓶",), "瓶", "consumable", "02", "45.00", True),
    ("含氯消毒片", ("100片",), "瓶", "disinfectant", "05", "18.60", False),
    ("免洗手消毒凝胶", ("500ml",), "瓶", "disinfectant", "05", "22.50", False),
    ("A4复印纸", ("70g 500张",), "包", "office", "07", "21.80", False),
    ("硒鼓", ("黑色 大容量",), "支", "office", "07", "268.00", False),
    ("医疗废物专用袋", ("黄色 60×80cm",), "捆", "general", "07", "32.00", False),
    ("被服清洗剂", ("20kg",), "桶", "general", "07", "145.00", False),
)

SUPPLIERS = (
    "杏康医疗器械有限公司", "华济医用材料有限公司", "东湖生物试剂有限公司", "仁和骨科器械有限公司",
    "博影影像器材有限公司", "安泰卫生用品有限公司", "明诚办公用品有限公司", "长青医用气体有限公司",
)  # fmt: skip

# which classes a category of units draws, and roughly how much
DRAWS = {
    "clinical": ("05", "05", "05", "02", "01"),
    "medtech": ("04", "03", "05"),
    "auxiliary": ("05", "07"),
    "admin": ("07",),
}


@dataclass(frozen=True)
class Stockroom:
    """Registers of the demo's materials."""

    store: Store
    suppliers: list[Supplier]
    items: list[Item]
    fund: Fund

    def of_class(self, code: str) -> list[Item]:
        return [item for item in self.items if item.material_class.code == code]


PRICES: dict[str, Decimal] = {}


def build(org: Organisation) -> Stockroom:
    """Create classes, suppliers, stores, items, and the approval route of costly receipts."""
    account = {a.code: a for a in Account.objects.all()}
    classes = {
        code: MaterialClass.objects.create(
            code=code, name=name, inventory_account=account[inventory], expense_account=account[f"5001.{expense}"],
            admin_expense_account=account[f"5101.{expense}"],
        )
        for code, name, inventory, expense in CLASSES
    }  # fmt: skip
    suppliers = [
        Supplier.objects.create(code=f"GYS{n:03d}", name=name, pinyin=pinyin_key(name))
        for n, name in enumerate(SUPPLIERS, start=1)
    ]
    keeper = org.units["0407"]
    store = Store.objects.create(code="CK01", name="中心库房", campus=org.campus, org_unit=keeper)
    Store.objects.create(
        code="CK02", name="检验试剂冷库", campus=org.campus, org_unit=keeper, kind="second", parent=store
    )
    Store.objects.create(
        code="CK80", name="不合格品库", campus=org.campus, org_unit=keeper, kind="quarantine"
    )
    Store.objects.create(code="CK90", name="在途", campus=org.campus, org_unit=keeper, kind="transit")
    items = []
    for number, (name, specs, unit, kind, group, price, chargeable) in enumerate(ITEMS, start=1):
        for place, spec in enumerate(specs, start=1):
            code = f"HC{number:03d}{place:02d}"
            PRICES[code] = Decimal(price)
            managed = kind not in ("office", "general") and group != "02"
            items.append(
                Item(
                    code=code, name=name, spec=spec, unit=unit, kind=kind, material_class=classes[group],
                    pinyin=pinyin_key(name), chargeable=chargeable, barcode=f"0690{number:05d}{place:05d}",
                    manufacturer=suppliers[number % len(suppliers)].name, lot_required=managed, expiry_required=managed,
                    trace_mode="lot" if managed else "none", cost_method="batch" if managed else "moving_average",
                    device_class=_device_class(kind), sterile=name.startswith(("一次性使用无菌", "灭菌")),
                )
            )  # fmt: skip
    Item.objects.bulk_create(items)
    return Stockroom(store, suppliers, items, Fund.objects.get(code="F1"))


def _device_class(kind: str) -> str:
    return {"high_value": "3", "consumable": "2", "reagent": "2", "disinfectant": "1"}.get(kind, "")


def require_approval(role: Role) -> None:
    """From now on receipts of 50,000 yuan and more pass the material accountant."""
    route = ApprovalRoute.objects.create(
        kind="logistics.stock_receipt", title="大额入库审批", amount_from=Decimal(50000)
    )
    ApprovalLevel.objects.create(route=route, position=1, title="物资会计审核", role=role)


def receive(
    room: Stockroom, org: Organisation, keeper: User, rng: random.Random, day: dt.date, lines: int
) -> None:
    """One delivery of a supplier: received, submitted, posted."""
    draft = draft_receipt(room, org, keeper, rng, day, lines)
    posting.post(services.submit(draft, actor=keeper), actor=keeper)


def draft_receipt(
    room: Stockroom, org: Organisation, keeper: User, rng: random.Random, day: dt.date, lines: int
) -> StockReceipt:
    """One delivery as the keeper typed it."""
    supplier = rng.choice(room.suppliers)
    chosen = rng.sample(room.items, lines)
    rows = []
    for item in chosen:
        price = PRICES[item.code]
        quantity = max(4, int(Decimal(rng.randint(2000, 9000)) / price))
        managed = item.lot_required
        rows.append(
            {
                "item": item.pk,
                "lot": f"{rng.choice('ABCDE')}{day:%y%m}{rng.randint(1, 99):02d}" if managed else "",
                "expiry": day + dt.timedelta(days=rng.randint(500, 1100)) if managed else None,
                "quantity": quantity,
                "price": price,
            }
        )
    return services.save_draft(
        StockReceipt,
        actor=keeper,
        header={
            "campus": org.campus.pk, "org_unit": room.store.org_unit_id, "business_date": day, "store": room.store.pk,
            "supplier": supplier.pk, "fund": room.fund.pk, "delivery_note": f"SH-{day:%y%m}-{rng.randint(1, 9999):04d}",
            # two deliveries in five come before their invoice
            "invoice_number": f"26{rng.randint(10**9, 10**10 - 1)}" if rng.random() < 0.6 else "",
        },
        lines=rows,
    )  # fmt: skip


def issue(
    room: Stockroom,
    org: Organisation,
    keeper: User,
    rng: random.Random,
    day: dt.date,
    unit_code: str,
    category: str,
) -> None:
    """One department draws what it uses; quantities stay within what is certainly in stock."""
    chosen: dict[int, Item] = {}
    for _ in range(rng.randint(3, 7)):
        item = rng.choice(room.of_class(rng.choice(DRAWS[category])))
        chosen[item.pk] = item
    held = dict(
        StockBalance.objects.filter(store=room.store, item__in=chosen, batch__expiry__gte=day)
        .values_list("item_id")
        .annotate(total=Sum("quantity"))
    )
    rows = []
    for item in chosen.values():
        wanted = max(1, int(Decimal(rng.randint(60, 320)) / PRICES[item.code]))
        if quantity := min(wanted, int(held.get(item.pk, 0))):
            rows.append({"item": item.pk, "quantity": quantity})
    if not rows:
        return
    draft = services.save_draft(
        StockIssue,
        actor=keeper,
        header={
            "campus": org.campus.pk, "org_unit": org.units[unit_code].pk, "business_date": day, "store": room.store.pk,
            "fund": room.fund.pk, "receiver": rng.choice(("护士 林", "护士 何", "技师 郑", "办事员 马")),
        },
        lines=rows,
    )  # fmt: skip
    posting.post(services.submit(draft, actor=keeper), actor=keeper)


def opening(room: Stockroom, org: Organisation, keeper: User, rng: random.Random, day: dt.date) -> None:
    """The first deliveries: every item is in stock."""
    with clock.pinned(clock.at(day, 8, 30)):
        for start in range(0, len(room.items), 20):
            part = Stockroom(room.store, room.suppliers, room.items[start : start + 20], room.fund)
            receive(part, org, keeper, rng, day, len(part.items))
