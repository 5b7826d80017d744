"""A scan becomes a line; what is unknown can be bound; what is doubtful is said; every scan is kept."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from hrp.logistics.catalogue.models import ItemAlias, ItemIdentifier, ItemUnit, ScanRecord
from hrp.logistics.catalogue.selectors import units_of
from hrp.logistics.catalogue.services import identifiers, scanning
from hrp.logistics.catalogue.tests.world import CASE, DAY, GTIN, Market
from hrp.logistics.rules.units import to_base
from hrp.platform.audit.models import ActionLog
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.documents.testing import SINCE

pytestmark = pytest.mark.django_db
GS = "\x1d"
WHOLE = f"01{GTIN}17280131" + f"10LOT7{GS}21S9"


@pytest.fixture
def market() -> Market:
    return Market()


def bound(market: Market) -> None:
    for di, level, quantity in ((GTIN, "use", 1), (CASE, "case", 20)):
        identifiers.bind(
            actor=market.clerk, item=market.stent, di=di, level=level, quantity=Decimal(quantity), agency="GS1",
            valid_from=SINCE,
        )  # fmt: skip


def test_a_label_gives_item_lot_expiry_and_serial(market: Market) -> None:
    bound(market)
    found = scanning.resolve(WHOLE, on=DAY)
    assert (found.item, found.quantity, found.lot, found.expiry, found.serial, found.warnings) == (
        market.stent, 1, "LOT7", dt.date(2028, 1, 31), "S9", (),
    )  # fmt: skip


def test_a_case_stands_for_the_pieces_in_it(market: Market) -> None:
    bound(market)
    assert scanning.resolve(f"]C101{CASE}10LOT7", on=DAY).quantity == 20


def test_a_swallowed_separator_is_said_with_the_lot_known_here(market: Market) -> None:
    bound(market)
    market.receive(market.line(lot="LOT7"))
    [said] = [w for w in scanning.resolve(f"01{GTIN}10LOT717280131", on=DAY).warnings if "吞进" in w]
    assert said.endswith("曾入库批号 LOT7")


def test_the_separator_of_this_hospitals_scanners_is_known(market: Market) -> None:
    bound(market)
    market.set("logistics.scan.separators", "~")
    found = scanning.resolve(f"01{GTIN}10LOT7~17280131", on=DAY)
    assert (found.lot, found.expiry) == ("LOT7", dt.date(2028, 1, 31))


def test_our_own_code_needs_no_device_code(market: Market) -> None:
    assert scanning.resolve(" gz01 ").item == market.stent
    assert scanning.resolve("没有这个").error


def test_an_identifier_belongs_to_one_item(market: Market) -> None:
    bound(market)
    with pytest.raises(Conflict) as refused:
        identifiers.bind(
            actor=market.clerk,
            item=market.room.gauze,
            di=GTIN,
            level="use",
            quantity=Decimal(1),
            agency="GS1",
        )
    assert (refused.value.code, "GZ01" in refused.value.reason) == ("identifier_taken", True)


def test_binding_needs_the_permission_and_is_logged(market: Market) -> None:
    with pytest.raises(Forbidden):
        identifiers.bind(
            actor=market.head, item=market.stent, di=GTIN, level="use", quantity=Decimal(1), agency="GS1"
        )
    bound(market)
    assert (
        ActionLog.objects.filter(
            act="logistics.identifier.bind", target=f"logistics.item:{market.stent.pk}"
        ).count()
        == 2
    )


@pytest.mark.parametrize("quantity", [Decimal(0), Decimal(-1), Decimal("NaN")])
def test_a_package_holds_something(market: Market, quantity: Decimal) -> None:
    with pytest.raises(Invalid):
        identifiers.bind(
            actor=market.clerk, item=market.stent, di=GTIN, level="use", quantity=quantity, agency="GS1"
        )


# -- duplicates ----------------------------------------------------------------------------------------------------


def test_codes_of_a_duplicate_lead_to_what_was_kept_and_history_stays(market: Market) -> None:
    double = market.item("GZ02", "支架")
    identifiers.bind(
        actor=market.clerk,
        item=double,
        di=GTIN,
        level="use",
        quantity=Decimal(1),
        agency="GS1",
        valid_from=SINCE,
    )
    before = market.receive(market.line(double))
    identifiers.merge(actor=market.clerk, item=double, into=market.stent, reason="同一产品")
    found = scanning.resolve(WHOLE, on=DAY)
    assert found.item == market.stent
    assert found.warnings == ("GZ02 已合并到 GZ01",)
    double.refresh_from_db()
    assert (double.status, before.lines.get().item_id) == ("retired", double.pk)


def test_merging_goes_on_and_never_in_a_circle(market: Market) -> None:
    second, third = market.item("GZ02", "支架"), market.item("GZ03", "支架")
    identifiers.merge(actor=market.clerk, item=market.stent, into=second, reason="重复")
    identifiers.merge(actor=market.clerk, item=second, into=third, reason="重复")
    assert scanning.surviving(market.stent) == third
    for item, into in ((third, market.stent), (third, second), (second, third)):
        with pytest.raises(Conflict):
            identifiers.merge(actor=market.clerk, item=item, into=into, reason="重复")
    with pytest.raises(DatabaseError), transaction.atomic():
        ItemAlias.objects.create(
            item=third,
            into=market.stent,
            reason="x",
            merged_by=market.clerk,
            merged_at=dt.datetime.now(dt.UTC),
        )


def test_different_units_are_not_the_same_item(market: Market) -> None:
    with pytest.raises(Conflict) as refused:
        identifiers.merge(
            actor=market.clerk, item=market.item("GZ02", "支架", unit="盒"), into=market.stent, reason="重复"
        )
    assert refused.value.code == "unit_differs"


# -- units ---------------------------------------------------------------------------------------------------------


def test_units_are_exact_and_keep_their_factor(market: Market) -> None:
    define: Any = identifiers.define_unit
    define(actor=market.clerk, item=market.stent, name="箱", num=200, for_purchase=True)
    define(actor=market.clerk, item=market.stent, name="大箱", num=400, for_purchase=True)
    assert [u.name for u in ItemUnit.objects.filter(for_purchase=True)] == ["大箱"]
    assert to_base(Decimal(2), units_of(market.stent)[1]) == 400
    with pytest.raises(Conflict) as refused:
        define(actor=market.clerk, item=market.stent, name="箱", num=250)
    assert refused.value.code == "unit_defined"
    with pytest.raises(Invalid):
        define(actor=market.clerk, item=market.stent, name="个", num=2)


# -- the pages -----------------------------------------------------------------------------------------------------


@pytest.fixture
def clerk(market: Market, client: Client) -> Client:
    client.force_login(market.clerk)
    return client


def scan(client: Client, raw: str) -> dict[str, Any]:
    answer = client.post(
        "/lookup/logistics.item/scan?shows=spec", {"raw": raw, "place": "logistics.stock_receipt"}
    )
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_scan_box_gets_a_whole_line_and_the_raw_scan_is_kept(market: Market, clerk: Client) -> None:
    bound(market)
    found = scan(clerk, f"01{CASE}17280131" + f"10LOT7{GS}21S9")
    assert (found["hit"]["code"], found["once"]) == ("GZ01", True)
    assert found["fill"] == {"lot": "LOT7", "expiry": "2028-01-31", "quantity": "20"}
    kept = ScanRecord.objects.get()
    assert (kept.raw, kept.item, kept.place) == (
        f"01{CASE}1728013110LOT7{GS}21S9",
        market.stent,
        "logistics.stock_receipt",
    )


def test_an_unknown_identifier_offers_binding_and_is_known_then(market: Market, clerk: Client) -> None:
    found = scan(clerk, WHOLE)
    assert found["hit"] is None
    form = clerk.get(found["dialog"])
    assert GTIN in form.content.decode()
    given = {"raw": WHOLE, "item": market.stent.pk, "level": "use", "quantity": "1"}
    assert clerk.post("/logistics/identifiers/bind", given | {"quantity": "x"}).status_code == 422
    assert clerk.post("/logistics/identifiers/bind", given).status_code == 204
    assert ItemIdentifier.objects.get().agency == "GS1"
    assert scan(clerk, WHOLE)["hit"]["code"] == "GZ01"


def test_who_may_not_bind_is_not_offered_it(market: Market, client: Client) -> None:
    viewer = market.world.user("viewer", "查看", "logistics.item.view")
    client.force_login(viewer)
    assert scan(client, WHOLE)["dialog"] == ""
    assert client.get("/logistics/identifiers/bind", {"raw": WHOLE}).status_code == 403


def test_a_typed_name_is_no_scan(market: Market, clerk: Client) -> None:
    assert scan(clerk, "支架")["hit"] is None
    assert not ScanRecord.objects.exists()


@pytest.mark.parametrize(
    ("heard", "good", "words"),
    [(GS, True, "正常到达"), ("", False, "分隔符丢失"), ("|", True, "被换成了“|”")],
)
def test_the_self_test_says_whether_the_separator_arrives(
    clerk: Client, heard: str, good: bool, words: str
) -> None:
    assert "扫到这里" in clerk.get("/logistics/scanner").content.decode()
    answer = clerk.post(
        "/logistics/scanner/read", {"raw": f"010690123456789210TEST-A1{heard}1728013121S0001"}
    ).json()
    assert (answer["good"], words in answer["verdict"]) == (good, True)
