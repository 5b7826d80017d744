"""Word: escaped, sandboxed, in Chinese fonts."""

from __future__ import annotations

import io

import docx
import pytest
from docx.oxml.ns import qn

from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange import word
from hrp.platform.exchange.tests.hostile import packed


def template_with(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    table = document.add_table(rows=4, cols=2)
    for row, texts in enumerate(
        (
            ("编码", "名称"),
            ("{%tr for r in rows %}", ""),
            ("{{ r.code }}", "{{ r.name }}"),
            ("{%tr endfor %}", ""),
        )
    ):
        for column, text in enumerate(texts):
            table.rows[row].cells[column].text = text
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def opened(data: bytes) -> docx.document.Document:
    return docx.Document(io.BytesIO(data))


def test_fields_rows_and_conditions() -> None:
    data = {
        "hospital": "A & <B> {{ x }}",
        "rows": [{"code": "007", "name": "<w:p/>"}, {"code": "008", "name": "纱布\x0b"}],
    }
    document = opened(word.render(template_with("{{ hospital }}", "{% if rows %}有{% endif %}"), data))
    assert [p.text for p in document.paragraphs] == ["A & <B> {{ x }}", "有"]
    assert [[c.text for c in row.cells] for row in document.tables[0].rows] == [
        ["编码", "名称"],
        ["007", "<w:p/>"],
        ["008", "纱布"],
    ]
    styles = [s for s in document.styles if getattr(s, "font", None) is not None]
    assert all(s.element.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia")) for s in styles)


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ 'a' * 10**10 }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{{ hospital.upper() }}",
        "{{ hospital|safe }}",
        "{% for a in rows %}{% for b in rows %}{% for c in rows %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{{ unclosed",
    ],
)
def test_templates_only_substitute(hostile: str) -> None:
    with pytest.raises(Invalid) as refusal:
        word.render(template_with(hostile), {"hospital": "x", "rows": [{}]})
    assert refusal.value.way_out


def test_objects_reach_a_template_as_text() -> None:
    class Person:
        password = "secret"

        def __str__(self) -> str:
            return "张三"

    document = opened(word.render(template_with("{{ p }}{{ p.password }}"), {"p": Person(), "rows": []}))
    assert document.paragraphs[0].text == "张三"


@pytest.mark.parametrize("data", [b"", b"hello", packed({"a": b"b"})])
def test_not_a_word_file(data: bytes) -> None:
    with pytest.raises(Invalid):
        word.render(data, {})


def test_table_report() -> None:
    data = word.table_report(
        title="维护月报",
        hospital="杏林医院",
        columns=[("工单", "left"), ("数量", "right")],
        rows=[[f"工单{i}", str(i)] for i in range(40)],
        period="2026年10月",
        paragraphs=["本月运行平稳。"],
        signatures=["制表", "审核"],
        landscape=True,
    )
    document = opened(data)
    assert document.paragraphs[0].text == "维护月报"
    assert document.tables[0].rows[40].cells[0].text == "工单39"
    assert document.tables[0].rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    run = document.paragraphs[0].runs[0]
    assert run._element.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia")) == "黑体"
    assert document.sections[0].page_width > document.sections[0].page_height
