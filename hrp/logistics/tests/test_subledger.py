"""Random business over stores, items and methods: every invariant holds after each step, undoing leaves nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.documents.stock_transfer import StockTransfer
from hrp.logistics.documents.transfer_receipt import TransferReceipt
from hrp.logistics.models import Freeze, Item, Layer, Reservation, StockBalance, Store, Valuation
from hrp.logistics.subledger.transit import open_of
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Document
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World

KINDS = ("stock_receipt", "stock_issue", "stock_transfer", "transfer_receipt")
METHODS = ("batch", "moving_average", "fifo", "month_average")
pytestmark = pytest.mark.django_db


class Business:
    """A hospital with two stores, one item for each method, and a clerk who may do everything."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.room = Stockroom(self.world)
        self.clerk = self.world.user(
            "clerk", "库管", *(f"logistics.{kind}.{act}" for kind in KINDS for act in ACTS)
        )
        common = {"campus": self.world.campus, "org_unit": self.world.unit}
        self.stores = [
            self.room.store,
            Store.objects.create(code="S2", name="二级库", kind="second", **common),
        ]
        Store.objects.create(code="T", name="在途", kind="transit", **common)
        self.items = [
            Item.objects.create(
                code=f"M{n}", name=method, unit="个", kind="general", material_class=self.room.gauze.material_class,
                cost_method=method, lot_required=False, expiry_required=False, trace_mode="none",
            )
            for n, method in enumerate(METHODS)
        ]  # fmt: skip

    def header(self, **more: Any) -> dict[str, Any]:
        return {"campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": DAY, **more}

    def do(self, model: type[Document], header: dict[str, Any], *lines: dict[str, Any]) -> Any:
        draft = services.save_draft(model, actor=self.clerk, header=self.header(**header), lines=lines)
        return posting.post(services.submit(draft, actor=self.clerk), actor=self.clerk)

    def receive(
        self, item: Item, quantity: Any, amount: Any, lot: str = "", store: int = 0, **line: Any
    ) -> Any:
        header = {
            "store": self.stores[store].pk,
            "supplier": self.room.supplier.pk,
            "fund": self.room.fund.pk,
        }
        given = {"item": item.pk, "lot": lot, "quantity": str(quantity), "price": "0", "amount": str(amount)}
        return self.do(StockReceipt, header, given | line)

    def issue(self, item: Item, quantity: Any, lot: str = "", store: int = 0) -> Any:
        header = {"store": self.stores[store].pk, "fund": self.room.fund.pk}
        return self.do(StockIssue, header, {"item": item.pk, "lot": lot, "quantity": str(quantity)})

    def send(self, item: Item, quantity: Any, store: int = 0) -> Any:
        header = {"store": self.stores[store].pk, "to_store": self.stores[1 - store].pk}
        return self.do(StockTransfer, header, {"item": item.pk, "quantity": str(quantity)})

    def arrive(self, transfer: StockTransfer, part: Decimal = Decimal(1)) -> Any:
        lines = [
            {"transfer_position": o.position, "item": o.item_id, "batch": o.batch_id, "quantity": str(q)}
            for o in open_of(transfer.pk, transfer.source)
            if (q := max((o.quantity * part).quantize(Decimal("0.01")), min(o.quantity, Decimal("0.01"))))
        ]
        return self.do(TransferReceipt, {"transfer": transfer.pk}, *lines)

    def reverse(self, document: Any) -> None:
        posting.reverse(document, actor=self.clerk, reason="撤销", on=max(DAY, document.business_date))

    def check(self) -> None:
        broken = [(o.id, o.state, o.rows, o.detail) for o in health.run("logistics") if o.state != "ok"]
        assert broken == []

    def worth(self, item: Item, store: int | None = None) -> tuple[Decimal, Decimal]:
        where = {} if store is None else {"store": self.stores[store]}
        quantity = sum(
            StockBalance.objects.filter(item=item, **where).values_list("quantity", flat=True), Decimal(0)
        )
        amounts = [
            *StockBalance.objects.filter(item=item, **where).values_list("amount", flat=True),
            *Valuation.objects.filter(item=item, **where).values_list("amount", flat=True),
        ]
        return quantity, sum(amounts, Decimal(0))


@pytest.fixture
def business() -> Business:
    return Business()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("receive", "receive", "issue", "issue", "send", "arrive", "reverse")),
        st.integers(0, 3),  # item
        st.integers(0, 1),  # store
        st.integers(1, 400),  # quantity in hundredths
        st.integers(0, 9999),  # fen
        st.sampled_from(("A", "B", "")),
    ),
    min_size=4, max_size=14,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_done_every_invariant_holds_and_undoing_leaves_nothing(
    business: Business, steps: list[Any]
) -> None:
    with transaction.atomic():
        done: list[Any] = []
        for step in steps:
            try:
                with transaction.atomic():
                    _do(business, done, *step)
            except Conflict as refused:
                if refused.code not in ("no_stock", "stock_gone", "received", "more_than_sent"):
                    raise
            business.check()
        while done:
            before = len(done)
            for document in reversed(list(done)):
                try:
                    with transaction.atomic():
                        business.reverse(document)
                except Conflict:
                    continue
                done.remove(document)
                business.check()
            assert len(done) < before, "what was done can be undone, the last first"
        assert not StockBalance.objects.exclude(quantity=0, amount=0).exists()
        assert not Valuation.objects.exclude(quantity=0, amount=0).exists()
        assert not Layer.objects.exclude(quantity=0, amount=0).exists()
        transaction.set_rollback(True)


def _do(
    business: Business, done: list[Any], what: str, item: int, store: int, size: int, fen: int, lot: str
) -> None:
    thing, quantity = business.items[item], Decimal(size) / 100
    if what == "receive":
        done.append(business.receive(thing, quantity, Decimal(fen) / 100, lot, store))
    elif what == "issue":
        done.append(business.issue(thing, quantity, store=store))
    elif what == "send":
        done.append(business.send(thing, quantity, store))
    elif what == "arrive":
        sent = next((d for d in done if isinstance(d, StockTransfer) and open_of(d.pk, d.source)), None)
        if sent is not None:
            done.append(business.arrive(sent, Decimal(fen % 100 + 1) / 100))
    elif done:
        document = done[fen % len(done)]
        business.reverse(document)
        done.remove(document)


def test_the_average_moves_and_the_last_piece_takes_the_tail(business: Business) -> None:
    item = business.items[1]
    business.receive(item, 2, "2.00", "A")
    business.receive(item, 1, "1.01", "B")
    assert [business.issue(item, 1).total for _ in range(3)] == [
        Decimal("1.00"),
        Decimal("1.01"),
        Decimal("1.00"),
    ]
    assert business.worth(item) == (0, 0)


def test_first_in_first_out_takes_whole_layers_and_a_mirror_gives_them_back(business: Business) -> None:
    item = business.items[2]
    business.receive(item, 10, "100.00", "B")
    later = business.receive(item, 10, "120.00", "A")
    taken = business.issue(item, 15)
    assert taken.total == Decimal("160.00"), "the order of receipt decides the cost, whatever the lot"
    with pytest.raises(Conflict) as refused:
        business.reverse(later)
    assert refused.value.code == "stock_gone"
    business.reverse(taken)
    business.reverse(later)
    assert business.worth(item) == (10, Decimal("100.00"))
    business.check()


@pytest.mark.parametrize("method", METHODS)
def test_a_transfer_carries_its_amount_and_what_is_short_stays_on_its_way(
    business: Business, method: str
) -> None:
    item = business.items[METHODS.index(method)]
    business.receive(item, 3, "10.00")
    sent = business.send(item, 3)
    assert business.worth(item, 0) == (0, 0)
    business.arrive(sent, Decimal(2) / 3)
    assert business.worth(item, 1) == (2, Decimal("6.67"))
    [left] = open_of(sent.pk, sent.source)
    assert (left.quantity, left.amount) == (1, Decimal("3.33"))
    business.check()
    with pytest.raises(Conflict) as refused:
        business.reverse(sent)
    assert refused.value.code == "received"
    rest = business.arrive(sent)
    assert rest.total == Decimal("3.33")
    assert business.worth(item, 1) == (3, Decimal("10.00"))


def test_what_is_promised_to_one_is_not_given_to_another(business: Business) -> None:
    item = business.items[0]
    business.receive(item, 5, "5.00", "A")
    Reservation.objects.create(
        store=business.stores[0], item=item, source="logistics.requisition:1", line_position=1, quantity=3,
        made_at=clock.now(),
    )  # fmt: skip
    business.issue(item, 2)
    with pytest.raises(Conflict) as refused:
        business.issue(item, 1)
    assert "已被申领占用" in refused.value.problems[0].message


def test_a_frozen_lot_is_passed_by_and_so_is_one_that_arrives_later(business: Business) -> None:
    item = business.items[0]
    Freeze.objects.create(item=item, reason="不良事件", frozen_by=business.clerk, frozen_at=clock.now())
    business.receive(item, 5, "5.00", "A")
    with pytest.raises(Conflict) as refused:
        business.issue(item, 1)
    assert "批号 A 已冻结" in refused.value.problems[0].message


def test_an_expired_lot_may_only_leave_for_quarantine(business: Business) -> None:
    item = business.items[0]
    bad = Store.objects.create(
        code="Q",
        name="不合格品库",
        kind="quarantine",
        campus=business.world.campus,
        org_unit=business.world.unit,
    )
    business.receive(item, 5, "5.00", "A", expiry=str(DAY))
    StockBalance.objects.get(item=item).batch.__class__.objects.update(expiry=DAY - dt.timedelta(days=1))
    with pytest.raises(Conflict):
        business.send(item, 1)
    header = {"store": business.stores[0].pk, "to_store": bad.pk}
    with pytest.raises(Conflict) as refused:
        business.do(StockTransfer, header, {"item": item.pk, "quantity": "2"})
    assert refused.value.code == "lot_needed"
    moved = business.do(StockTransfer, header, {"item": item.pk, "quantity": "2", "lot": "A"})
    assert moved.total == Decimal("2.00")
    business.check()
