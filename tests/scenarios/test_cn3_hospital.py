"""The published CN3 hospital, as an accountant lives through it.

Fifteen departments (six clinical, three medtech, four auxiliary, two administrative), a month of costs in seven items
and its statistics come in one workbook; the documents are submitted and posted; one run allocates the month; the
report of the clinical departments shows the published figures to the fen, and any of its cells opens down to the
document behind it.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.documents.cost_entry import CostEntry
from hrp.costing.documents.stat_entry import StatEntry
from hrp.costing.models import AllocationPosting, DepartmentFullCost, Item7, RunCertificate
from hrp.costing.selectors import drill, ranges, runs, tables
from hrp.costing.services import intake, reference
from hrp.platform.access.models import User
from hrp.platform.base import health
from hrp.platform.base.refusals import Forbidden, Invalid
from hrp.platform.documents import posting, registry, services
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import World
from hrp.platform.exchange import sheets
from hrp.platform.ledger.services import close_period
from hrp.platform.org.models import OrgUnit

CASES = Path(__file__).resolve().parents[2] / "cases" / "costing.json"
MONTH = dt.date(2026, 11, 1)
CATEGORY = {"1": "clinical", "2": "clinical", "3": "medtech", "4": "auxiliary", "5": "admin"}
SETTING = {"1": "outpatient", "2": "inpatient"}
DRIVER_OF_AUXILIARY = {"401": "P03.1", "402": "P05", "403": "P04.2", "404": "P04.2"}
PUBLISHED_FEN = {
    "101": 199907287, "102": 203591988, "103": 200325229, "201": 202035441, "202": 201281833, "203": 208365122,
}  # fmt: skip


def case(name: str) -> dict[str, Any]:
    rows = json.loads(CASES.read_text(encoding="utf-8"), parse_float=Decimal)["cases"]
    return next(row for row in rows if row["id"] == name)


FEN, DEPT = case("CN3-FEN"), case("CN3-DEPT")


def rows_of_the_hospital() -> dict[str, list[list[Any]]]:
    """The four sheets, from the published inputs."""
    names = {d["code"]: d["name"] for d in DEPT["input"]["depts"]}
    drivers = FEN["input"]["drivers"]
    stats = [["P01", None, code, heads] for code, heads in drivers["L1"]["501"].items()]
    stats += [["P01", None, "501", 8], ["P01", None, "502", 9]]
    for server, driver in DRIVER_OF_AUXILIARY.items():
        if server == "404":
            continue  # 住院人数 is one statistic: what 403 is shared by, 404 is shared by
        pair = server if driver == "P05" else None
        stats += [[driver, pair, code, n] for code, n in drivers["L2"][server].items()]
    stats += [["P04.4", server, code, n] for server, by in drivers["L3"].items() for code, n in by.items()]
    return {
        "科室": [
            ["科室编码", "科室名称", "科室类别", "门诊/住院"],
            *([c, name, CATEGORY[c[0]], SETTING.get(c[0])] for c, name in names.items()),
        ],
        "直接成本": [
            ["科室编码", "成本项目", "经费性质", "金额"],
            *(
                [code, item, "F1", Decimal(fen) / 100]
                for code, items in FEN["input"]["direct_fen"].items()
                for item, fen in items.items()
                if fen
            ),
        ],
        "统计量": [["分摊参数", "服务科室编码", "受益科室编码", "数量"], *stats],
        "分摊规则": [
            ["级次", "分摊科室编码", "成本项目", "分摊参数"],
            ["1", None, None, "P01"],
            *(["2", server, None, driver] for server, driver in DRIVER_OF_AUXILIARY.items()),
            ["3", None, None, "P04.4"],
        ],
    }


def workbook(rows: dict[str, list[list[Any]]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for title, lines in rows.items():
        sheet = book.add_worksheet(title)
        for place, line in enumerate(lines):
            sheet.write_row(place, 0, [float(cell) if isinstance(cell, Decimal) else cell for cell in line])
    book.close()
    return buffer.getvalue()


class Hospital:
    """An empty hospital with an accountant."""

    def __init__(self) -> None:
        self.world = World()
        reference.install(actor=self.world.owner)
        self.office = self.world.unit
        kinds = (CostEntry.spec, StatEntry.spec, AllocationRun.spec)
        self.accountant: User = self.world.user(
            "accountant",
            "成本会计",
            intake.PERMISSION,
            runs.VIEW,
            *(s.permission(a) for s in kinds for a in ACTS),
        )

    def take_in(self, rows: dict[str, list[list[Any]]], actor: User | None = None) -> intake.Intake:
        preview = sheets.read(workbook(rows), intake.workbook(), name="CN3.xlsx")
        return intake.take_in(
            preview, actor=actor or self.accountant, campus=self.world.campus, office=self.office, month=MONTH
        )

    def post(self, document: Any) -> Any:
        return posting.post(services.submit(document, actor=self.accountant), actor=self.accountant)

    def allocate(self, taken: intake.Intake) -> AllocationRun:
        header = {
            "campus": self.world.campus.pk, "org_unit": self.office.pk, "business_date": dt.date(2026, 11, 30),
            "purpose": "statutory", "rule_set": taken.rule_set.pk if taken.rule_set else None,
            "credit_pools": "allocate",
        }  # fmt: skip
        return self.post(services.save_draft(AllocationRun, actor=self.accountant, header=header))


@pytest.fixture
def hospital(db: None) -> Hospital:
    return Hospital()


def test_the_published_hospital_is_loaded_allocated_and_reported(hospital: Hospital) -> None:
    taken = hospital.take_in(rows_of_the_hospital())
    assert len(taken.units) == 15
    assert sum((entry.total for entry in taken.cost_entries), Decimal(0)) == Decimal("12155069.00")
    for document in (*taken.cost_entries, *taken.stat_entries):
        hospital.post(document)
    run = hospital.allocate(taken)
    assert run.total == Decimal("12155069.00")

    # the seven items of each clinical department, to the fen
    published = FEN["expected"]["final_fen"]
    label = dict(Item7.choices)
    found: dict[str, dict[str, int]] = {code: dict.fromkeys(FEN["input"]["items"], 0) for code in published}
    costs = DepartmentFullCost.objects.filter(run_id=run.pk, unit__code__in=published).select_related(
        "unit", "item"
    )
    for cost in costs:
        total = cost.direct_fen + cost.from_a_fen + cost.from_x_fen + cost.from_t_fen
        found[cost.unit.code][label[cost.item.item7]] += total
    assert found == published
    assert AllocationPosting.objects.filter(run_id=run.pk).count() == FEN["expected"]["trace_rows"] == 305

    certificate = RunCertificate.objects.get(run_id=run.pk)
    assert certificate.before_fen == certificate.after_fen == 1215506900
    assert certificate.warnings == []

    # 科室03: the published totals in the last column, subtotals of 门急诊 and 住院, the total of the hospital
    report = tables.build(run, tables.DEFINITIONS["03"], ranges.MEDICAL)
    assert {row.code: row.cells[-1].fen for row in report.rows if row.kind == "unit"} == PUBLISHED_FEN
    sums = {row.title: row.cells[-1].fen for row in report.rows if row.kind != "unit"}
    assert sums == {"门急诊小计": 603824504, "住院小计": 611682396, "科室全成本合计": 1215506900}

    # 科室01 and 科室06 tell the same hospital
    direct = tables.build(run, tables.DEFINITIONS["01"], ranges.MEDICAL)
    assert direct.rows[-1].cells[-1].fen == 1215506900
    business = tables.build(run, tables.DEFINITIONS["01"], ranges.BUSINESS)
    administration = sum(sum(FEN["input"]["direct_fen"][code].values()) for code in ("501", "502"))
    assert business.rows[-1].cells[-1].fen == 1215506900 - administration
    summary = tables.build(run, tables.DEFINITIONS["06"], ranges.HOSPITAL_FULL)
    assert summary.rows[-1].cells[-2].fen == 1215506900
    assert summary.rows[-1].cells[-1].share == 1

    # every invariant holds, and the month can be closed on it
    assert [(o.id, o.rows, o.detail) for o in health.run() if o.state != "ok"] == []
    assert close_period(period=hospital.world.period, actor=hospital.world.owner).state == "closed"


def test_a_cell_opens_down_to_the_document_behind_it(hospital: Hospital) -> None:
    taken = hospital.take_in(rows_of_the_hospital())
    posted = [hospital.post(document) for document in (*taken.cost_entries, *taken.stat_entries)]
    run = runs.get(hospital.accountant, hospital.allocate(taken).pk)
    clinic = OrgUnit.objects.get(code="101")
    key = drill.CellKey(clinic.pk, Item7.OTHER, ranges.MEDICAL)
    cell = drill.drill(run, key)
    assert cell.full == Decimal("202144.02")

    # its own cost: one journal line, from one posted document
    assert [(line.amount, line.account_code) for line in cell.lines] == [(Decimal("89961.89"), "5001.07")]
    assert registry.load(cell.lines[0].source) in posted
    assert registry.url_for(cell.lines[0].source).startswith("/costing/")

    # by hop: 院办 over heads, in words
    office = next(hop for hop in cell.hops if hop.source.startswith("501"))
    assert (office.level, office.text) == (1, "9,756.08 = 23 / 212 × 89,925.65")
    assert sum(hop.amount for hop in cell.hops) + cell.direct == cell.full

    # by origin: every department's own cost in it adds up to the cell, the clinic's own first
    assert sum(origin.amount for origin in cell.origins) == cell.full
    assert cell.origins[0].unit_id == clinic.pk
    assert cell.origins[0].amount == cell.direct
    assert {origin.unit.split()[0] for origin in cell.origins} == {
        "101", "301", "302", "303", "401", "402", "501", "502",
    }  # fmt: skip  # 403 and 404 serve inpatients only
    # an origin is one step from its own journal lines
    far = next(origin for origin in cell.origins if origin.unit.startswith("501"))
    own = drill.drill(run, drill.CellKey(far.unit_id, Item7.OTHER, ranges.MEDICAL))
    assert [line.amount for line in own.lines] == [own.direct]


def test_the_origins_of_all_clinics_are_what_the_origins_spent(hospital: Hospital) -> None:
    taken = hospital.take_in(rows_of_the_hospital())
    for document in (*taken.cost_entries, *taken.stat_entries):
        hospital.post(document)
    run = runs.get(hospital.accountant, hospital.allocate(taken).pk)
    arrived: dict[str, Decimal] = {}
    for code in PUBLISHED_FEN:
        unit_id = OrgUnit.objects.get(code=code).pk
        for origin in drill.drill(run, drill.CellKey(unit_id, "", ranges.MEDICAL)).origins:
            name = origin.unit.split()[0]
            arrived[name] = arrived.get(name, Decimal(0)) + origin.amount
    for code, items in FEN["input"]["direct_fen"].items():
        spent = Decimal(sum(items.values())) / 100
        assert abs(arrived[code] - spent) <= Decimal("0.42"), code  # 6 clinics x 7 items, each rounded once


def test_a_workbook_that_does_not_fit_is_refused_by_sheet_and_row(hospital: Hospital) -> None:
    rows = rows_of_the_hospital()
    rows["直接成本"][1][0] = "999"
    rows["统计量"].append(["P05", "402", "888", 5])
    rows["分摊规则"].append(["0", None, None, "P02"])
    with pytest.raises(Invalid) as refused:
        hospital.take_in(rows)
    text = " ".join(problem.message for problem in refused.value.problems)
    for word in ("工作表“直接成本”第 2 行", "999", "888", "公摊规则须指定分摊科室"):
        assert word in text


def test_importing_needs_the_permission(hospital: Hospital) -> None:
    stranger = hospital.world.user("stranger", "无权者")
    with pytest.raises(Forbidden):
        hospital.take_in(rows_of_the_hospital(), actor=stranger)
