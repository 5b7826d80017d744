"""Many clerks at one shelf: exactly what is there is issued, and nobody meets a deadlock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from django.db import connection

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import StockBalance
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base import health
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World

DEMANDS, STOCK, CLERKS = 48, 30, 8


def test_demand_beyond_stock_is_refused_exactly(committed_db: Any) -> None:
    world = World()
    room = Stockroom(world)
    kinds = ("logistics.stock_receipt", "logistics.stock_issue")
    clerk = world.user("clerk", "库管", *(f"{kind}.{act}" for kind in kinds for act in ACTS))
    for item in (room.gauze, room.syringe):
        room.receive(
            clerk,
            {
                "item": item.pk,
                "lot": "A",
                "expiry": "2028-01-01",
                "quantity": str(STOCK),
                "price": "0.333333",
            },
        )
    header = {
        "campus": world.campus.pk, "org_unit": world.unit.pk, "business_date": DAY, "store": room.store.pk,
        "fund": room.fund.pk,
    }  # fmt: skip
    orders = ((room.gauze, room.syringe), (room.syringe, room.gauze))
    waiting = []
    for n in range(DEMANDS):
        lines = [{"item": item.pk, "quantity": "1"} for item in orders[n % 2]]
        draft = services.save_draft(StockIssue, actor=clerk, header=header, lines=lines)
        waiting.append(services.submit(draft, actor=clerk))

    def post(document: StockIssue) -> str:
        try:
            return posting.post(document, actor=clerk).state
        except Conflict as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(CLERKS) as clerks:
        outcomes = list(clerks.map(post, waiting))
    assert outcomes.count(State.POSTED) == STOCK
    assert outcomes.count("no_stock") == DEMANDS - STOCK
    assert set(StockBalance.objects.values_list("quantity", "amount")) == {(Decimal(0), Decimal(0))}
    assert [o for o in health.run() if o.state != "ok"] == []
    numbers = sorted(
        int(n[-5:]) for n in StockIssue.objects.exclude(number=None).values_list("number", flat=True)
    )
    assert numbers == list(range(1, STOCK + 1))
