"""The pages people work with all day, through the door they use."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client

from hrp.logistics.catalogue.models import License
from hrp.logistics.documents.stock_receipt import StockReceipt
from hrp.logistics.models import Item
from hrp.logistics.purchasing.documents.inspection import Inspection
from hrp.logistics.purchasing.documents.purchase_plan import PurchasePlan
from hrp.logistics.purchasing.models import ReplenishmentLine, StockingRule
from hrp.logistics.purchasing.selectors import scores
from hrp.logistics.purchasing.services import replenishing
from hrp.logistics.purchasing.tests.world import Market
from hrp.logistics.requesting.models import QuotaCard
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import services
from hrp.platform.documents.testing import DAY

pytestmark = pytest.mark.django_db


def as_of(client: Client, user: object) -> Client:
    client.force_login(user)
    return client


def test_receive_against_an_order_in_two_clicks(market: Market, client: Client) -> None:
    order = market.sent(market.line(market.gauze, 10), market.line(market.syringe, 100, "0.62"))
    as_of(client, market.inspector)
    market.world.grant(market.inspector, "logistics.purchase_order.view")
    listing = client.get("/logistics/purchasing").content.decode()
    assert f"/logistics/purchasing/receive/{order.pk}" in listing
    page = client.get(f"/logistics/purchasing/receive/{order.pk}").content.decode()
    assert 'value="100"' in page
    given = {
        "act": "finish", "quantity-0": "10", "quantity-1": "100", "lot-1": "L1", "expiry-1": "2029-01-01", "note_number": "SH9",
    }  # fmt: skip
    done = client.post(f"/logistics/purchasing/receive/{order.pk}", given)
    receipt = StockReceipt.objects.get()
    assert done.headers["Location"] == f"/logistics/stock-receipts/{receipt.pk}"
    assert (receipt.state, receipt.delivery_note, receipt.lines.count()) == ("draft", "SH9", 2)


def test_what_fails_on_the_page_stands_in_the_record_and_a_refusal_leaves_nothing(
    market: Market, client: Client
) -> None:
    order = market.sent(market.line(market.gauze, 10))
    as_of(client, market.inspector)
    given = {"act": "finish", "quantity-0": "10", "accepted-0": "8", "fail-0-package": "1"}
    assert client.post(f"/logistics/purchasing/receive/{order.pk}", given).status_code == 409
    assert not Inspection.objects.exists()
    client.post(f"/logistics/purchasing/receive/{order.pk}", given | {"reason-0": "两件受潮"})
    line = Inspection.objects.get().lines.get()
    assert (line.accepted, line.verdict, line.checks["package"]) == (8, "partial", ["fail", "两件受潮"])
    for wrong in ({"quantity-0": "很多"}, {"quantity-0": ""}):
        assert client.post(f"/logistics/purchasing/receive/{order.pk}", given | wrong).status_code == 422


def test_the_matrix_of_checks(market: Market, client: Client) -> None:
    order = market.sent(market.line(market.gauze, 10))
    document = market.inspection(order)
    as_of(client, market.inspector)
    url = f"/logistics/purchasing/inspections/{document.pk}/checks"
    assert "逐项验收" in client.get(url).content.decode()
    given = {f"r-1-{code}": "pass" for code in document.lines.get().checks} | {
        "r-1-note": "fail",
        "accepted-1": "10",
        "reason-1": "补送",
    }
    client.post(url, given)
    line = document.lines.get()
    assert (line.verdict, line.checks["note"][0]) == ("concession", "fail")


def test_suggestions_become_a_plan_of_what_a_person_decides(market: Market, client: Client) -> None:
    StockingRule.objects.create(
        item=market.gauze, store=market.store, least=50, most=200, supplier=market.supplier
    )
    bins = StockingRule.objects.create(item=market.syringe, store=market.store, method="two_bin", pack=20)
    Item.objects.filter(pk=market.gauze.pk).update(pack=10)
    market.direct(market.line(market.gauze, 30, "1.15"))
    for code in ("KX-01", "KX-02"):
        QuotaCard.objects.create(
            code=code, kind="store", org_unit=market.store.org_unit, store=market.store, item=market.syringe, quantity=20
        )  # fmt: skip
    replenishing.scan_cards(actor=market.buyer, rule=bins, cards=2)
    with pytest.raises(Conflict, match="在位的定数卡只有 0 张"):
        replenishing.scan_cards(actor=market.buyer, rule=bins, cards=1)
    as_of(client, market.buyer)
    made = client.post("/logistics/purchasing/replenishment/run", {"store": market.store.pk})
    assert made.status_code == 302
    page = client.get(made.headers["Location"]).content.decode()
    assert "低于下限 50，补到上限 200" in page
    assert not PurchasePlan.objects.exists(), "nothing is ordered without a person"
    gauze, syringe = (
        ReplenishmentLine.objects.order_by("item__code").filter(item=market.gauze).get(),
        ReplenishmentLine.objects.get(item=market.syringe),
    )
    assert (gauze.quantity, syringe.quantity) == (170, 40)
    done = client.post(
        f"/logistics/purchasing/replenishment/{gauze.run_id}/plan",
        {"line": [gauze.pk, syringe.pk], f"quantity-{gauze.pk}": "100", f"quantity-{syringe.pk}": "40"},
    )
    plan = PurchasePlan.objects.get()
    assert done.headers["Location"] == f"/logistics/purchase-plans/{plan.pk}"
    page = client.get(f"/logistics/purchasing/replenishment?run={gauze.run_id}").content.decode()
    assert f"已在 草稿#{plan.pk} 中" in page
    assert f'value="{gauze.pk}" checked' not in page, "what is planned already is not offered again"
    line = plan.lines.get(item=market.gauze)
    assert (line.wanted, line.quantity, line.price, line.supplier_id) == (
        170,
        100,
        Decimal("1.15"),
        market.supplier.pk,
    )
    market.direct(market.line(market.gauze, 1))
    again = replenishing.calculate(actor=market.buyer, store=market.store)
    assert again.lines.get(item=market.syringe).quantity == 0, "cards are used up by the plan they became"
    with pytest.raises(Invalid):
        replenishing.scan_cards(actor=market.buyer, rule=StockingRule.objects.get(item=market.gauze), cards=1)
    cards_wait_for_their_plan(market, plan)


def cards_wait_for_their_plan(market: Market, plan: PurchasePlan) -> None:
    """Asked for by the plan, empty again when it is given up, full when goods came that are enough for a pack."""
    assert set(QuotaCard.objects.values_list("state", "request")) == {("asked", plan.source)}
    services.void(plan, actor=market.buyer, reason="改为直送")
    assert (
        replenishing.calculate(actor=market.buyer, store=market.store).lines.get(item=market.syringe).quantity
        == 40
    )
    QuotaCard.objects.update(state="asked", request="logistics.purchase_plan:4711")
    market.direct(market.line(market.syringe, 25, lot="L9", expiry="2029-01-01"))
    assert sorted(QuotaCard.objects.values_list("state", flat=True)) == ["asked", "full"], (
        "25 fill one pack of 20"
    )


def test_who_may_not_is_turned_away_and_others_do_their_part(market: Market, client: Client) -> None:
    receipt = market.direct(
        market.line(
            market.syringe,
            1,
            lot="K",
            produced=str(DAY - dt.timedelta(days=300)),
            expiry=str(DAY + dt.timedelta(days=100)),
        ),
        post=False,
    )
    as_of(client, market.buyer)
    for url in ("/logistics/purchasing/concessions", "/logistics/purchasing/scores"):
        assert client.get(url).status_code == 403
    as_of(client, market.head)
    assert "不足全效期" in client.get("/logistics/purchasing/concessions").content.decode()
    let = f"/logistics/purchasing/concessions/{receipt.pk}/1/life"
    assert client.post(let, {"reason": ""}).status_code == 422
    assert client.post(let, {"reason": "当日用完"}).status_code == 302
    assert client.post(let, {"reason": "再来"}).status_code == 409


def test_scores_count_lines_not_pieces(market: Market, client: Client) -> None:
    order = market.sent(market.line(market.gauze, 10), market.line(market.syringe, 100, "0.62"), due=DAY)
    [receipt] = market.accepted(order)
    market.post_receipt(receipt)
    market.world.grant(market.head, "logistics.supplier_score.view")
    as_of(client, market.head)
    page = client.get(f"/logistics/purchasing/scores?from={DAY}&to={DAY}").content.decode()
    assert "100.0%" in page
    assert ">A<" in page


def test_a_licence_that_ended_with_nothing_in_its_place_is_a_lapse(market: Market) -> None:
    """The trade licence ran out and was renewed in time; the quality agreement ran out and nobody signed a new one."""
    first, last = DAY - dt.timedelta(days=100), DAY
    out = DAY - dt.timedelta(days=50)
    for kind, since, until in (
        ("operation", first - dt.timedelta(days=400), out), ("operation", out, DAY + dt.timedelta(days=400)),
        ("quality", first - dt.timedelta(days=400), out),
    ):  # fmt: skip
        License.objects.create(
            kind=kind, number=f"{kind}{since}", supplier=market.supplier, valid_from=since, valid_to=until
        )
    [found] = scores.scores(first=first, last=last)
    assert (found.facts.lapsed, found.score.points) == (1, Decimal("95.0"))
    assert scores.scores(first=DAY, last=DAY) == [], "it ended before the span began"


def test_the_record_of_an_inspection_is_printed(market: Market, client: Client) -> None:
    order = market.sent(market.line(market.gauze, 10))
    document = market.inspection(order)
    as_of(client, market.inspector)
    answer = client.get(f"/logistics/inspections/{document.pk}/print")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
