"""The supplier's platform over real HTTP: an order goes out, its confirmation and delivery note come back."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from hrp.logistics.models import Supplier
from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote
from hrp.logistics.purchasing.services import ordering, portal, receiving
from hrp.logistics.purchasing.tests.world import Market, all_of
from hrp.platform.documents.testing import DAY
from hrp.platform.exchange.messages import partners
from hrp.platform.exchange.models import PartnerMessage
from hrp.platform.jobs import inline
from hrp.platform.notify import signing
from hrp.platform.notify.tests import receiver
from hrp.platform.notify.tests.receiver import Receiver

pytestmark = pytest.mark.django_db
SECRET = "supplier-and-hospital-0001"


@pytest.fixture
def far(market: Market) -> Iterator[Receiver]:
    with receiver.running() as one:
        one.secret = SECRET
        user = market.world.user(
            "m-portal", "供应商平台", *all_of("delivery_note"), "logistics.purchase_order.edit"
        )
        row = partners.save(
            pk=None,
            values={
                "code": market.supplier.code, "title": "平台", "url": f"{one.url}/orders", "allowed": one.pair, "timeout_s": 2,
                "user": user.pk,
            },
        )  # fmt: skip
        partners.set_secret(partner=row, secret=SECRET)
        partners.switch(partner=row, active=True)
        yield one


def tell(client: Client, code: str, kind: str, key: str, body: dict[str, Any]) -> Any:
    raw = json.dumps({"id": key, "kind": kind, "body": body}).encode()
    stamp = int(time.time())
    headers = {signing.TIMESTAMP: str(stamp), signing.SIGNATURE: signing.sign(SECRET, stamp, raw)}
    return client.post(
        f"/exchange/partners/{code}/messages", raw, content_type="application/json", headers=headers
    )


def test_an_order_is_sent_confirmed_shipped_and_received(
    market: Market, far: Receiver, client: Client
) -> None:
    order = market.order(market.line(market.syringe, 10, "0.62"))
    event = ordering.send(actor=market.buyer, order=order)
    assert event.way == "平台"
    inline.run_waiting(queue="exchange")
    sent = far.asked[0].json["body"]
    assert (sent["number"], sent["lines"][0]["quantity"], sent["total"]) == (order.number, "10", "6.20")
    promised = (DAY + dt.timedelta(days=5)).isoformat()
    said = tell(client, "G1", portal.CONFIRMATION, "C1", {"number": order.number, "promised_on": promised})
    assert said.json()["status"] == "confirmed"
    assert market.status(order) == "confirmed"
    body = {
        "number": "SH-77", "order": order.number, "expected_on": promised,
        "lines": [{"line": 1, "quantity": "2", "lot": "L7", "expiry": "2029-03-01", "codes": ["U1", "U2"]}],
    }  # fmt: skip
    answers = [tell(client, "G1", portal.DELIVERY, "D1", body) for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200]
    note = DeliveryNote.objects.get()
    assert (note.state, note.lines.get().codes) == ("posted", ["U1", "U2"])
    assert receiving.announced(order) == note


def test_a_platform_that_confirms_at_once_needs_no_second_message(market: Market, far: Receiver) -> None:
    far.answer = {"confirmed": True, "promised_on": "2026-11-20"}
    order = market.sent()
    inline.run_waiting(queue="exchange")
    event = order.events.get(kind="confirmed")
    assert (event.promised_on, event.way) == (dt.date(2026, 11, 20), "平台")


def test_a_supplier_sees_nothing_of_anothers_orders_and_is_told_what_is_wrong(
    market: Market, far: Receiver, client: Client
) -> None:
    order = market.sent()
    other = Supplier.objects.create(code="G2", name="别家")
    own = market.supplier
    market.supplier = other
    theirs = market.sent()
    market.supplier = own
    assert tell(client, "G1", portal.CONFIRMATION, "C1", {"number": theirs.number}).status_code == 422
    wrong = {
        "number": "S1",
        "order": order.number,
        "expected_on": "2026-11-20",
        "lines": [{"line": 9, "quantity": "1"}],
    }
    answer = tell(client, "G1", portal.DELIVERY, "D1", wrong)
    assert "没有第 9 行" in json.dumps(answer.json(), ensure_ascii=False)
    late = wrong | {"expected_on": "soon"}
    assert tell(client, "G1", portal.DELIVERY, "D2", late).status_code == 422
    assert not DeliveryNote.objects.exists()
    assert PartnerMessage.objects.filter(state="refused").count() == 3
