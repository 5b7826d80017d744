"""What stands before a receipt: papers, chains, prices, the catalogue; and what two people may except."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from hrp.logistics.catalogue.models import Authorisation, License, OneOffPurchase, Override, PriceAgreement
from hrp.logistics.catalogue.services import gatekeeping, licenses, supply
from hrp.logistics.catalogue.tests.world import DAY, Market
from hrp.logistics.gates import Moment
from hrp.logistics.models import Supplier
from hrp.platform.audit.models import ActionLog
from hrp.platform.base import health
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.services import lines_of
from hrp.platform.documents.testing import SINCE
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db
ENDED = DAY - dt.timedelta(days=10)
LATER = dt.date(2028, 1, 1)
CERTIFICATE = "国械注准20193130001"


@pytest.fixture
def market() -> Market:
    return Market()


def refusals(market: Market, *lines: dict[str, object]) -> list[str]:
    with pytest.raises(Invalid) as refused, transaction.atomic():
        market.draft(*lines)
    return [problem.message for problem in refused.value.problems]


def warned(market: Market, *lines: dict[str, object]) -> list[str]:
    document = market.draft(*lines)
    return [
        f.words
        for f in gatekeeping.findings(Moment.RECEIPT, document, lines_of(document), DAY)
        if f.level == "warn"
    ]


# -- papers --------------------------------------------------------------------------------------------------------


def test_what_is_not_on_file_warns_until_the_hospital_wants_more(market: Market) -> None:
    assert any("没有登记营业执照" in words for words in warned(market))
    market.set("logistics.gate.missing", "block")
    assert any("没有登记营业执照" in words for words in refusals(market))


def test_an_ended_licence_stands_before_the_receipt_and_its_last_day_does_not(market: Market) -> None:
    paper = market.paper("business", ENDED)
    assert refusals(market) == [f"测试供应商 的营业执照已于 {ENDED} 到期"]
    License.objects.filter(pk=paper.pk).update(valid_to=DAY)
    assert market.receive().number


def test_a_renewed_licence_takes_the_place_of_the_ended_one(market: Market) -> None:
    market.paper("operation", ENDED)
    market.paper("operation", LATER)
    assert not any("经营许可证" in words for words in warned(market))


def test_a_renewal_under_way_with_its_number_only_warns(market: Market) -> None:
    market.paper("operation", ENDED, renewing=True, renewal_number="受理-77")
    assert any("受理-77" in words for words in warned(market))
    with pytest.raises(IntegrityError), transaction.atomic():
        market.paper("operation", ENDED, renewing=True)


def test_goods_made_while_the_certificate_was_valid_may_come_in(market: Market) -> None:
    market.paper("registration", ENDED, number=CERTIFICATE, manufacturer="晨星医疗")
    [said] = refusals(market)
    assert CERTIFICATE in said
    assert refusals(market, market.line(produced=str(ENDED + dt.timedelta(days=1)))) != []
    assert any("有效期内" in words for words in warned(market, market.line(produced=str(ENDED))))


def test_a_revoked_certificate_lets_nothing_in(market: Market) -> None:
    market.paper("registration", LATER, number=CERTIFICATE, manufacturer="晨星医疗", is_active=False)
    assert "吊销" in refusals(market, market.line(produced="2026-01-01"))[0]


def test_stock_lawfully_received_is_still_issued(market: Market) -> None:
    document = market.receive()
    market.paper("business", ENDED)
    assert gatekeeping.findings(Moment.ISSUE, document, lines_of(document), DAY) == []
    assert [
        f.level
        for f in gatekeeping.findings(Moment.SETTLEMENT, document, lines_of(document), DAY)
        if "到期" in f.words
    ] == ["warn"]


def test_the_chain_must_reach_the_maker(market: Market) -> None:
    first = Supplier.objects.create(code="G0", name="一级代理")
    span = {"manufacturer": "晨星医疗", "valid_from": SINCE}
    Authorisation.objects.create(grantor=first, grantee=market.room.supplier, valid_to=LATER, **span)
    assert "授权链" in refusals(market)[0]
    Authorisation.objects.create(grantee=first, valid_to=LATER, **span)
    assert not any("授权" in words for words in warned(market))


def test_the_class_must_lie_in_the_scope(market: Market) -> None:
    market.paper("operation", LATER, scope_codes="6815、14")
    assert any("6846 不在" in words for words in warned(market))
    document = market.draft()
    levels = {
        f.level
        for f in gatekeeping.findings(Moment.ORDER, document, lines_of(document), DAY)
        if f.check == "scope"
    }
    assert levels == {"block"}, "an order is where it is refused; at receipt it warns"


# -- prices --------------------------------------------------------------------------------------------------------


def agree(market: Market, price: str, first: dt.date, last: dt.date | None) -> PriceAgreement:
    return PriceAgreement.objects.create(
        supplier=market.room.supplier,
        item=market.stent,
        price=Decimal(price),
        valid_from=first,
        valid_to=last,
        source="tender",
    )


def test_two_prices_never_hold_on_one_day(market: Market) -> None:
    agree(market, "798", SINCE, DAY)
    for first, last in (
        (DAY, None),
        (SINCE, SINCE),
        (DAY - dt.timedelta(days=9), DAY + dt.timedelta(days=9)),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            agree(market, "700", first, last)
    agree(market, "700", DAY + dt.timedelta(days=1), None)
    assert PriceAgreement.objects.count() == 2


def test_dearer_than_agreed_is_refused_at_its_line_and_a_fen_counts(market: Market) -> None:
    agree(market, "798", SINCE, None)
    assert "超过协议价" in refusals(market, market.line(), market.line(lot="A2", price="798.01"))[0]
    assert market.receive(market.line(quantity="3", price="798")).total == Decimal("2394.00")
    assert market.receive(market.line(price="900"), origin="donation").total == Decimal("900.00")


# -- the catalogue -------------------------------------------------------------------------------------------------


def publish(market: Market, *items: int, code: str = "2026-1", day: dt.date = SINCE) -> supply.SupplyVersion:
    values = {"code": code, "meeting": "第1次会议", "meeting_date": day, "effective_from": day}
    version = supply.draft(actor=market.clerk, values=values)
    supply.add(actor=market.clerk, version=version, items=items)
    return supply.publish(actor=market.head, version=version)


def one_off(market: Market, quantity: str) -> OneOffPurchase:
    row = supply.ask_one_off(
        actor=market.clerk,
        values={"item": market.stent, "org_unit": market.world.unit, "quantity": Decimal(quantity), "reason": "急救", "valid_to": LATER},
    )  # fmt: skip
    return supply.approve_one_off(actor=market.head, one_off=row)


def test_outside_the_catalogue_only_a_one_off_purchase_lets_in_and_only_so_many(market: Market) -> None:
    publish(market, market.item("GZ09", "别的").pk)
    assert "不在供应目录" in refusals(market)[0]
    row = one_off(market, "3")
    first = market.receive(market.line(quantity="2"))
    row.refresh_from_db()
    assert row.used == 2
    assert "不在供应目录" in refusals(market, market.line(quantity="2"))[0]
    posting.reverse(first, actor=market.clerk, reason="退货", on=DAY)
    row.refresh_from_db()
    assert row.used == 0
    assert market.receive(market.line(quantity="3")).number
    assert [o.id for o in health.run("logistics") if o.state != "ok"] == []


def test_two_deliveries_do_not_share_one_permission(market: Market) -> None:
    publish(market, market.item("GZ09", "别的").pk)
    one_off(market, "1")
    first, second = (services.submit(market.draft(), actor=market.clerk) for _ in range(2))
    posting.post(first, actor=market.clerk)
    with pytest.raises(Conflict) as refused:
        posting.post(second, actor=market.clerk)
    assert refused.value.code == "one_off_used"


def test_general_goods_are_no_matter_of_the_committee(market: Market) -> None:
    publish(market, market.stent.pk)
    paper = market.item("BG01", "复印纸", kind="office", device_class="")
    assert market.receive(market.line(paper, price="20")).number


def test_a_published_catalogue_is_closed_even_to_raw_sql(market: Market) -> None:
    version = publish(market, market.stent.pk)
    with pytest.raises(Conflict):
        supply.add(actor=market.clerk, version=version, items=[market.room.gauze.pk])
    for change in (version.lines.all().delete, lambda: supply.SupplyVersion.objects.update(note="x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_who_made_it_does_not_publish_and_the_next_begins_with_the_last(market: Market) -> None:
    publish(market, market.stent.pk)
    day = DAY + dt.timedelta(days=1)
    values = {"code": "2026-2", "meeting": "第2次会议", "meeting_date": DAY, "effective_from": day}
    version = supply.draft(actor=market.clerk, values=values)
    assert [line.item for line in version.lines.all()] == [market.stent]
    market.grant(market.clerk, "logistics.supply_version.approve")
    with pytest.raises(Conflict) as refused:
        supply.publish(actor=market.clerk, version=version)
    assert refused.value.code == "same_person"
    supply.publish(actor=market.head, version=version)
    assert (supply.in_force(DAY), supply.in_force(day)) == (
        supply.SupplyVersion.objects.get(code="2026-1"),
        version,
    )


# -- exceptions ----------------------------------------------------------------------------------------------------


def ask(market: Market) -> Override:
    return licenses.ask_override(
        actor=market.clerk, check="license", supplier=market.room.supplier.pk, item=None, reason="换证期间保障手术",
        valid_from=SINCE, valid_to=LATER,
    )  # fmt: skip


def test_two_people_open_a_gate_and_are_named(market: Market) -> None:
    market.paper("business", ENDED)
    row = ask(market)
    licenses.sign_override(actor=market.clerk, override=row, seat="head")
    assert refusals(market), "one signature opens nothing"
    licenses.sign_override(actor=market.head, override=row, seat="quality")
    assert any("采购员、分管领导放行：换证期间保障手术" in words for words in warned(market))
    assert ActionLog.objects.filter(target=f"logistics.override:{row.pk}").count() == 3
    licenses.revoke_override(actor=market.head, override=row)
    assert refusals(market)


def test_one_person_cannot_sign_twice_nor_can_sql_change_what_was_signed(market: Market) -> None:
    row = ask(market)
    licenses.sign_override(actor=market.head, override=row, seat="head")
    with pytest.raises(Conflict) as refused:
        licenses.sign_override(actor=market.head, override=row, seat="quality")
    assert refused.value.code == "same_person"
    for change in (
        {"quality_by": market.head, "quality_at": row.asked_at},
        {"valid_to": dt.date(2099, 1, 1)},
        {"head_by": market.clerk},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            Override.objects.filter(pk=row.pk).update(**change)


# -- telling -------------------------------------------------------------------------------------------------------


def told() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("title", flat=True))


def test_who_keeps_the_papers_is_told_once_at_each_step_and_daily_after(market: Market) -> None:
    market.paper("business", DAY + dt.timedelta(days=40))
    assert [licenses.remind(DAY + dt.timedelta(days=days)) for days in (0, 1, 9, 10, 33, 40, 41, 42)] == [
        1,
        0,
        0,
        1,
        1,
        0,
        1,
        1,
    ]
    assert told()[0].endswith("还有 40 天到期")
    assert told()[-1].endswith("已过期 2 天")
    market.paper("business", LATER)
    assert licenses.remind(DAY + dt.timedelta(days=43)) == 0, "it was renewed"


def test_a_quantity_is_judged_by_its_own_constraint_before_the_database_does(
    market: Market, caplog: pytest.LogCaptureFixture
) -> None:
    """Whole numbers too: compared with NaN as integers the check would fail itself and be passed over."""
    values = {"item": market.stent, "org_unit": market.world.unit, "reason": "急救", "valid_to": LATER}
    with pytest.raises(ValidationError):
        supply.ask_one_off(actor=market.clerk, values=values | {"quantity": Decimal(-3)})
    assert "database error" not in caplog.text
