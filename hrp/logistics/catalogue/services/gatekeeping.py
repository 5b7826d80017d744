"""The gates: what stands against an order, a receipt, an issue or a settlement, and whether it blocks or only warns.

Each finding has a level set by the hospital per moment (:mod:`parameters`). A blocking one falls back to a warning
where two people signed an exception. What is not on file at all has a level of its own, so that a hospital can begin
with the papers it has.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Q

from hrp.logistics.catalogue import parameters
from hrp.logistics.catalogue.models import (
    Authorisation,
    License,
    LicenseKind,
    OneOffPurchase,
    Override,
    PriceAgreement,
    SupplyLine,
)
from hrp.logistics.catalogue.models.licenses import PRODUCT_KINDS
from hrp.logistics.catalogue.rules import chain
from hrp.logistics.catalogue.rules.lists import parts
from hrp.logistics.catalogue.services import supply
from hrp.logistics.gates import Moment
from hrp.logistics.models import Item, Supplier
from hrp.logistics.rules.valuation import line_amount
from hrp.platform.base.refusals import Problem
from hrp.platform.org import parameters as business
from hrp.platform.org.models import valid_on

DEVICE_CLASSES = ("2", "3")
"""Classes whose dealer needs an operating licence or filing."""


@dataclass(frozen=True)
class Line:
    """What a gate looks at of a document's line; ``place`` is its position from 0."""

    place: int
    item: Item
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    produced: dt.date | None = None


@dataclass(frozen=True)
class Finding:
    """Something that stands against a line, or (``line`` None) against the supplier."""

    check: str
    words: str
    level: str
    way_out: str = ""
    line: Line | None = None
    field: str = "item"
    missing: bool = False  # not on file at all, rather than ended or exceeded


@dataclass
class Case:
    """Everything the checks of one document need, read at once."""

    moment: Moment
    on: dt.date
    supplier: Supplier | None
    lines: Sequence[Line]

    def __post_init__(self) -> None:
        items = {line.item.pk for line in self.lines}
        numbers = {line.item.registration_number for line in self.lines} - {""}
        makers = {line.item.manufacturer for line in self.lines} - {""}
        supplier = self.supplier.pk if self.supplier else None
        self.papers: dict[str, list[License]] = defaultdict(list)
        self.certificates: dict[str, list[License]] = defaultdict(list)
        wanted = Q(kind__in=PRODUCT_KINDS, number__in=numbers)
        for paper in License.objects.filter(wanted | Q(supplier=supplier, supplier__isnull=False)):
            if paper.kind in PRODUCT_KINDS:
                self.certificates[paper.number].append(paper)
            else:
                self.papers[paper.kind].append(paper)
        self.links: dict[str, list[chain.Link]] = defaultdict(list)
        if supplier is not None:
            for grant in Authorisation.objects.filter(manufacturer__in=makers, is_active=True):
                link = chain.Link(grant.grantor_id, grant.grantee_id, grant.valid_from, grant.valid_to)
                self.links[grant.manufacturer].append(link)
        agreements = PriceAgreement.objects.filter(valid_on(self.on), supplier=supplier, item__in=items)
        self.agreements = {row.item_id: row for row in agreements}

    def level(self, check: str) -> str:
        return str(business.value(parameters.gate(check, self.moment), self.on))


def findings(moment: Moment, document: Any, lines: Sequence[Any], on: dt.date) -> list[Finding]:
    """What stands against a document on a day, blocking or not, worst first within a line."""
    supplier = getattr(document, "supplier", None) if getattr(document, "supplier_id", None) else None
    donated = getattr(document, "origin", "") == "donation"
    checks = [c for c in CHECKS if not (donated and c in ("price", "catalogue"))]
    levels = {check: business.value(parameters.gate(check, moment), on) for check in checks}
    wanted = [check for check in checks if levels[check] != "off"]
    if not wanted or not lines:
        return []
    items = Item.objects.in_bulk({line.item_id for line in lines if getattr(line, "item_id", None)})
    taken = [
        Line(
            place, items[line.item_id], getattr(line, "quantity", None), getattr(line, "price", None),
            getattr(line, "amount", None), getattr(line, "produced", None),
        )
        for place, line in enumerate(lines)
        if getattr(line, "item_id", None) in items
    ]  # fmt: skip
    case = Case(moment, on, supplier, taken)
    found = [finding for check in wanted for finding in CHECKS[check](case)]
    return _excepted(case, [one for one in found if one.level != "off"])


def problems(moment: Moment) -> Callable[[Any, Sequence[Any], dt.date], list[Problem]]:
    """The check of a gate: what blocks, as problems at their lines."""

    def check(document: Any, lines: Sequence[Any], on: dt.date) -> list[Problem]:
        return [
            Problem(one.words, field=one.field if one.line else "supplier", line=one.line.place if one.line else None, way_out=one.way_out)
            for one in findings(moment, document, lines, on)
            if one.level == "block"
        ]  # fmt: skip

    return check


def _excepted(case: Case, found: list[Finding]) -> list[Finding]:
    """Blocking findings that two people excepted become warnings that name them."""
    if not any(one.level == "block" for one in found):
        return found
    signed = list(_signed(case.on))
    supplier = case.supplier.pk if case.supplier else None
    kept = []
    for one in found:
        item = one.line.item.pk if one.line else None
        row = _of(signed, one.check, supplier, item) if one.level == "block" else None
        if row is not None:
            words = f"{one.words}；经{row.head_by}、{row.quality_by}放行：{row.reason}"
            one = replace(one, level="warn", words=words)
        kept.append(one)
    return kept


def is_excepted(check: str, supplier: int | None, item: int | None, on: dt.date) -> bool:
    """Whether two people signed an exception for this supplier or item on the day."""
    return _of(list(_signed(on)), check, supplier, item) is not None


def _signed(on: dt.date) -> Any:
    rows = Override.objects.filter(
        valid_on(on), head_by__isnull=False, quality_by__isnull=False, revoked_at=None
    )
    return rows.select_related("head_by", "quality_by")


def _of(signed: Sequence[Override], check: str, supplier: int | None, item: int | None) -> Override | None:
    for row in signed:
        if row.check_code == check and row.supplier_id in (None, supplier) and row.item_id in (None, item):
            return row
    return None


# -- the checks --------------------------------------------------------------------------------------------------


def _missing(case: Case, check: str, words: str, line: Line | None, field: str = "item") -> Iterator[Finding]:
    """Not on file: never worse than the check itself would be."""
    level = str(business.value(parameters.MISSING, case.on))
    if level == "block":
        level = case.level(check)
    yield Finding(check, words, level, "请在基础资料中补录。", line, field, missing=True)


def _papers(case: Case) -> Iterator[Finding]:
    """The supplier's own licences."""
    if case.supplier is None:
        return
    wanted = [LicenseKind.BUSINESS]
    if any(line.item.device_class in DEVICE_CLASSES for line in case.lines):
        wanted.append(LicenseKind.OPERATION)
    if any(line.item.hazard for line in case.lines):
        wanted.append(LicenseKind.HAZARDOUS)
    for kind in wanted:
        rows = case.papers[kind]
        if not rows:
            yield from _missing(case, "license", f"{case.supplier} 没有登记{kind.label}", None)
        elif not any(row.holds_on(case.on) for row in rows):
            yield _ended(case, "license", f"{case.supplier} 的{kind.label}", rows, None)


def _ended(case: Case, check: str, what: str, rows: Sequence[License], line: Line | None) -> Finding:
    latest = max(rows, key=lambda row: row.valid_to or dt.date.max)
    if latest.renewing and latest.is_active and latest.valid_to is not None and latest.valid_to < case.on:
        words = f"{what}已于 {latest.valid_to} 到期，延续受理中（{latest.renewal_number}）"
        return Finding(check, words, "warn", line=line)
    if not latest.is_active:
        words = f"{what}（{latest.number}）已吊销或注销"
    elif latest.valid_from > case.on:
        words = f"{what}自 {latest.valid_from} 起才有效"
    else:
        words = f"{what}已于 {latest.valid_to} 到期"
    return Finding(check, words, case.level(check), "请更新证照，或由科长与质控签署放行。", line)


def _certificates(case: Case) -> Iterator[Finding]:
    """The product's registration. Goods made while it was valid may still be received, with the day they were made."""
    for line in case.lines:
        item = line.item
        if not item.device_class or not item.registration_number:
            if item.device_class:
                yield from _missing(case, "certificate", f"{item} 没有登记注册证号", line)
            continue
        rows = case.certificates[item.registration_number]
        if not rows:
            yield from _missing(
                case, "certificate", f"{item} 的注册证 {item.registration_number} 没有登记有效期", line
            )
            continue
        if any(row.holds_on(case.on) for row in rows):
            continue
        ended = _ended(case, "certificate", f"{item} 的注册证 {item.registration_number} ", rows, line)
        if case.moment == Moment.RECEIPT and ended.level == "block":
            if line.produced is not None and any(row.holds_on(line.produced) for row in rows):
                ended = replace(
                    ended, level="warn", words=f"{ended.words}，产品于有效期内的 {line.produced} 生产"
                )
            elif line.produced is None:
                ended = replace(ended, way_out="产品如在有效期内生产，请填写生产日期；否则请更新注册证。")
        yield ended


def _authorisations(case: Case) -> Iterator[Finding]:
    """The supplier may sell this maker's goods: he is the maker, or a chain of authorisations leads to him."""
    if case.supplier is None:
        return
    for line in case.lines:
        maker = line.item.manufacturer
        if not maker or maker == case.supplier.name or not line.item.device_class:
            continue
        links = case.links[maker]
        if chain.reaches(case.supplier.pk, links, case.on):
            continue
        if chain.broken_on(case.supplier.pk, links, case.on):
            words = f"{case.supplier} 经销{maker}产品的授权链在 {case.on} 没有接到生产企业"
            yield Finding(
                "authorisation", words, case.level("authorisation"), "请补录或更新逐级授权书。", line
            )
        else:
            yield from _missing(case, "authorisation", f"{case.supplier} 没有登记{maker}的授权", line)


def _scopes(case: Case) -> Iterator[Finding]:
    """The item's class lies within what the supplier's operating licence names."""
    rows = [row for row in case.papers[LicenseKind.OPERATION] if row.holds_on(case.on)]
    codes = {code for row in rows for code in parts(row.scope_codes)}
    if not codes:
        return
    for line in case.lines:
        item = line.item
        own = {item.category_2002, item.category_2017[:2]} - {""}
        if item.device_class in DEVICE_CLASSES and own and not own & codes:
            words = f"{item} 的分类 {'、'.join(sorted(own))} 不在{case.supplier}的经营范围内"
            yield Finding("scope", words, case.level("scope"), "请核对经营许可证的经营范围。", line)


def _prices(case: Case) -> Iterator[Finding]:
    """Not dearer than agreed: the amount of the line against its quantity at the agreed price."""
    if case.supplier is None:
        return
    for line in case.lines:
        agreed = case.agreements.get(line.item.pk)
        if line.quantity is None or (line.price is None and line.amount is None):
            continue
        if agreed is None:
            yield from _missing(case, "price", f"{line.item} 与{case.supplier}没有价格协议", line, "price")
            continue
        amount = (
            line.amount if line.amount is not None else line_amount(line.quantity, line.price or Decimal(0))
        )
        most = line_amount(line.quantity, agreed.price)
        if amount > most:
            words = f"{line.item} 超过协议价 {agreed.price.normalize():f} 元：金额 {amount:f}，按协议最多 {most:f}"
            yield Finding(
                "price",
                words,
                case.level("price"),
                "请与供应商核对价格，或更新价格协议、签署放行。",
                line,
                "price",
            )


def _catalogue(case: Case) -> Iterator[Finding]:
    """The item is in the supply catalogue of the day, or a one-off purchase covers it."""
    kinds = parts(business.value(parameters.CATALOGUE_KINDS, case.on))
    lines = [line for line in case.lines if line.item.kind in kinds]
    version = supply.in_force(case.on) if lines else None
    if version is None:
        return
    listed = set(
        SupplyLine.objects.filter(version=version, item__in={line.item.pk for line in lines}).values_list("item_id", flat=True)
    )  # fmt: skip
    outside = [line for line in lines if line.item.pk not in listed]
    if not outside:
        return
    allowed: dict[int, Decimal] = defaultdict(Decimal)
    for row in usable_one_offs(
        case.on, case.supplier.pk if case.supplier else None, [line.item.pk for line in outside]
    ):
        allowed[row.item_id] += supply.left(row)
    for line in outside:
        allowed[line.item.pk] -= line.quantity or Decimal(0)
        if allowed[line.item.pk] < 0:
            words = f"{line.item} 不在供应目录 {version.code} 中，也没有足够的临时采购批准"
            yield Finding(
                "catalogue", words, case.level("catalogue"), "请申请临时采购，或提请委员会列入目录。", line
            )


def usable_one_offs(on: dt.date, supplier: int | None, items: Sequence[int]) -> Any:
    """Approved one-off purchases that a supplier's delivery on a day may draw on."""
    rows = OneOffPurchase.objects.filter(approved_by__isnull=False, valid_to__gte=on, item__in=items)
    return rows.filter(Q(supplier=None) | Q(supplier=supplier)).order_by("valid_to", "id")


CHECKS: dict[str, Callable[[Case], Iterator[Finding]]] = {
    "license": _papers,
    "certificate": _certificates,
    "authorisation": _authorisations,
    "scope": _scopes,
    "price": _prices,
    "catalogue": _catalogue,
}
