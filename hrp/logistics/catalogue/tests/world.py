"""A small hospital that buys from dealers: items of a maker, papers, people who sign."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hrp.logistics.catalogue.models import License
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import Item
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import clock, stamps
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, SINCE, World
from hrp.platform.org.models import Parameter

GTIN, CASE = "06901234567892", "16901234567899"
PERMISSIONS = (
    "logistics.item.view", "logistics.item.edit", "logistics.item.qualify", "logistics.item.merge", "logistics.identifier.bind",
    "logistics.license.view", "logistics.license.edit", "logistics.override.view", "logistics.override.edit", "logistics.override.head",
    "logistics.supply_version.view", "logistics.supply_version.edit", "logistics.one_off.view", "logistics.one_off.edit",
    "logistics.agreement.view", "logistics.agreement.edit", "logistics.volume_contract.view", "logistics.volume_contract.edit",
    "logistics.class_node.view", "logistics.class_node.edit", "logistics.scan.view", "logistics.supplier.view",
)  # fmt: skip


class Market:
    """``clerk`` keeps the catalogue and receives goods; ``head`` is another who decides."""

    def __init__(self) -> None:
        self.world = World()
        self.room = Stockroom(self.world)
        receipts = [StockReceipt.spec.permission(act) for act in ACTS]
        self.clerk = self.world.user("clerk", "采购员", *PERMISSIONS, *receipts)
        self.head = self.world.user(
            "head", "分管领导", "logistics.item.approve", "logistics.supply_version.approve", "logistics.one_off.approve",
            "logistics.override.quality", "logistics.override.head",
        )  # fmt: skip
        self.stent = self.item(
            "GZ01",
            "药物洗脱支架",
            registration_number="国械注准20193130001",
            device_class="3",
            category_2002="6846",
        )

    def item(self, code: str, name: str, **more: Any) -> Item:
        given = {
            "unit": "个",
            "kind": "high_value",
            "manufacturer": "晨星医疗",
            "material_class": self.room.gauze.material_class,
        }
        return Item.objects.create(code=code, name=name, **given | more)

    def paper(self, kind: str, valid_to: dt.date | None, **more: Any) -> License:
        owner = {} if "manufacturer" in more else {"supplier": self.room.supplier}
        return License.objects.create(
            **{"kind": kind, "number": f"{kind}-{License.objects.count()}", "valid_from": SINCE, "valid_to": valid_to} | owner | more
        )  # fmt: skip

    def line(self, item: Item | None = None, **more: Any) -> dict[str, Any]:
        item = item or self.stent
        return {"item": item.pk, "lot": "A1", "expiry": "2028-01-31", "quantity": "1", "price": "798"} | more

    def draft(self, *lines: dict[str, Any], **header: Any) -> StockReceipt:
        return services.save_draft(
            StockReceipt,
            actor=self.clerk,
            header=self.room.receipt_header() | header,
            lines=lines or [self.line()],
        )

    def receive(self, *lines: dict[str, Any], **header: Any) -> StockReceipt:
        return posting.post(services.submit(self.draft(*lines, **header), actor=self.clerk), actor=self.clerk)

    def grant(self, user: Any, *permissions: str) -> None:
        self.world.grant(user, *permissions)
        stamps.forget()

    def set(self, key: str, value: str, since: dt.date = SINCE) -> None:
        Parameter.objects.create(
            key=key, valid_from=since, value=value, source="测试", entered_by="甲", entered_at=clock.now()
        )
        stamps.forget()


__all__ = ["CASE", "DAY", "GTIN", "Market"]
