"""Named reads of the catalogue."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from hrp.logistics.catalogue import parameters
from hrp.logistics.catalogue.models import ItemIdentifier, ItemUnit, VolumeContract
from hrp.logistics.catalogue.rules.volume import Progress, progress
from hrp.logistics.models import Item
from hrp.logistics.rules.units import Unit
from hrp.platform.org import parameters as business

LONGEST = 24
"""Endings of words are kept to this length; a longer word asked for is cut to it."""


def search_query(text: str) -> str:
    """What somebody typed as a tsquery: every word must begin one of the item's endings."""
    words = unicodedata.normalize("NFKC", text).lower().split()
    quoted = (word[:LONGEST].replace("\\", "\\\\").replace("'", "''") for word in words)
    return " & ".join(f"'{word}':*" for word in quoted)


def find_items(rows: QuerySet[Item], text: str) -> QuerySet[Item]:
    """Items of ``rows`` that ``text`` names: by any part of name, spec, pinyin, code, certificate, DI or maker.

    An item whose code is the text comes first, then those in use, by code.
    """
    query = search_query(text)
    if not query:
        return rows
    found = rows.filter(
        pk__in=RawSQL("SELECT item_id FROM logistics_item_search WHERE vector @@ %s::tsquery", [query])
    )
    code = text.strip()
    rank = Case(
        When(code__in={code, code.upper(), code.lower()}, then=Value(0)),
        When(status=Item.Status.ACTIVE, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return found.order_by(rank, "code")


def units_of(item: Item) -> list[Unit]:
    """The base unit and those defined beside it, smallest first."""
    rows = ItemUnit.objects.filter(item=item).order_by("num")
    return [Unit(item.unit, 1), *(Unit(row.name, row.num, row.den) for row in rows)]


VOLUME = """
SELECT v.selected, coalesce(sum(m.quantity), 0)
FROM logistics_volume_item v
LEFT JOIN logistics_move m ON m.item_id = v.item_id AND m.date BETWEEN %s AND %s AND m.kind = ANY(%s)
WHERE v.contract_id = %s GROUP BY 1
"""
MEASURES = {"received": (["receipt", "receipt_reversal"], 1), "issued": (["issue", "issue_reversal"], -1)}


def volume_progress(contract: VolumeContract, on: dt.date) -> tuple[Progress, Decimal]:
    """How far a 集采 contract is on a day, and the quantity of selected products so far."""
    kinds, sign = MEASURES[business.value(parameters.VOLUME_MEASURE, on)]
    with connection.cursor() as cursor:
        cursor.execute(VOLUME, [contract.valid_from, min(on, contract.valid_to), kinds, contract.pk])
        done: dict[bool, Decimal] = dict(cursor.fetchall())
    selected, unselected = (done.get(flag, Decimal(0)) * sign for flag in (True, False))
    found = progress(
        agreed=contract.agreed, selected=selected, unselected=unselected, first=contract.valid_from, last=contract.valid_to,
        on=on, tolerance=business.value(parameters.VOLUME_LAG, on), cap=business.value(parameters.VOLUME_CAP, on),
    )  # fmt: skip
    return found, selected


def catalogue_changes(version: Any, before: Any) -> tuple[list[Item], list[Item]]:
    """Items a version of the supply catalogue added and left out against the one before it."""
    now = set(version.lines.values_list("item_id", flat=True))
    then = set(before.lines.values_list("item_id", flat=True)) if before is not None else set()
    items = Item.objects.in_bulk(now ^ then)
    by_code = sorted(items.values(), key=lambda item: item.code)
    return [i for i in by_code if i.pk in now], [i for i in by_code if i.pk in then]


def codes_of(item_ids: Sequence[int]) -> dict[int, list[str]]:
    """The identifiers of items at every level of packing, by item."""
    found: dict[int, list[str]] = {}
    rows = ItemIdentifier.objects.filter(item__in=item_ids).order_by("item_id", "quantity")
    for item, di in rows.values_list("item_id", "di"):
        found.setdefault(item, []).append(di)
    return found
