"""A scan taken apart and looked up: which item, how many, which lot, and what is doubtful about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db import connection

from hrp.logistics.catalogue import parameters
from hrp.logistics.catalogue.models import ItemAlias, ItemIdentifier, ScanRecord
from hrp.logistics.catalogue.rules.lists import parts
from hrp.logistics.models import Batch, Item
from hrp.logistics.rules import gs1, udi
from hrp.logistics.rules.expiry import NO_EXPIRY
from hrp.logistics.rules.scan import Scan
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org import parameters as business

LONGEST = 300
SCANNED = 12
"""Shorter texts are typed codes and names, and are not kept as scans."""


@dataclass(frozen=True)
class Resolution:
    """What a scan means. ``item`` None with a ``di`` is an identifier nobody bound yet; with ``error`` it was not read."""

    raw: str
    item: Item | None = None
    quantity: Decimal = Decimal(1)
    di: str = ""
    agency: str = ""
    lot: str = ""
    expiry: dt.date | None = None
    produced: dt.date | None = None
    serial: str = ""
    warnings: tuple[str, ...] = ()
    error: str = ""
    scan: Scan | None = field(default=None, compare=False)

    @property
    def outcome(self) -> str:
        if self.item is not None:
            return ScanRecord.Outcome.FOUND
        return ScanRecord.Outcome.UNKNOWN if self.di else ScanRecord.Outcome.UNREADABLE


def read(raw: str, *, on: dt.date | None = None) -> Scan:
    """The scan taken apart, with the separators this hospital's scanners send."""
    on = on or clock.today()
    separators = [
        one for one in parts(business.value(parameters.SEPARATORS, on)) if not gs1.SETS["X"].fullmatch(one)
    ]  # fmt: skip
    return udi.parse(raw, separators=separators, reference_year=on.year)


def resolve(raw: str, *, on: dt.date | None = None) -> Resolution:
    """Look a scan up: our own codes first, then the identifier in it. Nothing is raised for a bad scan."""
    raw, on = raw[:LONGEST], on or clock.today()
    plain = raw.strip()
    if not plain:
        return Resolution(raw, error="没有扫到内容")
    known = _identifier(plain)
    if known is not None:
        return _found(raw, known.item, known.quantity, None, on, di=known.di, agency=known.agency)
    own = (
        Item.objects.filter(code__in={plain, plain.upper(), plain.lower()}).first()
        or Item.objects.filter(barcode=plain).first()
    )
    if own is not None:
        return _found(raw, own, Decimal(1), None, on)
    labelled = _labelled(raw, plain, on)
    if labelled is not None:
        return labelled
    scan = read(raw, on=on)
    if scan.errors:
        return Resolution(raw, error=scan.errors[0].words, scan=scan)
    if not scan.di:
        return Resolution(raw, error="没有读到产品标识，请扫标签上的另一个条码", scan=scan)
    agency = scan.agency.value if scan.agency else ""
    known = _identifier(scan.di)
    if known is not None:
        early = f"产品标识 {known.di} 自 {known.valid_from} 起启用" if known.valid_from > on else ""
        return _found(raw, known.item, known.quantity, scan, on, di=scan.di, agency=agency, doubt=early)
    # the dictionary's own bar code field, with or without the zeros a GTIN is padded with
    item = Item.objects.filter(barcode__in={scan.di, scan.di.lstrip("0")} - {""}).first()
    if item is not None:
        return _found(raw, item, Decimal(1), scan, on, di=scan.di, agency=agency)
    return Resolution(
        raw, di=scan.di, agency=agency, lot=scan.lot, expiry=scan.expiry, serial=scan.serial, scan=scan,
        error=f"产品标识 {scan.di} 还没有绑定物资",
    )  # fmt: skip


def _labelled(raw: str, plain: str, on: dt.date) -> Resolution | None:
    """Our own label ``<item code>*<lot>`` (院内码); the expiry is that of the batch, the latest where a lot came twice."""
    code, star, lot = plain.partition("*")
    item = Item.objects.filter(code=code.strip().upper()).first() if star and code.strip() else None
    if item is None:
        return None
    batch = Batch.objects.filter(item=item, lot=lot.strip()).order_by("-pk").first()
    expiry = batch.expiry if batch is not None and batch.expiry != NO_EXPIRY else None
    return replace(_found(raw, item, Decimal(1), None, on), lot=lot.strip(), expiry=expiry)


def _identifier(di: str) -> ItemIdentifier | None:
    return ItemIdentifier.objects.select_related("item").filter(di=di).first()


def _found(
    raw: str,
    item: Item,
    quantity: Decimal,
    scan: Scan | None,
    on: dt.date,
    *,
    di: str = "",
    agency: str = "",
    doubt: str = "",
) -> Resolution:
    kept, warnings = surviving(item), [doubt] if doubt else []
    if kept.pk != item.pk:
        warnings.append(f"{item.code} 已合并到 {kept.code}")
    if not kept.is_active:
        warnings.append(f"{kept} {kept.get_status_display()}")
    expiry = None
    if scan is not None:
        expiry = scan.expiry or scan.best_before
        warnings += [issue.words + _known_lot(kept, scan) for issue in scan.warnings]
        if expiry is not None and expiry < on:
            warnings.append(f"已于 {expiry} 过期")
        if kept.lot_required and not scan.lot:
            warnings.append("码中没有批号，请看标签补填")
        if kept.expiry_required and expiry is None:
            warnings.append("码中没有有效期，请看标签补填")
    return Resolution(
        raw, item=kept, quantity=quantity, di=di, agency=agency, scan=scan, warnings=tuple(warnings),
        lot=scan.lot if scan else "", expiry=expiry, produced=scan.prod_date if scan else None,
        serial=scan.serial if scan else "",
    )  # fmt: skip


def _known_lot(item: Item, scan: Scan) -> str:
    """A shorter lot of the item that the scanned one begins with: what it probably was before it swallowed a date."""
    starts = [scan.lot[:length] for length in range(1, len(scan.lot))]
    known = Batch.objects.filter(item=item, lot__in=starts).values_list("lot", flat=True)
    longest = max(known, key=len, default="")
    return f"；曾入库批号 {longest}" if longest else ""


SURVIVING = """
WITH RECURSIVE way(id, depth) AS (
    SELECT %s::bigint, 0 UNION ALL
    SELECT a.into_id, way.depth + 1 FROM logistics_item_alias a JOIN way ON a.item_id = way.id
) SELECT id FROM way ORDER BY depth DESC LIMIT 1
"""


def surviving(item: Item) -> Item:
    """The item that duplicates of it were merged into: itself when it is none."""
    if not ItemAlias.objects.filter(item_id=item.pk).exists():
        return item
    with connection.cursor() as cursor:
        cursor.execute(SURVIVING, [item.pk])
        [(pk,)] = cursor.fetchall()
    return Item.objects.get(pk=pk)


def keep(found: Resolution, *, actor: User, place: str) -> None:
    """Keep the raw scan: what was on the label must be found again, whatever was made of it."""
    looks_scanned = found.scan is not None and (bool(found.di) or len(found.raw) >= SCANNED)
    if not (looks_scanned or found.di):
        return
    ScanRecord.objects.create(
        raw=found.raw, outcome=found.outcome, di=found.di[:60], item=found.item, lot=found.lot[:40],
        serial=found.serial[:40], warnings="；".join(found.warnings)[:500], place=place[:60], scanned_by=actor,
        scanned_at=clock.now(),
    )  # fmt: skip
