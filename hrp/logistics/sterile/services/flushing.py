"""倒冲: what was consumed by norm, drafted as a 出库单 of the store; each day once, until the draft is void or reversed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Store
from hrp.logistics.sterile import rules
from hrp.logistics.sterile.models import BackFlush, PackStep, ReagentNorm
from hrp.logistics.sterile.services import cycle, reagents
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import services
from hrp.platform.ledger.models import Fund

RIGHTS = {BackFlush.Kind.REAGENT: reagents.WORK, BackFlush.Kind.PACK: cycle.WORK}


def tests_used(store: Store, first: dt.date, last: dt.date) -> dict[int, Decimal]:
    """Kits by item: tests × norm of the instruments a store serves, controls and re-runs too."""
    per_kit = dict(
        ReagentNorm.objects.filter(store=store).order_by("-pk").values_list("item_id", "tests_per_kit")
    )
    tests: dict[int, Decimal] = {}
    for row in reagents.variances(first, last, store_id=store.pk):
        v = row.variance
        tests[row.item.pk] = tests.get(row.item.pk, Decimal(0)) + v.theoretical + v.control + v.rerun
    return {item: rules.kits(total, per_kit[item]) for item, total in tests.items() if total}


def supplies_used(store: Store, first: dt.date, last: dt.date) -> dict[int, Decimal]:
    """Supplies by item: packs wrapped on those days × what their type uses up. A campus has one sterile supply."""
    wrapped = PackStep.objects.filter(
        step="pack", passed=True, pack__campus=store.campus_id, at__gte=clock.start_of_day(first),
        at__lt=clock.start_of_day(last + dt.timedelta(days=1)),
    )  # fmt: skip
    rows = (
        wrapped.filter(pack__pack_type__supplies__isnull=False)
        .values_list("pack__pack_type__supplies__item")
        .annotate(total=Sum(F("pack__pack_type__supplies__quantity")))
    )
    return {item: total for item, total in rows.order_by() if total}


@transaction.atomic
def back_flush(
    *,
    actor: User,
    store: Store,
    org_unit_id: int,
    first: dt.date,
    last: dt.date,
    kind: str = BackFlush.Kind.REAGENT,
) -> BackFlush:
    """Draft the 出库单 of what a period consumed. Raises Conflict for days flushed already, and when there is nothing."""
    chosen = BackFlush.Kind(kind)
    scope.require(actor, RIGHTS[chosen], store.org_unit_id)
    Store.objects.select_for_update().get(pk=store.pk)
    if last < first or last > clock.today():
        words = "止日早于起日" if last < first else "止日还没有到"
        raise Invalid(words, problems=[Problem(words, field="last_day")], way_out="请核对日期。")
    same = BackFlush.objects.filter(kind=chosen, first_day__lte=last, last_day__gte=first)
    same = (
        same.filter(store=store)
        if chosen == BackFlush.Kind.REAGENT
        else same.filter(store__campus=store.campus_id)
    )
    for before in same:
        if reagents.stands(before):
            raise Conflict(
                f"{before} 已倒冲", code="flushed_twice", way_out="请改日期，或先作废、红冲那张出库单。"
            )
    used = tests_used if chosen == BackFlush.Kind.REAGENT else supplies_used
    found = used(store, first, last)
    if not found:
        raise Conflict(
            "该期间没有可倒冲的消耗", code="nothing_to_flush", way_out="请核对测试数或包装登记，以及定额。"
        )
    return _draft(actor, store, org_unit_id, first, last, chosen, found)


def _draft(
    actor: User, store: Store, org_unit_id: int, first: dt.date, last: dt.date, kind: BackFlush.Kind,
    found: Mapping[int, Decimal],
) -> BackFlush:  # fmt: skip
    draft = services.save_draft(
        StockIssue, actor=actor,
        lines=[{"item": item, "quantity": str(quantity)} for item, quantity in sorted(found.items())],
        header={
            "campus": store.campus_id, "org_unit": org_unit_id, "business_date": min(last, clock.today()), "store": store.pk,
            "fund": Fund.objects.get(code="F1").pk, "note": f"{kind.label}倒冲 {first}—{last}",
        },
    )  # fmt: skip
    return BackFlush.objects.create(
        kind=kind,
        store=store,
        first_day=first,
        last_day=last,
        source=draft.source,
        made_by=actor,
        made_at=clock.now(),
    )
