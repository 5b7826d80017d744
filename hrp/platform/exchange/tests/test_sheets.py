"""Templates, reading, exporting: what goes out comes back, in every encoding people use."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange.sheets import (
    OutColumn,
    SheetColumn,
    SheetSpec,
    WorkbookSpec,
    read,
    template,
    write,
    write_csv,
)
from hrp.platform.exchange.sheets.cells import Wrong, convert
from hrp.platform.exchange.sheets.exporting import guarded
from hrp.platform.exchange.sheets.specs import letter

UNITS = {"U1": 1, "心内科": 1, "U2": 2}

SPEC = SheetSpec(
    "items",
    "物资",
    [
        SheetColumn("code", "编码", "code", required=True, example="00123"),
        SheetColumn("name", "名称", required=True, example="纱布", aliases=("物资名称",), max_length=50),
        SheetColumn("quantity", "数量", "integer", example="5", minimum=0),
        SheetColumn("price", "单价", "decimal", places=4),
        SheetColumn("amount", "金额", "money"),
        SheetColumn("day", "日期", "date", example="2026-01-31"),
        SheetColumn("month", "月份", "month"),
        SheetColumn("kind", "类别", "choice", choices=(("low", "低值"), ("high", "高值"))),
        SheetColumn(
            "unit", "科室", "lookup", lookup=lambda texts: {t: UNITS[t] for t in texts if t in UNITS}
        ),
        SheetColumn("sterile", "无菌", "bool"),
    ],
    unique=[("code",)],
)
BY_KEY = {column.key: column for column in SPEC.columns}


def workbook_of(*rows: list[object], title: str = "物资") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_template_has_lists_text_formats_and_notes() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(SPEC)))
    assert book.sheetnames == ["物资", "填写说明"]
    page = book["物资"]
    assert [cell.value for cell in page[1]][:3] == ["编码*", "名称*", "数量"]
    assert page.freeze_panes == "A2"
    assert page.column_dimensions["A"].width > 5
    lists = {v.formula1 for v in page.data_validations.dataValidation if v.type == "list"}
    assert lists == {'"低值,高值"', '"是,否"'}
    notes = [[cell.value for cell in row] for row in book["填写说明"].iter_rows()]
    assert ["日期", "", "日期，如 2026-01-31", "", "", "2026-01-31"] in notes


def test_sample_row_is_not_imported() -> None:
    found = read(template(SPEC, sample=True), SPEC)
    assert found.rows == []
    assert [p.message for p in found.problems] == ["没有数据行"]
    assert "示例" in found.warnings[0]


def test_every_kind_is_read() -> None:
    data = workbook_of(
        ["编码", "物资名称", "数量", "单价", "金额", "日期", "月份", "类别", "科室", "无菌"],
        [
            "００１ ",
            " 纱布\u3000",
            25.0,
            0.1 + 0.2,
            "¥1,234.5",
            dt.datetime(2026, 1, 31),  # noqa: DTZ001 - a spreadsheet knows no zone
            202601,
            "高值",
            "心内科",
            "是",
        ],
        [None] * 10,
        [7, "手套", "２５", "12.3456", -3, 46053, "2026年2月", "low", "U2", "×"],
    )
    found = read(data, SPEC)
    assert found.problems == []
    assert [row.number for row in found.rows] == [2, 4]
    assert found.rows[0].values == {
        "code": "001",
        "name": "纱布",
        "quantity": 25,
        "price": Decimal("0.3000"),
        "amount": Decimal("1234.50"),
        "day": dt.date(2026, 1, 31),
        "month": dt.date(2026, 1, 1),
        "kind": "high",
        "unit": 1,
        "sterile": True,
    }
    assert found.rows[1].values["code"] == "7"
    assert found.rows[1].values["day"] == dt.date(2026, 1, 31)
    assert found.rows[1].values["sterile"] is False
    assert found.totals == {"quantity": 50, "price": Decimal("12.6456"), "amount": Decimal("1231.50")}


def test_all_problems_at_once_each_with_its_place() -> None:
    data = workbook_of(
        ["编码", "名称", "数量", "日期", "科室", "备用"],
        ["001", "", -1, "昨天", "U9", "x"],
        ["001", "纱布", "很多", None, "U1", None],
    )
    found = read(data, SPEC)
    assert [(p.sheet, p.row, p.column, p.title, p.value, p.message) for p in found.problems] == [
        ("物资", 2, "B", "名称", "", "必填，不能为空"),
        ("物资", 2, "C", "数量", "-1", "不能小于 0"),
        ("物资", 2, "D", "日期", "昨天", "不是有效的日期"),
        ("物资", 3, "C", "数量", "很多", "应填数字"),
        ("物资", 2, "E", "科室", "U9", "系统中没有这一项"),
        ("物资", 3, "A", "编码", "001", "与第 2 行重复"),
    ]
    assert all(p.way_out for p in found.problems)
    assert found.warnings == ["工作表“物资”F 列“备用”不在模板中，已忽略。"]
    with pytest.raises(Invalid) as refusal:
        found.require_ok()
    assert refusal.value.problems[0].message == "工作表“物资”第 2 行B 列（名称）：必填，不能为空。请填写。"


def test_problems_are_capped_but_counted() -> None:
    found = read(workbook_of(["编码", "名称"], *[[f"{i}", None] for i in range(700)]), SPEC)
    assert (len(found.problems), found.problem_count) == (500, 700)


def test_header_below_a_title_and_merged_title_is_found() -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["某某医院物资表"])
    page.merge_cells("A1:C1")
    page.append([" 编 码 ", "名称（必填）", "数量*"])
    page.append(["001", "纱布", 3])
    page.append(["合计", None, 3])
    buffer = io.BytesIO()
    book.save(buffer)
    found = read(buffer.getvalue(), SPEC)
    assert found.problems == []
    assert [row.number for row in found.rows] == [3]
    assert "合计行" in found.warnings[0]


def test_several_sheets() -> None:
    lines = SheetSpec("lines", "明细", [SheetColumn("code", "编码", "code", required=True)])
    spec = WorkbookSpec("book", "物资与明细", [SPEC, lines])
    book = openpyxl.load_workbook(io.BytesIO(template(spec)))
    assert book.sheetnames == ["物资", "明细", "填写说明"]
    book["物资"].append(["001", "纱布"])
    book["明细"].append(["001"])
    buffer = io.BytesIO()
    book.save(buffer)
    found = read(buffer.getvalue(), spec)
    assert found.problems == []
    assert {name: len(sheet.rows) for name, sheet in found.sheets.items()} == {"items": 1, "lines": 1}
    del book["明细"]
    buffer = io.BytesIO()
    book.save(buffer)
    assert "“明细”：缺少这个工作表" in str(read(buffer.getvalue(), spec).problems[0])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-1-3", dt.date(2026, 1, 3)),
        ("2026/01/03", dt.date(2026, 1, 3)),
        ("2026.1.3", dt.date(2026, 1, 3)),
        ("20260103", dt.date(2026, 1, 3)),
        (20260103.0, dt.date(2026, 1, 3)),
        ("２０２６年１月３日", dt.date(2026, 1, 3)),
        ("2026-01-03 00:00:00", dt.date(2026, 1, 3)),
        (1.0, dt.date(1900, 1, 1)),
        (59.0, dt.date(1900, 2, 28)),
        (61.0, dt.date(1900, 3, 1)),
        (46025.0, dt.date(2026, 1, 3)),
    ],
)
def test_dates(raw: object, expected: dt.date) -> None:
    assert convert(raw, BY_KEY["day"]) == expected


@pytest.mark.parametrize(
    "raw", ["3/1/2026", "26-1-3", "2026-13-01", "2026-01-03 10:00", 60.0, 0.0, -1.0, 1.5, True, "1e5"]
)
def test_dates_refused(raw: object) -> None:
    assert isinstance(convert(raw, BY_KEY["day"]), Wrong)


@pytest.mark.parametrize(
    "raw",
    [
        "1e999",
        "NaN",
        "inf",
        float("inf"),
        float("nan"),
        "1,23",
        "1.2.3",
        "0x10",
        "1_000",
        "十",
        "",
        "1e15",
        True,
    ],
)
def test_numbers_refused(raw: object) -> None:
    assert isinstance(convert(raw, BY_KEY["amount"]), Wrong)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False))
def test_money_reads_back_from_text_and_float(amount: Decimal) -> None:
    assert convert(f"{amount:,.2f}", BY_KEY["amount"]) == amount
    assert convert(float(amount), BY_KEY["amount"]) == amount
    assert convert(f"({abs(amount)})", BY_KEY["amount"]) == -abs(amount)


def test_dates_of_the_1904_system() -> None:
    assert convert(0.0, BY_KEY["day"], epoch_1904=True) == dt.date(1904, 1, 1)


def test_letters() -> None:
    assert [letter(i) for i in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


# --- CSV -----------------------------------------------------------------------------------------------------------

ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16")
CHARACTERS = "纱布手套一次性使用无菌注射器阿莫西林胶囊（）ABCabc0123456789-/．×％ "


def generated(seed: int) -> tuple[bytes, list[list[str]], str]:
    chance = random.Random(seed)
    encoding = ENCODINGS[seed % len(ENCODINGS)]
    extra = "㐀𠮷①" if encoding in ("utf-8", "gb18030", "utf-16", "utf-8-sig") else ""
    rows = []
    for number in range(chance.randint(1, 12)):
        name = "".join(chance.choice(CHARACTERS + extra + '",;\n') for _ in range(chance.randint(1, 20)))
        rows.append(
            [
                f"{seed:04d}{number:03d}",
                f"品{name}名",
                str(chance.randint(0, 9999)),
                f"{chance.randint(0, 10**8) / 100:.2f}",
            ]
        )
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=chance.choice(",;\t"), lineterminator=chance.choice(["\r\n", "\n"]))
    writer.writerow(["编码", "名称", "数量", "金额"])
    writer.writerows(rows)
    return out.getvalue().encode(encoding), rows, encoding


def test_a_thousand_csv_files_in_five_encodings() -> None:
    wrong = []
    for seed in range(1000):
        data, rows, encoding = generated(seed)
        found = read(data, SPEC, name="x.csv")
        read_rows = [
            [r.values["code"], r.values["name"], str(r.values["quantity"]), str(r.values["amount"])]
            for r in found.rows
        ]
        if found.problems or read_rows != rows:
            wrong.append((seed, encoding, [str(p) for p in found.problems], rows, read_rows))
    assert not wrong, (len(wrong), wrong[0])


# --- exports -------------------------------------------------------------------------------------------------------

OUT = [
    OutColumn("code", "编码", "code"),
    OutColumn("name", "名称"),
    OutColumn("quantity", "数量", "integer"),
    OutColumn("amount", "金额", "money", total=True),
    OutColumn("day", "日期", "date"),
    OutColumn("sterile", "无菌", "bool"),
]


def exported(rows: list[dict[str, object]]) -> bytes:
    buffer = io.BytesIO()
    assert write(rows, OUT, "物资清单", "科室：全部", buffer, made_by="张三") == len(rows)
    return buffer.getvalue()


def test_export_opens_with_types_totals_and_frozen_header() -> None:
    rows = [
        {"code": "007", "name": "纱布", "quantity": 5, "amount": Decimal("12345.60"), "day": dt.date(2026, 1, 31), "sterile": True},
        {"code": "008", "name": None, "quantity": 0, "amount": Decimal("-0.60"), "day": None, "sterile": False},
    ]  # fmt: skip
    page = openpyxl.load_workbook(io.BytesIO(exported(rows))).active
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    assert cells[0][0] == "物资清单"
    assert cells[1][0] == "科室：全部"
    assert cells[3] == ["007", "纱布", 5, 12345.6, dt.datetime(2026, 1, 31), "是"]  # noqa: DTZ001
    assert cells[5][0] == "合计"
    assert cells[5][3] == 12345
    assert page["A4"].number_format == "@"
    assert page["D4"].number_format.startswith("#,##0.00")
    assert page.freeze_panes == "A4"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "code": st.from_regex(r"[0-9A-Z]{1,12}", fullmatch=True),
                "name": st.text(
                    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40
                ),
                "quantity": st.integers(0, 10**9),
                "amount": st.decimals(-(10**10), 10**10, places=2),
                "day": st.dates(dt.date(1901, 1, 1), dt.date(2199, 1, 1)),
                "sterile": st.booleans(),
            }
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row["code"],
    )
)
def test_what_is_exported_imports_again(rows: list[dict[str, object]]) -> None:
    buffer = io.BytesIO()
    write_csv(rows, OUT, buffer)
    for data in (exported(rows), buffer.getvalue()):
        found = read(data, SPEC)
        assert found.problems == []
        assert [{key: row.values[key] for key in rows[0]} for row in found.rows] == rows


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=1", "=HYPERLINK(\"http://x\")"]
)  # fmt: skip
def test_no_text_becomes_a_formula(text: str) -> None:
    assert guarded(text).startswith("'")
    rows = [{"code": "1", "name": text, "quantity": 1, "amount": Decimal(1), "day": None, "sterile": None}]
    cell = openpyxl.load_workbook(io.BytesIO(exported(rows))).active["B4"]
    assert cell.data_type == "s"
    assert cell.value.startswith("'")
    buffer = io.BytesIO()
    write_csv(rows, OUT, buffer)
    assert buffer.getvalue().startswith(b"\xef\xbb\xbf")
    line = list(csv.reader(io.StringIO(buffer.getvalue().decode("utf-8-sig"), newline="")))[1]
    assert line[1].startswith("'")


def test_long_amounts_are_not_rounded() -> None:
    rows = [
        {
            "code": "1",
            "name": "x",
            "quantity": 1,
            "amount": Decimal("1234567890123456.78"),
            "day": None,
            "sterile": None,
        }
    ]
    assert openpyxl.load_workbook(io.BytesIO(exported(rows))).active["D4"].value == "1234567890123456.78"
