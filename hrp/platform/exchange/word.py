"""Word documents: hospital templates filled by docxtpl, and a table report drawn without any template file.

Chinese in Word needs an East Asian font of its own on every style; python-docx sets only the Latin one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Literal

import docx
from django.utils.translation import gettext as _
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docxtpl import DocxTemplate
from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError

from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange.sheets.guard import examine
from hrp.platform.exchange.sheets.specs import Limits

SONG, HEI = "宋体", "黑体"
_ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}


_SPEECH = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.For, nodes.If, nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or,
)  # fmt: skip


class _FieldsOnly(ImmutableSandboxedEnvironment):
    """Templates may substitute fields, repeat rows and ask simple questions; they cannot compute or call."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        self._check(tree, 0)
        return tree

    def _check(self, node: nodes.Node, loops: int) -> None:
        if not isinstance(node, _SPEECH):
            raise SecurityError(
                _("模板中只能写字段、循环和条件，不能写 {kind}").format(kind=type(node).__name__)
            )
        loops += isinstance(node, nodes.For)
        if loops > 2:
            raise SecurityError(_("循环嵌套不能超过两层"))
        for child in node.iter_child_nodes():
            self._check(child, loops)


def _plain(value: Any) -> Any:
    """Only plain data reach a template: an object would bring its methods along."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return _printable(str(value))


def _printable(text: str) -> str:
    return "".join(
        c
        for c in text
        if c in "\t\n" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff")
    )


def render(template: BinaryIO | bytes, data: Mapping[str, Any]) -> bytes:
    """Fill a .docx template (``{{ name }}``, ``{%tr for row in rows %}``) with plain data, escaped and sandboxed."""
    source = template if isinstance(template, bytes) else template.read()
    examine(source, Limits(), part="word/document.xml")
    try:
        document = DocxTemplate(io.BytesIO(source))
        environment = _FieldsOnly(autoescape=True)
        environment.globals.clear()
        environment.filters.clear()
        document.render(_plain(data), jinja_env=environment, autoescape=True)
    except (TemplateError, SecurityError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(
            _("Word 模板有误：{detail}。").format(detail=str(error)[:200]),
            way_out=_("请检查模板中的花括号与 tr for / tr endfor 是否成对、字段名是否存在。"),
            code="word_template",
        ) from error
    return _saved(document.docx)


def _saved(document: Any) -> bytes:
    for style in document.styles:
        if getattr(style, "font", None) is not None:
            _east_asian(style.element, style.font.name)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _east_asian(element: Any, latin: str | None, font: str = "") -> None:
    properties = element.get_or_add_rPr()
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    fonts.attrib.pop(qn("w:eastAsiaTheme"), None)
    if font or qn("w:eastAsia") not in fonts.attrib:
        fonts.set(qn("w:eastAsia"), font or SONG)
    if latin is None and qn("w:ascii") not in fonts.attrib:
        fonts.set(qn("w:ascii"), "Times New Roman")
        fonts.set(qn("w:hAnsi"), "Times New Roman")


def table_report(
    *,
    title: str,
    hospital: str,
    columns: Sequence[tuple[str, Literal["left", "center", "right"]]],
    rows: Sequence[Sequence[str]],
    period: str = "",
    paragraphs: Sequence[str] = (),
    signatures: Sequence[str] = (),
    landscape: bool = False,
) -> bytes:
    """A report with one table whose header repeats on every page; ``paragraphs`` stand before the table."""
    document = docx.Document()
    section = document.sections[0]
    size = (Mm(297), Mm(210)) if landscape else (Mm(210), Mm(297))
    section.page_width, section.page_height = size
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    normal = document.styles["Normal"]
    normal.font.size = Pt(10.5)
    _east_asian(normal.element, None, SONG)
    _line(document, title, size=18, bold=True, align="center", font=HEI)
    _line(document, "　　".join(part for part in (hospital, period) if part), align="center")
    for paragraph in paragraphs:
        _line(document, paragraph).paragraph_format.first_line_indent = Pt(21)
    _table(document, columns, rows)
    if signatures:
        _line(
            document, "　　　　　　".join(f"{name}：" for name in signatures)
        ).paragraph_format.space_before = Pt(12)
    _page_numbers(section.footer.paragraphs[0])
    document.core_properties.title = title
    document.core_properties.author = hospital
    return _saved(document)


def _line(
    document: Any, text: str, *, size: float = 10.5, bold: bool = False, align: str = "left", font: str = SONG
) -> Any:
    paragraph = document.add_paragraph()
    paragraph.alignment = _ALIGN[align]
    run = paragraph.add_run(_printable(text))
    run.bold = bold
    run.font.size = Pt(size)
    _east_asian(run._element, None, font)
    return paragraph


def _table(document: Any, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=1 + len(rows), cols=len(columns))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)
    # Row by row through the element list: asking the table for each cell is quadratic.
    for number, line in enumerate(table.rows):
        texts = [title for title, _align in columns] if number == 0 else rows[number - 1]
        for cell, text, (_title, align) in zip(line.cells, texts, columns, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph.alignment = _ALIGN["center" if number == 0 else align]
            run = paragraph.add_run(_printable(text))
            run.font.size = Pt(9)
            run.bold = number == 0
            _east_asian(run._element, None, SONG)


def _page_numbers(paragraph: Any) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, field in ((_("第 "), "PAGE"), (_(" 页 共 "), "NUMPAGES"), (_(" 页"), "")):
        run = paragraph.add_run(text)
        _east_asian(run._element, None, SONG)
        if field:
            simple = OxmlElement("w:fldSimple")
            simple.set(qn("w:instr"), field)
            paragraph._p.append(simple)
