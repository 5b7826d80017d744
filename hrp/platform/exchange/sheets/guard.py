"""What is checked before any parser sees a stranger's file.

A 5 KB workbook with one cell at XFD1048576 hangs a normal parser for minutes and a 100 KB one can unpack to
gigabytes; neither gets past here. Every part is unpacked by us, chunk by chunk, against the real length and not the
declared one, and scanned for document types, entities and the extent of the used cells.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from hrp.platform.base.refusals import Invalid
from hrp.platform.exchange.sheets.specs import Limits

_CHUNK = 1 << 20
# Only the plain form every spreadsheet program writes is accepted: an attribute value with blanks or brackets in it
# could hide a second address from us that the parser would see, and the parser aborts the process on a far cell.
_ATTRIBUTES = rb"""(?:\s+(?!r=)[\w:.-]+="[^"<>\s]*")*"""
_CELL = re.compile(
    rb"<(?:[^\s<>/:]+:)?c("
    + _ATTRIBUTES
    + rb""")\s+r="([A-Z]{1,9})([0-9]{1,9})"("""
    + _ATTRIBUTES
    + rb")\s*(/?)>"
)
_ANY_CELL = re.compile(rb"<(?:[^\s<>/:]+:)?c[\s>/]")
_ANY_STRINGS = re.compile(rb"<(?:[^\s<>/:]+:)?sst[\s>/]")
_STRINGS = re.compile(rb"<(?:[^\s<>/:]+:)?sst(" + _ATTRIBUTES + rb")\s*/?>")
_MERGE = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^<>]*?ref\s*=\s*["']([A-Za-z]+)([0-9]+):([A-Za-z]+)([0-9]+)["']"""
)
_BARE_FORMULA = re.compile(
    rb"""<c\s(?:[^<>]*?\s)?r="([A-Z]+)([0-9]+)"[^<>]*>\s*<f[^<>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>"""
)
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']""")
_EPOCH_1904 = re.compile(rb"""date1904\s*=\s*["'](?:1|true|on)["']""")


@dataclass
class Extent:
    """What one worksheet part holds, learnt without parsing it."""

    rows: int = 0
    columns: int = 0
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)  # row, column, row, column; from 0
    bare_formulas: set[tuple[int, int]] = field(
        default_factory=set
    )  # (row, column) from 0, without a stored result
    errors: set[tuple[int, int]] = field(
        default_factory=set
    )  # cells showing #N/A and the like; parsers read them as blank
    addressed: int = 0
    is_sheet: bool = False


@dataclass
class Examined:
    """A workbook that may be opened. ``extents`` by part name."""

    extents: dict[str, Extent] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)  # workbook.xml and its rels, small
    epoch_1904: bool = False


def kind_of(data: bytes, name: str, limits: Limits) -> str:
    """``"xlsx"`` or ``"csv"``, judged by the bytes; a refusal in plain words for everything else."""
    if not data:
        raise Invalid(
            _("文件是空的（0 字节）。"), way_out=_("请重新导出或保存后再上传。"), code="sheet_empty_file"
        )
    if len(data) > limits.file_bytes:
        raise Invalid(
            _("文件 {size:.1f} MB，超过上限 {limit:.0f} MB。").format(
                size=len(data) / 2**20, limit=limits.file_bytes / 2**20
            ),
            way_out=_("请拆成几个文件分别导入。"),
            code="sheet_too_big",
        )
    if data.startswith(b"PK"):
        return "xlsx"
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Invalid(
                _("文件设有打开密码，系统无法读取。"),
                way_out=_("请在 Excel 中取消密码（文件—信息—保护工作簿）后另存为 .xlsx。"),
                code="sheet_encrypted",
            )
        raise Invalid(
            _("这是旧版 Excel 97-2003（.xls）文件，改扩展名并不能改变格式。"),
            way_out=_("请用 Excel 或 WPS 打开后“另存为”.xlsx。"),
            code="sheet_xls",
        )
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype", b"<html", b"<table", b"<head", b"<meta", b"<?xml", b"<style", b"<div")):
        raise Invalid(
            _("这是网页或 XML 文件，只是改成了表格的扩展名（许多系统“导出 Excel”时会这样做）。"),
            way_out=_("请用 Excel 或 WPS 打开后“另存为”.xlsx。"),
            code="sheet_html",
        )
    if head.startswith(
        (b"%pdf", b"\x89png", b"\xff\xd8\xff", b"rar!", b"7z\xbc\xaf", b"{\\rtf", b"mz", b"\x7felf", b"gif8")
    ):
        raise Invalid(
            _("这不是表格文件。"), way_out=_("请上传 .xlsx 或 .csv 文件。"), code="sheet_not_a_sheet"
        )
    if name.lower().endswith((".xlsx", ".xlsm", ".xls", ".et")):
        raise broken(_("内容不是 Excel 工作簿"))
    return "csv"


def broken(detail: str) -> Invalid:
    return Invalid(
        _("文件已损坏或不是 .xlsx 工作簿：{detail}。").format(detail=detail),
        way_out=_("请用 Excel 或 WPS 打开确认无误后“另存为”.xlsx，再上传。"),
        code="sheet_broken",
    )


def hostile(detail: str) -> Invalid:
    return Invalid(
        _("文件结构异常，为保护系统已拒绝：{detail}。").format(detail=detail),
        way_out=_("请把数据复制到新下载的模板中再上传；若文件来自外单位，请先确认来源。"),
        code="sheet_hostile",
    )


def examine(data: bytes, limits: Limits, *, part: str = "xl/workbook.xml") -> Examined:
    """Check a zip package thoroughly without trusting a single declared length. ``part`` says which kind it must be."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = archive.infolist()
    except (
        zipfile.BadZipFile,
        ValueError,
        struct.error,
        NotImplementedError,
        OSError,
        RuntimeError,
    ) as error:
        raise broken(_("压缩包目录读不出来")) from error
    if len(infos) > limits.entries:
        raise hostile(
            _("内含 {count} 个部件，超过 {limit} 个").format(count=len(infos), limit=limits.entries)
        )
    _check_entries(infos)
    names = {info.filename for info in infos}
    if part not in names or "[Content_Types].xml" not in names:
        raise broken(_("压缩包里没有工作簿"))
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Invalid(_("文件带有宏。"), way_out=_("请“另存为”不带宏的 .xlsx 后再上传。"), code="sheet_macro")
    found = Examined()
    unpacked = 0
    for info in infos:
        for size in _scan(data, info, found, limits):
            unpacked += size
            if unpacked > limits.unpacked_bytes or (
                unpacked > 8 * 2**20 and unpacked > limits.ratio * len(data)
            ):
                raise hostile(_("解压后过大（压缩炸弹）"))
    return found


def _check_entries(infos: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for info in infos:
        name = info.orig_filename
        if info.flag_bits & 0x1:
            raise Invalid(
                _("压缩包带密码，系统无法读取。"), way_out=_("请取消密码后再上传。"), code="sheet_encrypted"
            )
        if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name or "\x00" in name:
            raise hostile(_("部件路径越界"))
        if stat.S_ISLNK(info.external_attr >> 16):
            raise hostile(_("含有符号链接"))
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise hostile(_("压缩方式不常见"))
        folded = name.replace("\\", "/").casefold()
        if folded in seen:
            raise hostile(_("部件重名"))
        seen.add(folded)


def _unpacked(data: bytes, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The real contents of an entry in chunks of at most 1 MB, whatever its header declares."""
    start = info.header_offset
    if data[start : start + 4] != b"PK\x03\x04":
        raise broken(_("部件 {name} 位置不对").format(name=info.filename[:60]))
    name_length, extra_length = struct.unpack("<HH", data[start + 26 : start + 30])
    start += 30 + name_length + extra_length
    raw = data[start : start + info.compress_size]
    if len(raw) != info.compress_size:
        raise broken(_("文件不完整"))
    checksum, total = 0, 0
    if info.compress_type == zipfile.ZIP_STORED:
        chunks: Iterator[bytes] = (raw[i : i + _CHUNK] for i in range(0, len(raw), _CHUNK))
    else:
        chunks = _inflated(raw, info.filename)
    for chunk in chunks:
        checksum = zlib.crc32(chunk, checksum)
        total += len(chunk)
        yield chunk
    if checksum != info.CRC or total != info.file_size:
        raise broken(_("部件 {name} 校验不符").format(name=info.filename[:60]))


def _inflated(raw: bytes, name: str) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-15)
    try:
        while True:
            chunk = inflater.decompress(raw, _CHUNK)
            raw = inflater.unconsumed_tail
            if chunk:
                yield chunk
            if inflater.eof:
                return
            if not chunk and not raw:
                raise broken(_("文件不完整"))
    except zlib.error as error:
        raise broken(_("部件 {name} 解压失败").format(name=name[:60])) from error


def _scan(data: bytes, info: zipfile.ZipInfo, found: Examined, limits: Limits) -> Iterator[int]:
    """Yield unpacked sizes while collecting what the part says about itself."""
    name = info.filename
    # A worksheet may lie under any name, so every part is measured; pictures are merely not asked for their encoding.
    markup = name.lower().endswith((".xml", ".rels", ".vml"))
    small = name.startswith("xl/workbook") or name.endswith("workbook.xml.rels")
    kept: list[bytes] = []
    extent = Extent()
    cells = 0
    carry = b""
    first = True
    for chunk in _unpacked(data, info):
        yield len(chunk)
        text = carry + chunk
        if first:
            markup = markup or text[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
            if markup:
                _check_encoding(text[:200])
            first = False
        if markup and (b"<!DOCTYPE" in text or b"<!ENTITY" in text):
            raise hostile(_("含有 DTD 或实体声明"))
        # Cut before the last complete element start, so that no cell is split between two chunks.
        cut = (
            max(text.rfind(b"<c "), text.rfind(b"<row "), text.rfind(b"<mergeCell "))
            if len(chunk) == _CHUNK
            else -1
        )
        if not markup and len(carry) > _CHUNK:
            cut = len(text)
        cut = cut if cut > 0 else (text.rfind(b"<") if len(chunk) == _CHUNK else len(text))
        text, carry = text[:cut], text[cut:]
        if markup and len(carry) > 4 * _CHUNK:
            raise hostile(_("单个单元格内容过长"))
        if small:
            kept.append(text)
        cells += len(_ANY_CELL.findall(text))
        _measure(text, extent, limits)
        if cells > limits.cells:
            raise _too_many(extent, limits)
    if carry:
        if markup and (b"<!DOCTYPE" in carry or b"<!ENTITY" in carry):
            raise hostile(_("含有 DTD 或实体声明"))
        cells += len(_ANY_CELL.findall(carry))
        _measure(carry, extent, limits)
        kept.append(carry)
    if small:
        found.parts[name] = b"".join(kept)
        found.epoch_1904 = found.epoch_1904 or bool(_EPOCH_1904.search(found.parts[name]))
    if cells and extent.is_sheet:
        if extent.addressed != cells:
            raise hostile(_("单元格地址写法不规范"))
        if extent.rows * max(extent.columns, 1) > limits.cells or extent.columns > limits.columns:
            raise _too_many(extent, limits)
        found.extents[name] = extent


def _check_encoding(head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head[:64]:
        raise hostile(_("部件编码不是 UTF-8"))
    declared = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise hostile(_("部件编码不是 UTF-8"))


def _index(letters: bytes) -> int:
    index = 0
    for byte in letters[:6].upper():
        index = index * 26 + byte - 64
    return index - 1


def _check_counts(text: bytes) -> None:
    """The parser reserves room for as many shared strings as the table claims to hold."""
    tables = _STRINGS.findall(text)
    if len(tables) != len(_ANY_STRINGS.findall(text)):
        raise hostile(_("共享字符串表写法不规范"))
    if any(len(number) > 7 for attributes in tables for number in re.findall(rb'ount="([^"]*)"', attributes)):
        raise hostile(_("共享字符串表声称的数量过大"))


def _measure(text: bytes, extent: Extent, limits: Limits) -> None:
    if b"sst" in text:
        _check_counts(text)
    columns: set[bytes] = set()
    last_row = 0
    if b"sheetData" in text:
        extent.is_sheet = True
    with_errors = b't="e"' in text
    for before, letters, number, after, closed in _CELL.findall(text):
        extent.addressed += 1
        if with_errors and b't="e"' in before + after and len(extent.errors) < 1000:
            extent.errors.add((int(number) - 1, _index(letters)))
        if not closed:  # a styled but empty cell is drawn by Excel and holds nothing
            columns.add(letters)
            if (row := int(number)) > last_row:
                last_row = row
    extent.rows = max(extent.rows, last_row)
    extent.columns = max([extent.columns, *(_index(letters) + 1 for letters in columns)])
    if b"mergeCell" in text:
        for left, top, right, bottom in _MERGE.findall(text):
            merge = (int(top[:9]) - 1, _index(left), int(bottom[:9]) - 1, _index(right))
            if (merge[2] - merge[0] + 1) * (merge[3] - merge[1] + 1) > limits.merge_cells:
                raise Invalid(
                    _("工作表里有一个过大的合并单元格 {ref}。").format(
                        ref=f"{left.decode()}{top.decode()}:{right.decode()}{bottom.decode()}"
                    ),
                    way_out=_("请取消合并后再上传；导入表不需要合并单元格。"),
                    code="sheet_merge",
                )
            if len(extent.merges) < 1000:
                extent.merges.append(merge)
    if b"<f" in text and len(extent.bare_formulas) < 1000:
        for letters, number in _BARE_FORMULA.findall(text):
            extent.bare_formulas.add((int(number[:9]) - 1, _index(letters)))


def _too_many(extent: Extent, limits: Limits) -> Invalid:
    return Invalid(
        _("工作表的已用区域过大（到第 {rows} 行、第 {columns} 列）。").format(
            rows=extent.rows, columns=extent.columns
        ),
        way_out=_(
            "通常是远处误留了内容：请把数据区域复制到新下载的模板中再上传，列数不超过 {columns} 列。"
        ).format(columns=limits.columns),
        code="sheet_extent",
    )
