"""What a ward asks for in the demo hospital: requests lived through by the nurse, her head and the keeper."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import Item, MaterialClass, Store, Supplier
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.models import DepartmentQuota, QuotaCard, UseAuthority
from hrp.logistics.requesting.services import cards, delivering, picking
from hrp.logistics.subledger import holding
from hrp.platform.access.models import Role, User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import ApprovalLevel, ApprovalRoute
from hrp.platform.ledger.models import Account, Fund
from hrp.platform.org.models import OrgUnit

NURSE, HEAD, KEEPER = "linxiu", "zhaoqian", "wangmin"
WANTED = (
    "一次性使用无菌注射器",
    "一次性使用静脉留置针",
    "医用检查手套",
    "医用透明敷料",
    "一次性使用导尿管",
    "医用纱布块",
)
PURPOSES = ("周一补充", "病区常备", "手术日备货", "夜班备用")


class Ward:
    """骨科病区 and the central store it asks."""

    def __init__(self, users: Mapping[str, User], store: Store) -> None:
        self.nurse, self.head, self.keeper = users[NURSE], users[HEAD], users[KEEPER]
        unit = self.nurse.unit
        assert unit is not None  # noqa: S101 - the demo's nurse works in a ward
        self.unit: OrgUnit = unit
        self.store = store
        self.items = [item for item in Item.objects.order_by("code") if item.name in WANTED]
        self.rng = random.Random(20260114)  # noqa: S311 - a believable past, not a secret

    def ask(self, day: dt.date, lines: int = 4, **more: Any) -> Requisition:
        free = holding.available(self.store.pk, [item.pk for item in self.items], on=day)
        chosen = [item for item in self.rng.sample(self.items, len(self.items)) if free[item.pk] >= 40][
            :lines
        ]
        rows = [
            {"item": item.pk, "quantity": self.rng.randint(5, 40), "reason": "手术增加"} for item in chosen
        ]
        header = {
            "campus": self.store.campus_id, "org_unit": self.unit.pk, "business_date": day, "store": self.store.pk,
            "purpose": self.rng.choice(PURPOSES), **more,
        }  # fmt: skip
        return services.save_draft(Requisition, actor=self.nurse, header=header, lines=rows)

    def agreed(self, day: dt.date, **more: Any) -> Requisition:
        request = services.submit(self.ask(day, **more), actor=self.nurse)
        return services.approve(request, actor=self.head, opinion="同意")

    def given(self, day: dt.date) -> Any:
        request = posting.post(self.agreed(day), actor=self.keeper)
        return posting.post(delivering.deliver(request, actor=self.keeper), actor=self.keeper)


def prepare(users: Mapping[str, User], store: Store, since: dt.date) -> Ward:
    """The ward's approval, quotas, level and cards."""
    ward = Ward(users, store)
    route = ApprovalRoute.objects.create(
        kind=Requisition.spec.kind, title="科室申领审批", org_unit=ward.unit, amount_from=Decimal(0)
    )
    ApprovalLevel.objects.create(
        route=route, position=1, title="科室审批", role=Role.objects.get(code="ward_head")
    )
    for item in ward.items[:6]:
        DepartmentQuota.objects.create(org_unit=ward.unit, item=item, quantity=300, valid_from=since)
    UseAuthority.objects.create(
        org_unit=ward.unit, level="3", basis="医用耗材管理委员会 2025 年第 2 次会议", valid_from=since
    )
    for number, item in enumerate(ward.items[:6], start=1):
        QuotaCard.objects.create(
            code=f"DS0114-{number:02d}", org_unit=ward.unit, item=item, quantity=20, store=store,
            place=f"治疗室 {'AB'[number % 2]}{number} 抽屉",
        )  # fmt: skip
    _hang_in_store(store)
    return ward


def _hang_in_store(store: Store) -> None:
    """Two bins of the store itself, that purchasing refills."""
    for number in (1, 2):
        QuotaCard.objects.create(
            code=f"CK01-KX{number}", kind=QuotaCard.Kind.STORE, org_unit=store.org_unit, store=store, quantity=50,
            item=Item.objects.get(code="HC02701"), place="A 区",
        )  # fmt: skip


def month(ward: Ward, days: Sequence[dt.date]) -> None:
    """Requests of a month, each asked, agreed, given and signed on its day."""
    for day in days:
        with clock.pinned(clock.at(day, 9, ward.rng.randint(0, 50))):
            issue = ward.given(day)
        with clock.pinned(clock.at(day, 11, ward.rng.randint(0, 50))):
            delivering.sign(issue, actor=ward.nurse)


def durables(ward: Ward, day: dt.date) -> None:
    """Carts bought and put in use: half of their cost is expensed, the other half waits for their end."""
    accounts = {
        account.code: account
        for account in Account.objects.filter(code__in=("1302.06", "5001.07", "5101.07"))
    }
    goods = MaterialClass.objects.create(
        code="06", name="低值易耗品", inventory_account=accounts["1302.06"], expense_account=accounts["5001.07"],
        admin_expense_account=accounts["5101.07"],
    )  # fmt: skip
    cart = Item.objects.create(
        code="DY00101", name="不锈钢治疗车", spec="双层带抽", unit="台", kind="durable", material_class=goods, pinyin="bxgzlc",
        lot_required=False, expiry_required=False, trace_mode="none", cost_method="moving_average",
    )  # fmt: skip
    fund = Fund.objects.get(code="F1").pk
    supplier = Supplier.objects.order_by("code")[0].pk
    common = {"campus": ward.store.campus_id, "business_date": day, "store": ward.store.pk, "fund": fund}
    with clock.pinned(clock.at(day, 15)):
        receipt = services.save_draft(
            StockReceipt, actor=ward.keeper,
            header={**common, "org_unit": ward.store.org_unit_id, "supplier": supplier, "invoice_number": "2650001120"},
            lines=[{"item": cart.pk, "quantity": "5", "price": "865.00"}],
        )  # fmt: skip
        posting.post(services.submit(receipt, actor=ward.keeper), actor=ward.keeper)
        issue = services.save_draft(
            StockIssue, actor=ward.keeper, header={**common, "org_unit": ward.unit.pk, "receiver": "林秀"},
            lines=[{"item": cart.pk, "quantity": "2"}],
        )  # fmt: skip
        posting.post(services.submit(issue, actor=ward.keeper), actor=ward.keeper)


def today(ward: Ward, day: dt.date, now: dt.datetime) -> None:
    """What lies on desks today: a request at each step, two empty cards."""
    with clock.pinned(now):
        services.submit(ward.ask(day, lines=3, urgent=True), actor=ward.nurse)
        ward.agreed(day)
        granted = posting.post(ward.agreed(day), actor=ward.keeper)
        picking.start(granted, actor=ward.keeper)
        ward.given(day)
        for card in QuotaCard.objects.filter(kind=QuotaCard.Kind.DEPARTMENT).order_by("code")[:2]:
            cards.scan(card.code, actor=ward.nurse, key=_key(ward.rng))


def _key(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)
