"""Printed paper: the right words on the right number of pages, never anybody's markup."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Any

import pytest
from pypdf import PdfReader

from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.exchange import fonts, pdf
from hrp.platform.exchange.forms import FormColumn, HeaderCell, ReportRow, form, label, report

COLUMNS = [
    FormColumn("name", "物资名称"),
    FormColumn("quantity", "数量", 20, "right", None, True),
    FormColumn("amount", "金额", 28, "right", 2, True),
]


def lines(count: int) -> list[dict[str, Any]]:
    return [
        {"name": f"纱布{i}", "quantity": Decimal("2.5000"), "amount": Decimal("100.10")} for i in range(count)
    ]


def a_form(count: int, **kwargs: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "hospital": "杏林市第一人民医院",
        "title": "出库单",
        "number": "CK202611-000123",
        "fields": [("仓库", "中心库房"), ("科室", "心内科")],
        "columns": COLUMNS,
        "lines": lines(count),
        "signatures": [("制单", "李四"), "审核"],
        "total": Decimal("100.10") * count,
    }
    return form(**(given | kwargs))


def pages(document: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", document)) or max(
        map(int, re.findall(rb"/Count (\d+)", document)), default=0
    )


def words(document: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages).split())


@pytest.mark.parametrize(
    ("paper", "count", "expected"),
    [("slip", 0, 1), ("slip", 8, 1), ("slip", 9, 2), ("a4", 22, 1), ("a4", 23, 2)],
)
def test_lines_fill_pages(paper: Any, count: int, expected: int) -> None:
    assert pages(pdf.render("form", a_form(count, paper=paper))) == expected


@pytest.mark.parametrize("paper", ["slip", "a4"])
@pytest.mark.parametrize("spans", [(1, 1, 2), (1, 3, 1, 1, 2, 1), (2, 2, 2), (3, 1, 3)])
def test_wide_fields_begin_a_row_where_they_do_not_fit(paper: Any, spans: tuple[int, ...]) -> None:
    fields = [(f"栏{n}", f"值{n}", span) for n, span in enumerate(spans)]
    text = words(pdf.render("form", a_form(1, paper=paper, fields=fields)))
    assert all(f"值{n}" in text for n in range(len(spans)))


def test_words_on_a_form() -> None:
    text = words(
        pdf.render("form", a_form(9, paper="slip", note="备查", watermark="作废", printed="第1次打印")),
    )
    for expected in (
        "出库单",
        "CK202611-000123",
        "中心库房",
        "本页小计",
        "800.80",
        "第2页共2页",
        "备查",
        "第1次打印",
    ):
        assert expected in text
    assert text.count("人民币玖佰元零玖角整") == 1
    assert text.count("制单：李四") == 2


def test_text_is_never_markup() -> None:
    hostile = '#eval("1+1") $x$ *b* `c` @d <e> #read("/etc/passwd") \\ [f] "g" {{h}}'
    data = a_form(1, note=hostile, fields=[("科室", hostile)])
    text = words(pdf.render("form", data))
    assert text.count("".join(hostile.split())) == 2
    assert "root:" not in text


def test_archival_and_repeatable(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    first = pdf.render("form", a_form(3), archival=True)
    assert b"pdfaid" in first
    assert first == pdf.render("form", a_form(3), archival=True)


def a_report(count: int) -> dict[str, Any]:
    header = [
        [HeaderCell("科室", 1, 2), HeaderCell("人员经费", 2), HeaderCell("合计", 1, 2)],
        [HeaderCell("工资"), HeaderCell("津贴")],
    ]
    rows = [ReportRow([f"内科{i}", Decimal("1234567.895"), Decimal(0), None], indent=1) for i in range(count)]
    return report(
        hospital="杏林市第一人民医院",
        title="全成本表",
        header=header,
        aligns=["left", "right", "right", "right"],
        rows=[
            ReportRow(["临床", "", "", ""], "group"),
            *rows,
            ReportRow(["合计", *[Decimal(7)] * 3], "total"),
        ],
        period="2026年10月",
        signatures=[("制表", "王五"), "审核"],
    )


def test_report_repeats_its_header_on_each_page() -> None:
    document = pdf.render("report", a_report(100))
    count = pages(document)
    assert count > 2
    text = words(document)
    assert text.count("人员经费") == count
    assert "1,234,567.90" in text
    assert "编制单位：杏林市第一人民医院" in text
    assert f"第{count}页共{count}页" in text
    assert "制表：王五" in text


def test_report_refuses_a_crooked_table() -> None:
    good = {"hospital": "", "title": "", "aligns": ["left", "right"]}
    with pytest.raises(ValueError, match="应均为 2"):
        report(**good, header=[[HeaderCell("甲")]], rows=[])
    with pytest.raises(ValueError, match="rowspan"):
        report(**good, header=[[HeaderCell("甲", 2, 2)]], rows=[])
    with pytest.raises(ValueError, match="第 1 行"):
        report(**good, header=[[HeaderCell("甲", 2)]], rows=[ReportRow(["x"])])


def test_one_label_a_page() -> None:
    labels = [label(title="监护仪", code=f"ZC{i:06d}", fields=[("科室", "ICU")]) for i in range(5)]
    document = pdf.render("label", {"hospital": "杏林医院", "width": 60, "height": 40, "labels": labels})
    assert pages(document) == 5
    assert "ZC000004" in words(document)


@pytest.mark.parametrize("name", ["../../etc/passwd", "base", "Form", "nothing", ""])
def test_unknown_templates(name: str) -> None:
    with pytest.raises(Invalid):
        pdf.render(name, {})


def test_data_the_template_cannot_draw_is_a_refusal() -> None:
    with pytest.raises(Invalid) as refusal:
        pdf.render("form", {"title": "x"})
    assert refusal.value.way_out
    with pytest.raises(TypeError):
        pdf.render("form", a_form(0) | {"note": 1.5})


def test_without_fonts_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "folders", lambda own: [])
    with pytest.raises(Conflict) as refusal:
        pdf.render("form", a_form(1))
    assert "fonts-noto-cjk" in refusal.value.way_out
