"""Reports say what happened, for whom may know it: on the screen, as a workbook and on paper."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.http import QueryDict
from django.test import Client

from hrp.logistics.models import StockBalance
from hrp.logistics.tests.test_subledger import Business
from hrp.platform.access.models import Role, RoleGrant, RolePermission
from hrp.platform.base import clock, stamps
from hrp.platform.base.refusals import Forbidden
from hrp.platform.documents.testing import DAY
from hrp.platform.ui import reports
from hrp.platform.ui.reports import Answer

pytestmark = pytest.mark.django_db
CODES = (
    "stock.view",
    "stock.export",
    "stock_issue.view",
    "stock_issue.export",
    "stock_receipt.view",
    "stock_receipt.export",
    "price_adjustment.view",
    "price_adjustment.export",
    *(f"{noun}.{act}" for noun in (
        "purchase_order", "payable", "volume_contract", "license", "stocktake", "department_quota", "patient_use",
    ) for act in ("view", "export")),
)  # fmt: skip


@pytest.fixture
def business() -> Business:
    made = Business()
    made.receive(made.items[0], 10, "100.00", "A")
    made.receive(made.items[1], 4, "10.00")
    made.issue(made.items[0], 3)
    return made


@pytest.fixture
def reader(business: Business) -> Any:
    return business.world.user("reader", "物资会计", *(f"logistics.{code}" for code in CODES))


def ask(key: str, actor: Any, **given: str) -> Answer:
    query = QueryDict(mutable=True)
    query.update(given)
    return reports.ask(reports.registry[key], query, actor)


def test_stock_as_of_any_day_is_the_sum_of_its_moves(business: Business, reader: Any) -> None:
    now = ask("logistics.stock_as_of", reader, day=str(DAY))
    assert sum(row["amount"] for row in now.rows) == Decimal("80.00")
    assert {row["lot"]: row["quantity"] for row in now.rows} == {"A": Decimal(7), "": Decimal(4)}
    assert ask("logistics.stock_as_of", reader, day=str(DAY - dt.timedelta(days=1))).rows == ()
    assert [row["code"] for row in ask("logistics.stock_as_of", reader, day=str(DAY), q="M1").rows] == ["M1"]


def test_what_departments_used_is_what_left_the_store(business: Business, reader: Any) -> None:
    used = ask("logistics.usage_by_department", reader, month=f"{DAY:%Y-%m}")
    assert [(row["amount"], row["share"]) for row in used.rows] == [(Decimal("30.00"), Decimal(1))]
    detail = ask("logistics.usage", reader, date_from=str(DAY), date_to=str(DAY))
    assert sum(row["amount"] for row in detail.rows) == Decimal("30.00")
    matrix = ask("logistics.usage_matrix", reader, month=f"{DAY:%Y-%m}")
    assert [c.title for c in matrix.columns] == ["科室", "其他卫生材料", "合计"]
    [ranked] = ask("logistics.abc_ranking", reader, date_from=str(DAY), date_to=str(DAY)).rows
    assert (ranked["rank"], ranked["until"]) == ("A", Decimal(1))


def test_a_reversed_issue_was_not_used(business: Business, reader: Any) -> None:
    business.reverse(business.issue(business.items[0], 2))
    used = ask("logistics.usage_by_department", reader, month=f"{DAY:%Y-%m}")
    assert [row["amount"] for row in used.rows] == [Decimal("30.00")]


def test_receipts_without_invoice_are_estimates(business: Business, reader: Any) -> None:
    assert [row["amount"] for row in ask("logistics.estimated_receipts", reader).rows] == [
        Decimal("100.00"),
        Decimal("10.00"),
    ]
    [supplier] = ask("logistics.received_by_supplier", reader, date_from=str(DAY), date_to=str(DAY)).rows
    assert (supplier["amount"], supplier["estimated"]) == (Decimal("110.00"), Decimal("110.00"))


def test_a_price_that_changed_is_shown_once(business: Business, reader: Any) -> None:
    business.receive(business.items[0], 10, "120.00", "B")
    [change] = ask("logistics.price_changes", reader, date_from=str(DAY), date_to=str(DAY)).rows
    assert (change["before"], change["price"], change["ratio"]) == (10, 12, Decimal("0.2"))


def test_near_expiry_reads_the_earlier_of_device_and_sterile(business: Business, reader: Any) -> None:
    today = clock.today()
    business.receive(
        business.items[0], 1, "10.00", "S", expiry=str(max(DAY, today) + dt.timedelta(days=900)),
        sterile_expiry=str(max(DAY, today) + dt.timedelta(days=20)),
    )  # fmt: skip
    lots = [row["lot"] for row in ask("logistics.near_expiry", reader, within="30").rows]
    assert lots == (["S"] if today >= DAY else [])


@pytest.mark.parametrize("key", [s.key for s in reports.registry if s.key.startswith("logistics.")])
def test_every_report_is_shown_exported_and_printed(key: str, business: Business, reader: Any) -> None:
    client = Client()
    client.force_login(reader)
    at = reports.registry[key].base
    page = client.get(at)
    assert page.status_code == 200
    assert reports.registry[key].title in page.content.decode()
    book = client.get(f"{at}/export")
    assert openpyxl.load_workbook(io.BytesIO(b"".join(book.streaming_content))).active is not None  # type: ignore[attr-defined]
    assert client.get(f"{at}/print").content.startswith(b"%PDF")


@pytest.mark.parametrize("key", [screen.key for screen in reports.registry])
def test_who_may_not_look_is_refused(key: str, business: Business) -> None:
    with pytest.raises(Forbidden):
        ask(key, business.world.user("stranger", "无关", "org.unit.view"))


def test_a_head_reads_of_the_own_department_only(business: Business) -> None:
    head = business.world.user("head", "护士长")
    role = Role.objects.create(code="head", title="护士长")
    RolePermission.objects.bulk_create(
        RolePermission(role=role, code=code)
        for code in ("logistics.stock_issue.view", "logistics.stock.view")
    )
    unit = business.world.unit
    elsewhere = type(unit).objects.create(code="OTHER", name="外科", campus=unit.campus)
    RoleGrant.objects.create(user=head, role=role, org_unit=elsewhere, valid_from=dt.date(2020, 1, 1))
    stamps.forget()
    assert StockBalance.objects.filter(quantity__gt=0).exists()
    assert ask("logistics.stock_as_of", head, day=str(DAY)).rows == ()
    assert ask("logistics.usage", head, date_from=str(DAY), date_to=str(DAY)).rows == ()


def test_a_day_that_is_none_is_marked_and_answers_nothing(business: Business, reader: Any) -> None:
    answer = ask("logistics.stock_as_of", reader, day="昨天")
    assert answer.rows == ()
    assert [one.wrong for one in answer.conditions if one.name == "day"] == ["日期应写成 2026-01-31"]
