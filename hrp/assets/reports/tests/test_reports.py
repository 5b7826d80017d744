"""Reports of assets: what they say is what the documents did, as of any month."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.http import QueryDict
from django.test import Client

from hrp.assets.documents.booking import Booking
from hrp.assets.models import Asset
from hrp.assets.reports import books, official, use
from hrp.assets.reports.queries import EXPORT, VIEW
from hrp.assets.tests.world import FIRST, AssetHospital, day, end
from hrp.platform.base import clock
from hrp.platform.ui import reports
from hrp.platform.ui.reports import ReportScreen

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> AssetHospital:
    """Three months: two devices booked, one upgraded, one moved, one written off."""
    h = AssetHospital()
    h.world.grant(h.accountant, VIEW, EXPORT)
    scanner = h.book((h.fiscal, "1200000.00"), (h.own, "600000.00"), on=day(1, 10), name="CT 机")
    monitor = h.book((h.own, "36000.00"), on=day(1, 20), months=72, value_kind="estimate")
    h.run(FIRST)
    h.transfer(monitor, day(2, 5), {h.world.other: "100"})
    h.run(end(2))
    h.write_off(scanner, day(3, 9))
    h.book((h.science, "240000.00"), on=day(3, 9), name="超声仪")
    h.run(end(3))
    return h


def ask(hospital: AssetHospital, screen: ReportScreen, **conditions: str) -> list[Any]:
    given = QueryDict(mutable=True)
    given.update(conditions)
    with clock.pinned(clock.at(day(4, 2), 9)):
        return list(reports.ask(screen, given, hospital.accountant).rows)


def test_the_ledger_book_opens_and_closes(hospital: AssetHospital) -> None:
    [row] = ask(hospital, books.LEDGER_BOOK, date_from=str(day(3, 1)), date_to=str(end(3)))
    assert [row[f"count_{w}"] for w in ("before", "in", "out", "after")] == [2, 1, 1, 2]
    assert row["cost_before"] + row["cost_in"] - row["cost_out"] == row["cost_after"] == Decimal("276000.00")
    assert row["worn_before"] == 2 * Decimal("30500.00")
    assert row["worn_before"] + row["worn_in"] - row["worn_out"] == row["worn_after"]
    assert row["worn_after"] == 3 * Decimal("500.00") + Decimal("4000.00")


def test_the_register_as_of_a_past_month_knows_what_was_then(hospital: AssetHospital) -> None:
    first = {row["name"]: row for row in ask(hospital, books.AS_OF, month=f"{FIRST:%Y-%m}")}
    assert (first["CT 机"]["net"], first["监护仪"]["department"]) == (Decimal("1770000.00"), "心内科")
    third = {row["name"]: row for row in ask(hospital, books.AS_OF, month=f"{end(3):%Y-%m}")}
    assert set(third) == {"监护仪", "超声仪"}
    assert (third["监护仪"]["department"], third["监护仪"]["accumulated"]) == ("骨科", Decimal("1500.00"))


def test_changes_and_funding(hospital: AssetHospital) -> None:
    moves = ask(hospital, books.CHANGE_LIST, date_from=str(day(3, 1)), date_to=str(end(3)))
    assert [(row["what"], row["cost"]) for row in moves] == [
        ("核销", Decimal("-1200000.00")), ("核销", Decimal("-600000.00")), ("入账", Decimal("240000.00")),
    ]  # fmt: skip
    funding = {row["name"]: row["cost"] for row in ask(hospital, books.SOURCES, month=f"{end(3):%Y-%m}")}
    assert funding == {"自有资金": Decimal("36000.00"), "科教经费": Decimal("240000.00")}


def test_depreciation_by_class_department_and_fund_beside_last_month(hospital: AssetHospital) -> None:
    found = ask(hospital, use.DEPRECIATION, month=f"{end(2):%Y-%m}")
    cells = {(row["department"], row["paid_by"]): (row["this"], row["last"]) for row in found}
    assert cells == {
        ("心内科", "财政项目拨款"): (Decimal("20000.00"), Decimal("20000.00")),
        ("心内科", "自有资金"): (Decimal("10000.00"), Decimal("10500.00")),
        ("骨科", "自有资金"): (Decimal("500.00"), Decimal(0)),
    }
    # opened without a month it shows the one that was run last, not the empty one that is still going on
    assert ask(hospital, use.DEPRECIATION) == ask(hospital, use.DEPRECIATION, month=f"{end(3):%Y-%m}")


def test_what_is_worn_out(hospital: AssetHospital) -> None:
    old = hospital.card((hospital.own, "50000.00"), months=60, way="opening", name="旧监护仪")
    old.funding.update(opening=Decimal("49000.00"), opening_months=59)
    hospital.post(Booking, [{"asset": old.pk}], day(4, 1))
    hospital.run(end(4))
    found = ask(hospital, books.FULLY, month=f"{end(4):%Y-%m}")
    assert [(row["name"], row["net"], row["over"]) for row in found] == [("旧监护仪", 0, 0)]
    assert not ask(hospital, books.FULLY, month=f"{end(3):%Y-%m}")


def test_lists_of_departments_idle_estimates_ages_and_large(hospital: AssetHospital) -> None:
    month = f"{end(3):%Y-%m}"
    assert [(r["department"], r["name"]) for r in ask(hospital, use.DEPARTMENTS, month=month)] == [
        ("心内科", "超声仪"), ("骨科", "监护仪"),
    ]  # fmt: skip
    assert [r["name"] for r in ask(hospital, use.ESTIMATED, month=month)] == ["监护仪"]
    Asset.objects.filter(name="超声仪").update(status="idle")
    assert [r["name"] for r in ask(hospital, use.IDLE_ASSETS, month=month)] == ["超声仪"]
    ages = ask(hospital, use.AGE_BANDS, month=month)
    assert (ages[0]["cards"], ages[0]["cost"], sum(r["cards"] for r in ages)) == (2, Decimal("276000.00"), 2)
    assert [r["name"] for r in ask(hospital, use.LARGE_DEVICES, month=f"{end(2):%Y-%m}")] == ["CT 机"]
    assert not ask(hospital, use.LARGE_DEVICES, month=month)


def test_the_state_counts_devices_in_bands(hospital: AssetHospital) -> None:
    found = ask(hospital, official.COUNTED, month=f"{end(2):%Y-%m}")
    assert [(r["band"], r["quantity"], r["cost"]) for r in found] == [
        ("50 万元以下", 1, Decimal("36000.00")), ("50–99 万元", 0, Decimal(0)), ("100 万元及以上", 1, Decimal("1800000.00")),
    ]  # fmt: skip


def test_the_annual_report_closes_with_the_ledger_book(hospital: AssetHospital) -> None:
    span = {"date_from": str(day(1, 1)), "date_to": str(end(3))}
    found = ask(hospital, official.ANNUAL_REPORT, **span)
    by_part = {part: [r for r in found if r["part"] == part] for part in (1, 2, 3, 4)}
    [ledger] = ask(hospital, books.LEDGER_BOOK, **span)
    assert sum(r["cost"] for r in by_part[1]) == sum(r["cost"] for r in by_part[3]) == ledger["cost_after"]
    assert sum(r["net"] for r in by_part[1]) == ledger["net_after"]
    assert sum(r["cost"] for r in by_part[2]) == ledger["cost_in"]
    assert [(r["name"], r["cost"]) for r in by_part[4]] == [("报废", ledger["cost_out"])]


@pytest.mark.parametrize(
    "key", [screen.key for screen in reports.registry if screen.key.startswith("assets.")]
)
def test_every_report_is_shown_exported_and_printed(key: str, hospital: AssetHospital) -> None:
    screen = reports.registry[key]
    codes = (screen.permission, screen.permission.removesuffix("view") + "export")
    client = Client()
    client.force_login(hospital.world.user("reader", "资产会计", *codes))
    with clock.pinned(clock.at(day(4, 2), 9)):
        page = client.get(screen.base)
        assert page.status_code == 200
        assert screen.title in page.content.decode()
        book = b"".join(client.get(f"{screen.base}/export").streaming_content)  # type: ignore[attr-defined]
        assert openpyxl.load_workbook(io.BytesIO(book)).active is not None
        assert client.get(f"{screen.base}/print").content.startswith(b"%PDF")


def test_a_department_sees_its_own(hospital: AssetHospital) -> None:
    keeper = hospital.world.user("keeper", "管理员", VIEW, unit=hospital.world.other)
    given = QueryDict(mutable=True)
    given.update({"month": f"{end(3):%Y-%m}"})
    with clock.pinned(clock.at(day(4, 2), 9)):
        found = reports.ask(use.DEPARTMENTS, given, keeper).rows
    assert [row["department"] for row in found] == ["骨科"]
