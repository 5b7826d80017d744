"""The pages over HTTP: what is shown, to whom, and how a figure leads to its document."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hrp.costing.documents.cost_entry import CostEntry
from hrp.costing.models import AllocationRule, RuleFallback, RuleSet
from hrp.costing.selectors import runs
from hrp.costing.services import intake, rules
from hrp.costing.tests.hospital import CostedHospital
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents.testing import World
from hrp.platform.exchange import sheets

REPORTS = ("01", "03", "06")


@pytest.fixture
def month(db: None) -> CostedHospital:
    place = CostedHospital(World())
    place.enter_month()
    return place


@pytest.fixture
def run(month: CostedHospital) -> Any:
    return month.allocate()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def reader(month: CostedHospital) -> Client:
    return signed_in(month.accountant)


def text(response: Any) -> str:
    assert response.status_code == 200, response.content.decode()[:2000]
    return str(response.content.decode())


@pytest.mark.parametrize("number", REPORTS)
def test_every_table_shows_the_hospital(reader: Client, run: Any, number: str) -> None:
    page = text(reader.get(reverse("costing.report", args=[number])))
    assert "心内科" in page
    assert run.number in page
    if number == "03":
        assert "2,961.82" in page  # 心内科: 2,000.00 + 333.34 + 195.77 + 432.71
        assert "科室全成本合计" in page
    if number == "01":
        wide = text(reader.get(reverse("costing.report", args=[number]) + "?range=medical_full"))
        assert "7,800.00" in wide
        assert "7,800.00" not in page


def test_a_report_costs_few_queries_whatever_its_size(reader: Client, run: Any) -> None:
    address = reverse("costing.report", args=["03"])
    reader.get(address)
    with CaptureQueriesContext(connection) as queries:
        reader.get(address)
    assert len(queries) <= 30, "\n".join(q["sql"][:120] for q in queries)


def test_without_any_run_the_page_says_what_to_do(reader: Client) -> None:
    assert "还没有分摊结果" in text(reader.get(reverse("costing.report", args=["03"])))
    assert reader.get(reverse("costing.report.xlsx", args=["03"])).status_code == 404


def test_three_clicks_from_a_report_to_the_document(reader: Client, run: Any, month: CostedHospital) -> None:
    report = text(reader.get(reverse("costing.report", args=["03"])))
    links = re.findall(r'href="(/costing/runs/\d+/cell\?[^"]+)"', report)
    mine = next(link for link in links if f"unit={month.world.unit.pk}&" in link.replace("&amp;", "&"))
    cell = text(reader.get(mine.replace("&amp;", "&").split("#")[0].replace("item7=1", "item7=")))
    assert "= 3 / 9 ×" in cell
    assert "P01" in cell
    origin = re.search(rf'href="(/costing/runs/\d+/cell\?unit={month.office.pk}[^"]+)"', cell)
    assert origin is not None
    own = text(reader.get(origin[1].replace("&amp;", "&").split("#")[0]))
    assert "院办工资" in own
    assert f'href="/costing/cost-entries/{month.costs.pk}"' in own
    assert str(month.costs.number) in own


@pytest.mark.parametrize("number", REPORTS)
def test_tables_leave_as_workbook_and_as_paper(reader: Client, run: Any, number: str) -> None:
    answer = reader.get(reverse("costing.report.xlsx", args=[number]) + "?range=medical_full")
    assert answer.status_code == 200
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_index(0).to_python()
    clinic = next(row for row in rows if row[0] == "心内科")
    assert {2000.0} & set(clinic)
    paper = reader.get(reverse("costing.report.pdf", args=[number]))
    assert paper.status_code == 200
    assert paper.content.startswith(b"%PDF")


def test_the_certificate_is_readable(reader: Client, run: Any) -> None:
    page = text(reader.get(reverse("costing.certificate", args=[run.pk])))
    assert "7,800.00" in page
    assert "three_level_fen/1" in page


def test_a_department_sees_its_own_row_and_nobody_elses(month: CostedHospital, run: Any) -> None:
    world = month.world
    head = world.user("head", "科主任", runs.VIEW, unit=world.unit)
    client = signed_in(head)
    page = text(client.get(reverse("costing.report", args=["03"])))
    assert "心内科" in page
    assert "骨科" not in page
    assert "科室全成本合计" not in page
    address = reverse("costing.cell", args=[run.pk])
    assert client.get(f"{address}?unit={world.unit.pk}").status_code == 200
    assert client.get(f"{address}?unit={world.other.pk}").status_code == 404
    assert client.get(reverse("costing.report.xlsx", args=["03"])).status_code == 403


def test_without_permission_every_door_is_shut(month: CostedHospital, run: Any) -> None:
    client = signed_in(month.world.user("stranger", "无权者"))
    for address in (
        reverse("costing.report", args=["03"]),
        reverse("costing.report.pdf", args=["03"]),
        reverse("costing.cell", args=[run.pk]),
        reverse("costing.certificate", args=[run.pk]),
        reverse("costing.intake"),
        reverse("costing.intake.template"),
        reverse("costing.cost_item.list"),
    ):
        assert client.get(address).status_code == 403, address
    assert Client().get(reverse("costing.report", args=["03"])).status_code == 302


def test_what_is_behind_a_report_is_shown_under_that_report(
    reader: Client, run: Any, month: CostedHospital
) -> None:
    for name, query in (("costing.cell", f"?unit={month.world.unit.pk}"), ("costing.certificate", "")):
        page = text(reader.get(reverse(name, args=[run.pk]) + query))
        marked = re.search(r'<a href="([^"]+)" class="on" aria-current="page">', page)
        assert marked is not None
        assert marked[1] == reverse("costing.report", args=["03"])


@pytest.mark.parametrize("query", ["unit=x", "unit=999999999", "unit=", "item7=9"])
def test_a_cell_that_does_not_exist_is_not_found(reader: Client, run: Any, query: str) -> None:
    assert reader.get(f"{reverse('costing.cell', args=[run.pk])}?{query}").status_code == 404
    assert reader.get(reverse("costing.report", args=["99"])).status_code == 404
    assert reader.get(reverse("costing.report", args=["03"]) + "?run=99999").status_code == 404


def test_a_reversed_run_stays_readable_and_is_marked(reader: Client, run: Any, month: CostedHospital) -> None:
    from hrp.costing.tests.hospital import MONTH_END
    from hrp.platform.documents import posting

    posting.reverse(run, actor=month.accountant, reason="重算", on=MONTH_END)
    assert "还没有分摊结果" in text(reader.get(reverse("costing.report", args=["03"])))
    assert "已红冲" in text(reader.get(reverse("costing.report", args=["03"]) + f"?run={run.pk}"))


def test_lists_and_pages_of_the_declared_screens_open(
    reader: Client, run: Any, month: CostedHospital
) -> None:
    for document in (month.costs, month.stats, run):
        kind = document.spec.kind
        assert document.number in text(reader.get(reverse(f"{kind}.list")))
        assert document.number in text(reader.get(reverse(f"{kind}.list") + str(document.pk)))
        text(reader.get(reverse(f"{kind}.list") + "new"))
    for key in ("cost_item", "account_item", "driver", "rule_set"):
        text(reader.get(reverse(f"costing.{key}.list")))
    assert "该级次全部科室" in text(reader.get(reverse("costing.rule_set.list") + str(month.rules.pk)))


def test_a_month_is_imported_through_the_page(reader: Client, month: CostedHospital) -> None:
    from tests.scenarios.test_cn3_hospital import rows_of_the_hospital, workbook

    month.accountant.unit = month.office
    month.accountant.save(update_fields=["unit"])
    blank = reader.get(reverse("costing.intake.template"))
    assert sheets.read(blank.content, intake.workbook(), name="模板.xlsx").problem_count > 0
    good = workbook(rows_of_the_hospital())
    upload = SimpleUploadedFile("CN3.xlsx", good)
    checked = text(reader.post(reverse("costing.intake"), {"file": upload}))
    number = re.search(r'name="run" value="(\d+)"', checked)
    assert number is not None
    commit = {"run": number[1], "step": "commit", "campus": month.world.campus.pk, "office": month.office.pk}
    refused = reader.post(reverse("costing.intake"), {**commit, "month": "2026-13"})
    assert refused.status_code == 422
    assert not CostEntry.objects.filter(note__startswith="导入").exists()
    done = reader.post(reverse("costing.intake"), {**commit, "month": "2026-11"})
    assert done.status_code == 302
    assert CostEntry.objects.filter(note__startswith="导入").count() == 6


def test_rules_are_copied_with_their_fallbacks_and_used_ones_are_frozen(
    month: CostedHospital, run: Any
) -> None:
    editor = month.world.user("editor", "规则维护", rules.EDIT)
    values = {
        "level": 3,
        "driver_id": AllocationRule.objects.get(level=3).driver_id,
        "receiver_category": "clinical",
    }
    with pytest.raises(Conflict) as refused:
        rules.add_rule(actor=editor, obj=month.rules, values=values)
    assert refused.value.code == "rule_set_used"
    address = rules.copy_rule_set(actor=editor, obj=month.rules)
    copy = RuleSet.objects.get(version=2)
    assert address.endswith(f"/{copy.pk}")
    assert AllocationRule.objects.filter(rule_set=copy).count() == 3
    rules.add_rule(actor=editor, obj=copy, values=values)
    with pytest.raises(Invalid):
        rules.add_rule(actor=editor, obj=copy, values={**values, "receiver_category": "medtech"})
    RuleFallback.objects.create(
        rule=AllocationRule.objects.get(rule_set=copy, level=1), position=1,
        driver_id=values["driver_id"], approval="会议纪要", approved_by=editor,
    )  # fmt: skip
    rules.copy_rule_set(actor=editor, obj=copy)
    assert RuleFallback.objects.filter(rule__rule_set__version=3).count() == 1
