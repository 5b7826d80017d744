"""数电发票 files: read safely, kept once, matched to what waits for an invoice."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.db import transaction

from hrp.logistics.models import Supplier
from hrp.logistics.rules.valuation import value_out
from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice
from hrp.logistics.settlement.models import EInvoice
from hrp.logistics.settlement.services import ofd
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, Problem

ZERO = Decimal(0)
MAX_BYTES = 2 * 1024 * 1024
NUMBER = re.compile(r"\d{20}")
BLUE = re.compile(r"蓝字\D{0,20}(\d{20})(?!\d)")
CATEGORY = re.compile(r"^\*[^*]*\*")  # 税收分类简称, e.g. *医疗仪器器械*

WAITING_SQL = """
SELECT l.id, i.name, i.spec, sum(e.quantity), sum(e.amount), l.quantity, l.amount
FROM logistics_estimate e JOIN logistics_receipt_line l ON l.id = e.receipt_line_id JOIN logistics_item i ON i.id = l.item_id
WHERE e.supplier_id = %s GROUP BY 1, 2, 3 HAVING sum(e.quantity) > 0 ORDER BY l.id
"""


@dataclass(frozen=True)
class Read:
    """What an invoice file says; amounts in yuan."""

    number: str
    issued_on: dt.date
    seller: tuple[str, str]  # name, tax number
    buyer: tuple[str, str]
    untaxed: Decimal
    tax: Decimal
    total: Decimal
    lines: tuple[dict[str, str], ...]
    blue_number: str = ""  # of a red one, the invoice it takes back


def read(content: bytes) -> Read:
    """Read a 数电发票, XML or OFD. Raises Invalid with what is missing; entities and DTDs are never followed."""
    if len(content) > MAX_BYTES:
        raise _unreadable("文件超过 2 MB")
    if ofd.looks_like(content):
        return _read_ofd(content)
    return _read_xml(content)


def _read_xml(content: bytes) -> Read:
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise _unreadable("不是有效的 XML 文件") from None
    number = _text(root, "TaxSupervisionInfo/InvoiceNumber") or _text(root, "Header/EIid")
    if not NUMBER.fullmatch(number):
        raise _unreadable(f"发票号码“{number}”不是 20 位数字")
    basic = "EInvoiceData/BasicInformation"
    found = Read(
        number=number,
        issued_on=_day(_text(root, "TaxSupervisionInfo/IssueTime") or _text(root, f"{basic}/RequestTime")),
        seller=_party(root, "Seller"),
        buyer=_party(root, "Buyer"),
        untaxed=_number(root, f"{basic}/TotalAmWithoutTax"),
        tax=_number(root, f"{basic}/TotalTaxAm"),
        total=_number(root, f"{basic}/TotalTax-includedAmount"),
        lines=tuple(_line(row) for row in root.findall("EInvoiceData/IssuItemInformation")),
        blue_number=_blue(" ".join(text for text in root.itertext() if "蓝字" in text)),
    )
    return _proven(found)


def _read_ofd(content: bytes) -> Read:
    """The attached original where there is one; else what the tags and the custom data say."""
    try:
        package = ofd.read(content)
    except ofd.Broken as broken:
        raise _unreadable(f"OFD 文件{broken}") from None
    if package.original is not None:
        return _read_xml(package.original)
    facts = package.facts
    if not NUMBER.fullmatch(facts.get("number", "")):
        raise _unreadable("OFD 中没有 20 位的数电发票号码")
    untaxed, tax = _fact(facts, "untaxed"), _fact(facts, "tax")
    found = Read(
        number=facts["number"],
        issued_on=_day(re.sub(r"[年月]", "-", facts.get("issued", "")).rstrip("日")),
        seller=(facts.get("seller_name", "")[:200], facts.get("seller_id", "")[:20]),
        buyer=(facts.get("buyer_name", "")[:200], facts.get("buyer_id", "")[:20]),
        untaxed=untaxed,
        tax=tax,
        total=_fact(facts, "total") if facts.get("total") else untaxed + tax,
        lines=tuple(
            {key: text[:200] for key, text in line.items()} | {"total": _with_tax(line)}
            for line in package.lines
        ),
    )
    return _proven(found)


def _fact(facts: Mapping[str, str], name: str) -> Decimal:
    """An amount as printed: ¥1,234.50."""
    try:
        value = Decimal(re.sub(r"[¥￥,，\s]", "", facts.get(name, "")))
    except InvalidOperation:
        raise _unreadable(f"OFD 中缺少金额（{name}）") from None
    if not value.is_finite():
        raise _unreadable("OFD 中的金额不对")
    return value


def _with_tax(line: Mapping[str, str]) -> str:
    whole = _decimal(line.get("untaxed", "")) + _decimal(line.get("tax", ""))
    return f"{whole:.2f}" if whole else ""


def _blue(text: str) -> str:
    """A red invoice's remark names the blue one: 被红冲蓝字数电票号码：…"""
    found = BLUE.search(text)
    return found.group(1) if found else ""


def _proven(found: Read) -> Read:
    if found.untaxed + found.tax != found.total:
        raise _unreadable(f"不含税金额 {found.untaxed} 加税额 {found.tax} 不等于价税合计 {found.total}")
    if not found.seller[1]:
        raise _unreadable("没有销售方纳税人识别号")
    return found


def _unreadable(why: str) -> Invalid:
    return Invalid(
        f"不能导入：{why}", problems=[Problem(why, field="file")], code="bad_einvoice",
        way_out="请上传税务数字账户或供应商提供的数电发票 XML 或 OFD 原件；版式 PDF 请手工登记。",
    )  # fmt: skip


def _text(root: Element, path: str) -> str:
    found = root.find(path)
    return (found.text or "").strip() if found is not None else ""


def _number(root: Element, path: str) -> Decimal:
    try:
        value = Decimal(_text(root, path))
    except InvalidOperation:
        raise _unreadable(f"缺少金额 {path.rsplit('/', 1)[-1]}") from None
    if not value.is_finite():
        raise _unreadable(f"金额不对 {path.rsplit('/', 1)[-1]}")
    return value


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError:
        raise _unreadable(f"开票日期“{text}”看不懂") from None


def _party(root: Element, side: str) -> tuple[str, str]:
    base = f"EInvoiceData/{side}Information/{side}"
    return _text(root, f"{base}Name")[:200], _text(root, f"{base}IdNum")[:20]


def _line(row: Element) -> dict[str, str]:
    names = {
        "name": "ItemName", "spec": "SpecMod", "unit": "MeaUnits", "quantity": "Quantity", "price": "UnPrice",
        "untaxed": "Amount", "rate": "TaxRate", "tax": "ComTaxAm", "total": "TotaltaxIncludedAmount",
    }  # fmt: skip
    return {key: _text(row, tag)[:200] for key, tag in names.items()}


@transaction.atomic
def take_in(*, actor: User, name: str, content: bytes) -> EInvoice:
    """Keep a file. Raises Conflict (``duplicate_invoice``) for one that is here already."""
    scope.require(actor, "logistics.supplier_invoice.edit")
    found = read(content)
    twin = EInvoice.objects.filter(number=found.number).first()
    if twin is not None:
        raise Conflict(
            f"发票 {found.number} 已于 {clock.local(twin.imported_at):%Y-%m-%d} 由 {twin.imported_by} 导入", code="duplicate_invoice",
            way_out="请从已导入的数电发票继续登记，不要重复导入。",
        )  # fmt: skip
    supplier = (
        Supplier.objects.filter(credit_code=found.seller[1]).first()
        or Supplier.objects.filter(name=found.seller[0]).first()
    )
    made = EInvoice.objects.create(
        number=found.number, issued_on=found.issued_on, seller_name=found.seller[0], seller_tax_number=found.seller[1],
        buyer_name=found.buyer[0], buyer_tax_number=found.buyer[1], supplier=supplier, untaxed=found.untaxed, tax=found.tax,
        total=found.total, lines=list(found.lines), blue_number=found.blue_number, file_name=name[:200], sha256=hashlib.sha256(content).hexdigest(),
        imported_by=actor, imported_at=clock.now(),
    )  # fmt: skip
    audit.record(
        actor=actor,
        act="logistics.einvoice.import",
        target=f"logistics.einvoice:{made.pk}",
        summary=f"导入数电发票 {made}",
    )
    return made


# -- matching ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """A receipt line without invoice."""

    receipt_line_id: int
    name: str
    spec: str
    quantity: Decimal
    amount: Decimal


def waiting_for(supplier_id: int) -> list[Waiting]:
    """Receipt lines of a supplier that wait for an invoice, oldest first."""
    return [Waiting(*row[:5]) for row in sql.rows(WAITING_SQL, [supplier_id])]


def suggest(lines: Iterable[Mapping[str, str]], waiting: Sequence[Waiting]) -> list[dict[str, Any]]:
    """Which receipt lines an invoice's lines are for: same name, same spec where both give one, oldest first.

    Quantities are taken as far as they go; what nothing matches is left to the clerk. Discount lines (negative) become one
    line without receipt line.
    """
    left = {one.receipt_line_id: one.quantity for one in waiting}
    suggested: list[dict[str, Any]] = []
    rest = ZERO
    for line in lines:
        amount, quantity = _amount(line), _decimal(line.get("quantity", ""))
        found = [w for w in waiting if left[w.receipt_line_id] > 0 and _same(line, w)] if quantity > 0 else []
        open_quantity, open_amount = quantity, amount
        for one in found:
            part = min(left[one.receipt_line_id], open_quantity)
            if part <= 0:
                break
            value = value_out(open_quantity, open_amount, part)
            suggested.append({"receipt_line": one.receipt_line_id, "quantity": part, "amount": value})
            left[one.receipt_line_id] -= part
            open_quantity, open_amount = open_quantity - part, open_amount - value
        if amount < 0:
            rest += amount
    merged: dict[int, dict[str, Any]] = {}
    for row in suggested:
        kept = merged.setdefault(row["receipt_line"], {**row, "quantity": ZERO, "amount": ZERO})
        kept["quantity"] += row["quantity"]
        kept["amount"] += row["amount"]
    return [
        *merged.values(),
        *([{"receipt_line": None, "quantity": ZERO, "amount": rest}] if rest and merged else []),
    ]


def taken_back(blue: SupplierInvoice, total: Decimal) -> list[dict[str, Any]]:
    """The lines of a red invoice for the whole of a blue one; of a part, the clerk says which goods it takes back."""
    if blue.invoice_total != -total:
        return []
    return [
        {"receipt_line": line.receipt_line_id, "quantity": -line.quantity, "amount": -line.amount}
        for line in blue.lines.order_by("position")
    ]


def _same(line: Mapping[str, str], waiting: Waiting) -> bool:
    name = CATEGORY.sub("", line.get("name", ""))
    spec = line.get("spec", "").replace(" ", "")
    return waiting.name in name and (not spec or not waiting.spec or spec == waiting.spec.replace(" ", ""))


def _amount(line: Mapping[str, str]) -> Decimal:
    whole = _decimal(line.get("total", ""))
    return whole or _decimal(line.get("untaxed", "")) + _decimal(line.get("tax", ""))


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return ZERO
    return value if value.is_finite() else ZERO
