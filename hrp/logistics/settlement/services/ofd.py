"""OFD files of e-invoices (GB/T 33190): a zip whose structured data lies inside, as an XML attachment or as custom tags.

Nothing is unpacked to disk and no declared length is believed. What is followed lies in the archive under a plain relative
name; a bomb, an archive in the archive, a path that leads out of it or a part that is no plain XML ends the reading.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MOST_ENTRIES = 200
MOST_PART = 4 * 1024 * 1024
MOST_WHOLE = 16 * 1024 * 1024
MOST_RATIO = 200
_CHUNK = 1 << 16

# names in tags and attachments -> ours
HEADER = {
    "InvoiceNo": "number", "IssueDate": "issued", "BuyerName": "buyer_name", "BuyerTaxID": "buyer_id", "SellerName": "seller_name",
    "SellerTaxID": "seller_id", "TaxExclusiveTotalAmount": "untaxed", "TaxTotalAmount": "tax", "TaxInclusiveTotalAmount": "total",
}  # fmt: skip
LINES = {
    "Item": "name", "Specification": "spec", "MeasurementDimension": "unit", "Quantity": "quantity", "Price": "price",
    "Amount": "untaxed", "TaxScheme": "rate", "TaxAmount": "tax",
}  # fmt: skip
# names of CustomData in OFD.xml -> ours
DATA = {
    "发票号码": "number", "开票日期": "issued", "合计金额": "untaxed", "合计税额": "tax", "购买方纳税人识别号": "buyer_id",
    "销售方纳税人识别号": "seller_id", "购买方名称": "buyer_name", "销售方名称": "seller_name", "价税合计": "total",
}  # fmt: skip


class Broken(Exception):
    """Why the file is not read, in words."""


class Found:
    """What an OFD says: the original XML of the invoice when it is attached, else facts by our names, and lines."""

    def __init__(self) -> None:
        self.original: bytes | None = None
        self.facts: dict[str, str] = {}
        self.lines: list[dict[str, str]] = []


def looks_like(content: bytes) -> bool:
    return content.startswith(b"PK")


def read(content: bytes) -> Found:
    """Take an OFD apart. Raises Broken."""
    package = _Package(content)
    root = package.xml("OFD.xml")
    if _local(root) != "OFD":
        raise Broken("不是 OFD 版式文件")
    found = Found()
    found.facts |= {
        DATA[name]: (data.text or "").strip()
        for data in _all(root, "CustomData")
        if (name := data.get("Name", "")) in DATA and (data.text or "").strip()
    }
    for start in _texts(root, "DocRoot"):
        _document(package, package.place("", start), found)
    return found


def _document(package: _Package, at: str, found: Found) -> None:
    document = package.xml(at)
    for listed in _texts(document, "Attachments"):
        list_at = package.place(at, listed)
        for attachment in _texts(package.xml(list_at), "FileLoc"):
            where = package.place(list_at, attachment)
            if where.lower().endswith(".xml"):
                _attachment(package, where, found)
    if found.original is None:
        shown = dict(_shown(package, at, document))
        for listed in _texts(document, "CustomTags"):
            list_at = package.place(at, listed)
            for tags in _texts(package.xml(list_at), "FileLoc"):
                _tags(package.xml(package.place(list_at, tags)), shown, found)


def _attachment(package: _Package, at: str, found: Found) -> None:
    """The invoice of the tax office as it was issued, or the older eInvoice layout."""
    root = package.xml(at)
    if root.find("EInvoiceData") is not None:
        found.original = package.part(at)
    elif _local(root) == "eInvoice":
        _tags(root, {}, found)


def _tags(root: Element, shown: Mapping[str, str], found: Found) -> None:
    """Elements by name, with their text or with references to the text objects of a page."""
    if _local(root) != "eInvoice":
        return
    columns: dict[str, list[str]] = {}
    for element in root.iter():
        name = _local(element)
        if name in HEADER:
            said = "".join(_said(element, shown))
            if said:
                found.facts.setdefault(HEADER[name], said)
        elif name in LINES:
            numeric = LINES[name] in ("quantity", "price", "untaxed", "tax")
            texts = [text.replace(",", "") if numeric else text for text in _said(element, shown)]
            columns.setdefault(LINES[name], []).extend(texts)
    count = len(columns.get("name", ()))
    for place in range(count):
        row = {key: texts[place] for key, texts in columns.items() if len(texts) == count}
        found.lines.append(dict.fromkeys(LINES.values(), "") | row)


def _said(element: Element, shown: Mapping[str, str]) -> list[str]:
    references = [shown.get((ref.text or "").strip(), "") for ref in _all(element, "ObjectRef")]
    return references or [(element.text or "").strip()]


def _shown(package: _Package, at: str, document: Element) -> Iterator[tuple[str, str]]:
    """(object id, text) of every text on every page."""
    pages = [page.get("BaseLoc", "") for page in _all(document, "Page")]
    for loc in pages:
        for text in _all(package.xml(package.place(at, loc)), "TextObject"):
            yield text.get("ID", ""), "".join((code.text or "") for code in _all(text, "TextCode")).strip()


def _local(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _all(element: Element, name: str) -> list[Element]:
    return [one for one in element.iter() if _local(one) == name]


def _texts(element: Element, name: str) -> list[str]:
    return [text for one in _all(element, name) if (text := (one.text or "").strip())]


class _Package:
    """The archive: few, small, plain parts, each read against its real length."""

    def __init__(self, content: bytes) -> None:
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(content))
            infos = self.archive.infolist()
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, OSError) as error:
            raise Broken("压缩包读不出来") from error
        if len(infos) > MOST_ENTRIES:
            raise Broken(f"压缩包有 {len(infos)} 个部分，超过 {MOST_ENTRIES}")
        self.infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            if not _plain(info.filename):
                raise Broken("压缩包内有指向包外的路径")
            if info.flag_bits & 1:
                raise Broken("文件已加密")
            if info.filename in self.infos:
                raise Broken("压缩包内有重名的部分")
            self.infos[info.filename] = info
        self.left = MOST_WHOLE

    def place(self, base: str, loc: str) -> str:
        """The name a location means, seen from the part that says it."""
        name = loc[1:] if loc.startswith("/") else posixpath.join(posixpath.dirname(base), loc)
        name = posixpath.normpath(name)
        if not _plain(name):
            raise Broken("文件内有指向包外的路径")
        return name

    def part(self, name: str) -> bytes:
        info = self.infos.get(name)
        if info is None or info.is_dir():
            raise Broken(f"缺少 {name[:60]}")
        got = bytearray()
        try:
            with self.archive.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    got += chunk
                    self.left -= len(chunk)
                    too_dense = len(got) > MOST_RATIO * max(info.compress_size, 1024)
                    if len(got) > MOST_PART or self.left < 0 or too_dense:
                        raise Broken("解压后过大")
        except (
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            EOFError,
            RuntimeError,
            OSError,
        ) as error:
            raise Broken("压缩包已损坏") from error
        return bytes(got)

    def xml(self, name: str) -> Element:
        content = self.part(name)
        if content.startswith(b"PK"):
            raise Broken("压缩包内还有压缩包")
        try:
            return fromstring(content, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise Broken(f"{name[:60]} 不是有效的 XML") from None


_NAME = re.compile(r"[^\x00-\x1f\\:]+")


def _plain(name: str) -> bool:
    parts = name.rstrip("/").split("/")
    return bool(_NAME.fullmatch(name)) and not name.startswith("/") and ".." not in parts
