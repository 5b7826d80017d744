"""The registers of the catalogue over HTTP: each page opens, and what people press does what it says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hrp.logistics.catalogue.models import (
    License,
    LicenseFile,
    OneOffPurchase,
    PriceAgreement,
    SupplyVersion,
    VolumeContract,
    VolumeItem,
)
from hrp.logistics.catalogue.selectors import volume_progress
from hrp.logistics.catalogue.tests.world import DAY, Market

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def clerk(market: Market, client: Client) -> Client:
    client.force_login(market.clerk)
    return client


PAGES = (
    "items", "admissions", "class-nodes", "licenses", "authorisations", "overrides", "agreements", "volume-contracts", "supply-versions",
    "one-offs", "scans", "suppliers",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_list_opens(clerk: Client, page: str) -> None:
    assert clerk.get(f"/logistics/{page}/").status_code == 200


def test_an_item_is_followed_on_its_page(market: Market, clerk: Client) -> None:
    values = {
        "code": "X1",
        "name": "导管",
        "unit": "根",
        "kind": "consumable",
        "material_class": market.room.gauze.material_class.pk,
    }
    given = values | {
        "device_class": "2",
        "origin": "domestic",
        "trace_mode": "lot",
        "expiry_mode": "last_usable_day",
        "cost_method": "batch",
        "over_receive_percent": "0",
        "lead_days": "7",
        "pack": "1",
    }
    saved = clerk.post("/logistics/items/new", given)
    assert saved.status_code == 302, saved.content.decode()[:2000]
    page = clerk.get(saved.url).content.decode()
    assert "没有登记注册证号或备案号" in page
    assert "提交准入" in page
    act = clerk.post(f"{saved.url}/act/submit", {"act": "submit", "reason": ""})
    assert act.status_code == 302
    assert "资质审核" in clerk.get("/logistics/admissions/?tab=qualification").content.decode()


def test_a_paper_keeps_its_scanned_original(market: Market, clerk: Client) -> None:
    given = {
        "kind": "operation",
        "number": "JY-1",
        "supplier": market.room.supplier.pk,
        "valid_from": "2024-01-01",
        "valid_to": "2029-01-01",
        "scope_codes": "6815、14",
        "is_active": "1",
    }
    saved = clerk.post("/logistics/licenses/new", given)
    assert saved.status_code == 302, saved.content.decode()[:2000]
    paper = License.objects.get()
    assert paper.scope_codes == "6815、14"
    assert "6815、14" in clerk.get(f"{saved.url}/edit").content.decode()
    sent = clerk.post(
        f"{saved.url}/act/attach", {"act": "attach", "file": SimpleUploadedFile("许可证.pdf", PDF)}
    )
    assert sent.status_code == 302
    kept = LicenseFile.objects.get()
    answer = clerk.get(f"/logistics/licenses/files/{kept.pk}")
    assert (answer["Content-Type"], b"".join(answer.streaming_content)) == ("application/pdf", PDF)
    clerk.force_login(market.world.user("stranger", "无权"))
    assert clerk.get(f"/logistics/licenses/files/{kept.pk}").status_code == 403


def test_an_overlapping_price_is_refused_in_words_and_begins_after_the_old_one_ended(
    market: Market, clerk: Client
) -> None:
    given = {
        "supplier": market.room.supplier.pk,
        "item": market.stent.pk,
        "source": "tender",
        "price": "798",
        "tax_rate": "13",
        "valid_from": "2026-01-01",
    }
    assert clerk.post("/logistics/agreements/new", given).status_code == 302
    refused = clerk.post("/logistics/agreements/new", given | {"price": "700", "valid_from": "2027-01-01"})
    assert (refused.status_code, "已有协议价 798 元" in refused.content.decode()) == (409, True)
    row = PriceAgreement.objects.get()
    assert (
        clerk.post(
            f"/logistics/agreements/{row.pk}/act/end", {"act": "end", "valid_to": "2026-12-31"}
        ).status_code
        == 302
    )
    assert (
        clerk.post(
            "/logistics/agreements/new", given | {"price": "700", "valid_from": "2027-01-01"}
        ).status_code
        == 302
    )
    assert PriceAgreement.objects.count() == 2


def test_a_version_of_the_catalogue_is_made_and_published(market: Market, clerk: Client) -> None:
    given = {
        "code": "2026-3",
        "meeting": "第3次会议",
        "meeting_date": "2026-10-01",
        "effective_from": "2026-11-01",
    }
    saved = clerk.post("/logistics/supply-versions/new", given)
    assert saved.status_code == 302, saved.content.decode()[:2000]
    assert (
        clerk.post(f"{saved.url}/panels/lines", {"item": market.stent.pk, "note": "限导管室"}).status_code
        == 302
    )
    assert "新增" in clerk.get(saved.url).content.decode()
    market.grant(market.head, "logistics.supply_version.view")
    clerk.force_login(market.head)
    assert clerk.post(f"{saved.url}/act/publish", {"act": "publish"}).status_code == 302
    assert SupplyVersion.objects.get().published_by == market.head


def test_a_one_off_purchase_is_asked_for(market: Market, clerk: Client) -> None:
    given = {
        "item": market.stent.pk,
        "org_unit": market.world.unit.pk,
        "quantity": "3",
        "valid_to": "2027-01-01",
        "reason": "急救",
    }
    saved = clerk.post("/logistics/one-offs/new", given)
    assert saved.status_code == 302, saved.content.decode()[:2000]
    assert OneOffPurchase.objects.get().asked_by == market.clerk
    assert "待批准" in clerk.get("/logistics/one-offs/").content.decode()


def test_an_exception_is_asked_for_and_the_receipt_says_what_stands_against_it(
    market: Market, clerk: Client
) -> None:
    given = {
        "check_code": "license",
        "supplier": market.room.supplier.pk,
        "reason": "换证",
        "valid_from": "2026-11-01",
        "valid_to": "2026-12-01",
    }
    saved = clerk.post("/logistics/overrides/new", given)
    assert saved.status_code == 302, saved.content.decode()[:2000]
    assert clerk.post(f"{saved.url}/act/head", {"act": "head"}).status_code == 302
    assert "质控签署" in clerk.get("/logistics/overrides/").content.decode()
    document = market.draft()
    page = clerk.get(f"/logistics/stock-receipts/{document.pk}").content.decode()
    assert "没有登记营业执照" in page


def test_progress_of_a_volume_contract_counts_what_came_in(market: Market, clerk: Client) -> None:
    contract = VolumeContract.objects.create(
        code="JC1",
        name="支架集采",
        agreed=100,
        unit="个",
        valid_from=dt.date(2026, 1, 1),
        valid_to=dt.date(2026, 12, 31),
    )
    other = market.item("GZ02", "别家支架")
    VolumeItem.objects.create(contract=contract, item=market.stent)
    VolumeItem.objects.create(contract=contract, item=other, selected=False)
    market.receive(market.line(quantity="30"), market.line(other, quantity="10"))
    found, selected = volume_progress(contract, DAY)
    assert (selected, found.done_percent, found.unselected_percent, found.behind) == (
        30,
        Decimal("30.0"),
        Decimal("25.0"),
        True,
    )
    assert "落后、非中选超限" in clerk.get("/logistics/volume-contracts/").content.decode()
    assert "30 个" in clerk.get(f"/logistics/volume-contracts/{contract.pk}").content.decode()


def test_the_grid_of_a_receipt_fills_the_agreed_price(market: Market, client: Client) -> None:
    market.receive(market.line(price="700"))
    client.force_login(market.clerk)

    def told(**line: Any) -> dict[str, Any]:
        row = {"item": market.stent.pk, "lot": "", "expiry": "2028-01-31", "price": ""} | line
        given = {"supplier": market.room.supplier.pk, "business_date": str(DAY)}
        answer = client.post(
            "/logistics/stock-receipts/advise",
            given | {f"lines-0-{name}": value for name, value in row.items()},
        )
        found: dict[str, Any] = answer.json()["rows"]["0"]
        return found

    assert told()["fill"] == {"price": "700"}
    assert told()["why"]["price"].startswith("没有价格协议；最近一次入库价")
    assert told()["wrong"] == {"lot": "本物资管理批号，请填写"}
    PriceAgreement.objects.create(
        supplier=market.room.supplier, item=market.stent, price="650", valid_from=DAY, source="tender"
    )  # fmt: skip
    assert told(lot="A")["fill"] == {"price": "650"}
    assert "高于中标协议价 650 元" in told(lot="A", price="651")["wrong"]["price"]
    assert told(lot="A", expiry=str(DAY - dt.timedelta(days=1)))["wrong"] == {"expiry": "已过期，不能入库"}
