"""A corpus of odd and hostile spreadsheet files, built here so that nothing binary is committed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import xlsxwriter

NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>编码</t></is></c><c r="B1" t="inlineStr"><is><t>名称</t></is></c><c r="C1" t="inlineStr"><is><t>数量</t></is></c><c r="D1" t="inlineStr"><is><t>金额</t></is></c><c r="E1" t="inlineStr"><is><t>日期</t></is></c></row>'
GOOD = '<c r="A2" t="inlineStr"><is><t>001</t></is></c><c r="B2" t="inlineStr"><is><t>纱布</t></is></c>'


def parts(sheet: str, *, strings: str = "", workbook_extra: str = "", prefix: str = "") -> dict[str, bytes]:
    xml = '<?xml version="1.0" encoding="UTF-8"?>'
    return {
        "[Content_Types].xml": f'{xml}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'.encode(),
        "_rels/.rels": f'{xml}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{R}/officeDocument" Target="xl/workbook.xml"/></Relationships>'.encode(),
        "xl/workbook.xml": f'{xml}<workbook xmlns="{NS}" xmlns:r="{R}">{workbook_extra}<sheets><sheet name="物资" sheetId="1" r:id="rId1"/></sheets></workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": f'{xml}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{R}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'.encode(),
        "xl/worksheets/sheet1.xml": f'{prefix or xml}<worksheet xmlns="{NS}"><sheetData>{HEAD}{sheet}</sheetData></worksheet>'.encode(),
        **({"xl/sharedStrings.xml": strings.encode()} if strings else {}),
    }  # fmt: skip


def packed(files: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def sheet(rows: str, **kwargs: str) -> bytes:
    return packed(parts(rows, **kwargs))


def cell(reference: str, value: str, kind: str = "n") -> str:
    return f'<c r="{reference}" t="{kind}"><v>{value}</v></c>'


def text(reference: str, value: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def row(cells: str, number: int = 2) -> str:
    return f'<row r="{number}">{cells}</row>'


def with_member(name: str, data: bytes = b"x", **attributes: int) -> bytes:
    buffer = io.BytesIO(sheet(row(GOOD)))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo(name)
        for key, value in attributes.items():
            setattr(info, key, value)
        archive.writestr(info, data)
    return buffer.getvalue()


def merged(reference: str) -> bytes:
    files = parts(row(GOOD))
    name = "xl/worksheets/sheet1.xml"
    files[name] = files[name].replace(
        b"</sheetData>",
        f'</sheetData><mergeCells count="1"><mergeCell ref="{reference}"/></mergeCells>'.encode(),
    )
    return packed(files)


def lying_size() -> bytes:
    """A 60 MB part whose headers declare 100 bytes, with the checksum of those."""
    data = bytearray(packed(parts(row(GOOD)) | {"xl/media/image1.png": b"0" * 60_000_000}))
    small = struct.pack("<L", 100)
    crc = struct.pack("<L", zlib.crc32(b"0" * 100))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        info = archive.getinfo("xl/media/image1.png")
    for start, offset in ((info.header_offset, 14), (data.rfind(b"PK\x01\x02"), 16)):
        data[start + offset : start + offset + 4] = crc
        data[start + offset + 8 : start + offset + 12] = small
    return bytes(data)


def encrypted_flag() -> bytes:
    data = bytearray(sheet(row(GOOD)))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def sheet_elsewhere() -> bytes:
    """The worksheet under a name that does not look like XML."""
    files = parts(row(GOOD) + row(cell("XFD1048576", "1"), 1048576))
    files["xl/evil.bin"] = files.pop("xl/worksheets/sheet1.xml")
    relations = "xl/_rels/workbook.xml.rels"
    files[relations] = files[relations].replace(b"worksheets/sheet1.xml", b"evil.bin")
    return packed(files)


def far_dimension() -> bytes:
    files = parts(row(GOOD))
    name = "xl/worksheets/sheet1.xml"
    files[name] = files[name].replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')
    return packed(files)


def many_rows(count: int) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    page = book.add_worksheet("物资")
    page.write_row(0, 0, ["编码", "名称", "数量", "金额", "日期"])
    for number in range(1, count + 1):
        page.write_row(number, 0, [f"{number:06d}", "纱布", 5, 12.5, "2026-01-31"])
    book.close()
    return buffer.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512
LOL = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)
XXE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'

# name -> (build, fragments expected in the refusal or in the problems; empty: reads without a problem)
Build = Callable[[], bytes]
CORPUS: dict[str, tuple[Build, str]] = {
    "empty.xlsx": (lambda: b"", "0 字节"),
    "spaces.csv": (lambda: b"  \n \n", "标题行"),
    "random.xlsx": (lambda: bytes(range(1, 256)) * 8, "不是 .xlsx"),
    "nul.csv": (lambda: b"\x00\x01" * 500, "编码"),
    "truncated.xlsx": (lambda: sheet(row(GOOD))[:400], "损坏"),
    "cut_middle.xlsx": (lambda: (d := sheet(row(GOOD)))[:200] + d[260:], "损坏"),
    "flipped.xlsx": (lambda: (d := bytearray(sheet(row(GOOD)))).__setitem__(90, d[90] ^ 255) or bytes(d), "损坏"),
    "not_a_book.xlsx": (lambda: packed({"a.txt": b"hello"}), "没有工作簿"),
    "docx.xlsx": (lambda: packed({"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}), "没有工作簿"),
    "no_sheets.xlsx": (lambda: packed(parts("") | {"xl/workbook.xml": f'<workbook xmlns="{NS}"/>'.encode()}), "没有工作表"),
    "no_rels.xlsx": (lambda: packed({k: v for k, v in parts("").items() if "workbook.xml.rels" not in k}), "损坏"),
    "bad_xml.xlsx": (lambda: sheet("<row r='2'><c></row>"), "单元格"),
    "old.xls": (lambda: OLE, "97-2003"),
    "old_renamed.xlsx": (lambda: OLE, "97-2003"),
    "password.xlsx": (lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "密码"),
    "zip_password.xlsx": (encrypted_flag, "密码"),
    "html.xls": (lambda: b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
    "html.xlsx": (lambda: b"\xef\xbb\xbf\r\n<TABLE><tr><td>1", "网页"),
    "xml2003.xls": (lambda: b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "网页或 XML"),
    "pdf.xlsx": (lambda: b"%PDF-1.7 ...", "不是表格"),
    "png.csv": (lambda: b"\x89PNG\r\n\x1a\n....", "不是表格"),
    "rtf.csv": (lambda: b"{\\rtf1 x}", "不是表格"),
    "exe.csv": (lambda: b"MZ\x90\x00", "不是表格"),
    "macro.xlsx": (lambda: with_member("xl/vbaProject.bin"), "宏"),
    "traversal.xlsx": (lambda: with_member("../../etc/cron.d/x"), "越界"),
    "backslash.xlsx": (lambda: with_member("..\\..\\x"), "越界"),
    "absolute.xlsx": (lambda: with_member("/etc/passwd"), "越界"),
    "drive.xlsx": (lambda: with_member("C:evil"), "越界"),
    "symlink.xlsx": (lambda: with_member("xl/link", b"/etc/passwd", external_attr=0o120777 << 16, create_system=3), "符号链接"),
    "same_name.xlsx": (lambda: with_member("XL/Workbook.xml"), "重名"),
    "10000_entries.xlsx": (lambda: packed(parts(row(GOOD)) | {f"x/{i}": b"" for i in range(10_000)}), "部件"),
    "zip_bomb.xlsx": (lambda: packed(parts(row(GOOD)) | {"xl/media/a.png": b"\0" * 300_000_000}), "炸弹"),
    "sheet_bomb.xlsx": (lambda: sheet("<row r='2'>" + " " * 100_000_000 + "</row>"), "过长"),
    "strings_bomb.xlsx": (lambda: sheet(row(GOOD), strings="<sst>" + "<si><t>aaaaaaaaaa</t></si>" * 3_000_000 + "</sst>"), "炸弹"),
    "lying_size.xlsx": (lying_size, "炸弹"),
    "lzma.xlsx": (lambda: packed(parts(row(GOOD)), compression=zipfile.ZIP_LZMA), "压缩方式"),
    "xxe.xlsx": (lambda: sheet(row(GOOD), prefix=XXE), "DTD"),
    "lol.xlsx": (lambda: sheet(row(GOOD), prefix=LOL), "DTD"),
    "dtd_in_strings.xlsx": (lambda: sheet(row(GOOD), strings=XXE + "<sst/>"), "DTD"),
    "dtd_in_workbook.xlsx": (lambda: packed(parts(row(GOOD)) | {"xl/workbook.xml": XXE.encode() + b"<a/>"}), "DTD"),
    "utf16_part.xlsx": (lambda: packed(parts(row(GOOD)) | {"xl/worksheets/sheet1.xml": (XXE + "<a/>").encode("utf-16")}), "UTF-8"),
    "utf7_part.xlsx": (lambda: sheet(row(GOOD), prefix='<?xml version="1.0" encoding="UTF-7"?>'), "UTF-8"),
    "far_cell.xlsx": (lambda: sheet(row(GOOD) + row(cell("XFD1048576", "1"), 1048576)), "已用区域过大"),
    "far_hidden.xlsx": (lambda: sheet(row(GOOD) + row("""<c s=" r='A3' " r="XFD1048576"><v>1</v></c>""", 3)), "地址写法"),
    "far_single_quote.xlsx": (lambda: sheet(row(GOOD) + row("<c r='XFD1048576'><v>1</v></c>", 3)), "地址写法"),
    "far_entity.xlsx": (lambda: sheet(row(GOOD) + row('<c r="&#88;FD1048576"><v>1</v></c>', 3)), "地址写法"),
    "far_prefix.xlsx": (lambda: sheet(row(GOOD) + row('<x-y:c r="XFD1048576"><v>1</v></x-y:c>', 3)), "已用区域过大"),
    "far_newline.xlsx": (lambda: sheet(row(GOOD) + row('<c\n r="XFD1048576"\n><v>1</v></c>', 3)), "已用区域过大"),
    "beyond_excel.xlsx": (lambda: sheet(row(cell("ZZZZZZ999999999", "1"))), "已用区域过大"),
    "far_row.xlsx": (lambda: sheet(row(GOOD) + row(cell("CZ900000", "1"), 900000)), "已用区域过大"),
    "wide.xlsx": (lambda: sheet(row(GOOD + cell("XFD2", "1"))), "已用区域过大"),
    "no_address.xlsx": (lambda: sheet("<row><c><v>1</v></c></row>"), "地址写法"),
    "huge_merge.xlsx": (lambda: merged("A1:ZZ9000"), "合并单元格"),
    "whole_merge.xlsx": (lambda: merged("A1:XFD1048576"), "合并单元格"),
    "data_merge.xlsx": (lambda: merged("A2:A3"), "第 2 行A 列"),
    "formula_unsaved.xlsx": (lambda: sheet(row(GOOD + '<c r="C2"><f>1+1</f></c>')), "公式没有计算结果"),
    "formula_error.xlsx": (lambda: sheet(row(GOOD + cell("C2", "#REF!", "e"))), "错误值"),
    "infinite.xlsx": (lambda: sheet(row(GOOD + cell("D2", "1e999"))), "不是有效的数"),
    "nan.xlsx": (lambda: sheet(row(GOOD + cell("D2", "NaN"))), "不是有效的数"),
    "minus_inf_text.xlsx": (lambda: sheet(row(GOOD + text("D2", "-Infinity"))), "应填数字"),
    "1e999_text.xlsx": (lambda: sheet(row(GOOD + text("D2", "1e999"))), "数字过大"),
    "serial_minus_1.xlsx": (lambda: sheet(row(GOOD + cell("E2", "-1"))), "不是有效的日期"),
    "serial_60.xlsx": (lambda: sheet(row(GOOD + cell("E2", "60"))), "不是有效的日期"),
    "serial_2958466.xlsx": (lambda: sheet(row(GOOD + cell("E2", "2958466"))), "不是有效的日期"),
    "serial_half.xlsx": (lambda: sheet(row(GOOD + cell("E2", "45000.5"))), "带有时间"),
    "30_february.xlsx": (lambda: sheet(row(GOOD + text("E2", "2026-02-30"))), "没有这一天"),
    "control.xlsx": (lambda: sheet(row(text("A2", "001") + text("B2", "纱&#x85;布"))), "控制字符"),
    "rtl.xlsx": (lambda: sheet(row(text("A2", "001") + text("B2", "纱\u202e布"))), "控制字符"),
    "long_text.xlsx": (lambda: sheet(row(text("A2", "001") + text("B2", "长" * 5000))), "超过"),
    "numeric_code.xlsx": (lambda: sheet(row(cell("A2", "1.23456789012346E+17") + text("B2", "x"))), "位数"),
    "twice.xlsx": (lambda: sheet(row(GOOD) + row(GOOD.replace('"A2"', '"A3"').replace('"B2"', '"B3"'), 3)), "与第 2 行重复"),
    "half_quantity.xlsx": (lambda: sheet(row(GOOD + cell("C2", "2.5"))), "应填整数"),
    "missing_name.xlsx": (lambda: sheet(row(text("A2", "001"))), "必填"),
    "only_header.xlsx": (lambda: sheet(""), "没有数据行"),
    "50001_rows.xlsx": (lambda: many_rows(50_001), "超过 50000 行"),
    "missing_column.csv": (lambda: "编码,数量\n001,5\n".encode(), "缺少必填列“名称”"),
    "two_columns.csv": (lambda: "编码,名称,编码\n001,纱布,002\n".encode(), "重复"),
    "broken_quote.csv": (lambda: '编码,名称\n001,"纱布\n002,x\n'.encode(), "引号"),
    "big_cell.csv": (lambda: ("编码,名称\n001," + "a" * 200_000).encode(), "单元格过长"),
    "half_gbk.csv": (lambda: "编码,名称\n001,纱".encode("gbk") + b"\xff\xff", "编码"),
    "wide.csv": (lambda: ("编码,名称" + ",x" * 300 + "\n").encode(), "列"),
    "no_header.csv": (lambda: b"1,2,3\n4,5,6\n", "标题行"),
    "strings_count.xlsx": (lambda: sheet(row(GOOD), strings=f'<sst xmlns="{NS}" uniqueCount="4000000000"><si><t>5</t></si></sst>'), "数量过大"),
    "strings_count_hidden.xlsx": (lambda: sheet(row(GOOD), strings=f'<sst a=">" count="4000000000" xmlns="{NS}"/>'), "不规范"),
    "string_index.xlsx": (lambda: sheet(row(GOOD + cell("C2", "4000000000", "s")), strings=f'<sst xmlns="{NS}"/>'), "损坏"),
    "sheet_elsewhere.xlsx": (sheet_elsewhere, "已用区域过大"),
    "opendocument_inside.xlsx": (lambda: packed(parts(row(GOOD)) | {"xl/workbook.xml": f'<workbook xmlns="{NS}"/>'.encode(), "mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}), "没有工作表"),
    "iso_date.xlsx": (lambda: sheet(row(GOOD + cell("E2", "999999-99-99", "d"))), "不是有效的日期"),
    # good files that look odd
    "far_dimension.xlsx": (far_dimension, ""),
    "rows_in_disorder.xlsx": (lambda: sheet(row(text("A3", "002") + text("B3", "手套"), 3) + row(GOOD)), ""),
    "styled_far.xlsx": (lambda: sheet(row(GOOD) + '<row r="1048576"><c r="XFD1048576" s="0"/></row>'), ""),
    "full_width.xlsx": (lambda: sheet(row(GOOD + text("C2", "２５") + text("D2", "１，２３４．５０"))), ""),
    "serial_1904.xlsx": (lambda: sheet(row(GOOD + cell("E2", "44000")), workbook_extra='<workbookPr date1904="1"/>'), ""),
    "excel_codes.csv": (lambda: '编码;名称\n="001";纱布\n'.encode("gb18030"), ""),
}  # fmt: skip
