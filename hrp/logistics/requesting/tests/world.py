"""The smallest hospital in which a ward asks a store: a nurse, her head, two keepers, stock of two items."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Item, Store
from hrp.logistics.requesting.documents.requisition import Requisition
from hrp.logistics.requesting.services import delivering
from hrp.logistics.requesting.services.granting import Grant, grant
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.access.models import User
from hrp.platform.base import clock, health, stamps
from hrp.platform.documents import posting, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World
from hrp.platform.org.models import Parameter

KINDS = (
    "stock_receipt", "stock_issue", "stock_transfer", "transfer_receipt", "requisition", "department_return", "durable_scrap",
)  # fmt: skip
ASKS = (
    "logistics.requisition.view", "logistics.requisition.edit", "logistics.requisition.submit", "logistics.stock_issue.view",
    "logistics.delivery.sign", "logistics.quota_card.scan", "logistics.department_return.edit",
    "logistics.department_return.submit",
)  # fmt: skip


class Ward:
    """骨科 (``world.other``) asks the store of 心内科 (``world.unit``), which keeps the store."""

    def __init__(self) -> None:
        self.world = World()
        self.room = Stockroom(self.world)
        self.store: Store = self.room.store
        self.ward = self.world.other
        everything = [f"logistics.{kind}.{act}" for kind in KINDS for act in ACTS]
        self.keeper = self.world.user("keeper", "库管甲", *everything, "logistics.delivery.hand_over")
        self.second = self.world.user("second", "库管乙", *everything, "logistics.delivery.hand_over")
        self.nurse = self.world.user("nurse", "林护士", *ASKS, unit=self.ward)
        self.chair = Item.objects.create(
            code="DY01", name="折叠椅", unit="把", kind="durable", material_class=self.room.gauze.material_class,
            lot_required=False, expiry_required=False, trace_mode="none",
        )  # fmt: skip

    def receive(
        self, item: Item, quantity: Any, amount: Any, lot: str = "", expiry: str = "2028-01-31"
    ) -> None:
        managed = {"lot": lot or "L1", "expiry": expiry} if item.lot_required else {"lot": lot}
        self.room.receive(
            self.keeper,
            {"item": item.pk, "quantity": str(quantity), "price": "0", "amount": str(amount), **managed},
        )

    def header(self, **more: Any) -> dict[str, Any]:
        return {
            "campus": self.world.campus.pk, "org_unit": self.ward.pk, "business_date": DAY, "store": self.store.pk, **more,
        }  # fmt: skip

    def ask(self, *wanted: tuple[Item, Any], actor: Any = None, **header: Any) -> Requisition:
        nurse = actor or self.nurse
        lines = [{"item": item.pk, "quantity": str(quantity)} for item, quantity in wanted]
        draft = services.save_draft(Requisition, actor=nurse, header=self.header(**header), lines=lines)
        return services.submit(draft, actor=nurse)

    def accept(self, request: Requisition, **grants: Grant) -> Requisition:
        if grants:
            by_line = {int(name.removeprefix("line")): one for name, one in grants.items()}
            request = grant(request, actor=self.keeper, grants=by_line)
        return posting.post(request, actor=self.keeper)

    def asked(self, *wanted: tuple[Item, Any], **header: Any) -> Requisition:
        return self.accept(self.ask(*wanted, **header))

    def give(self, request: Requisition) -> Any:
        return posting.post(delivering.deliver(request, actor=self.keeper), actor=self.keeper)

    def issue(self, item: Item, quantity: Any, *, by: User | None = None, **more: Any) -> StockIssue:
        header, by = self.header(fund=self.room.fund.pk, **more), by or self.keeper
        lines = [{"item": item.pk, "quantity": str(quantity)}]
        draft = services.save_draft(StockIssue, actor=by, header=header, lines=lines)
        return posting.post(services.submit(draft, actor=by), actor=by)

    def spent(self, account: str = "5001.02.05") -> Decimal:
        """What the ward was charged, net."""
        from hrp.platform.ledger.models import Line

        lines = Line.objects.filter(account__code=account, org_unit=self.ward)
        return sum((line.amount for line in lines), Decimal(0))

    def rule(self, key: str, value: str) -> None:
        """From this month on the hospital goes by another rule."""
        Parameter.objects.create(
            key=f"logistics.{key}", valid_from=DAY.replace(day=1), value=value, source="院内规定", entered_by="陈",
            entered_at=clock.now(),
        )  # fmt: skip
        stamps.forget()

    def check(self) -> None:
        broken = [(o.id, o.state, o.rows, o.detail) for o in health.run("logistics") if o.state != "ok"]
        assert broken == []
