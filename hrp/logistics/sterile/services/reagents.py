"""Reagents in use, what the laboratory should have consumed, and hazardous goods under two locks."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import Batch, Item, Store
from hrp.logistics.rules.expiry import ExpiryMode, in_use_expiry, last_usable_day
from hrp.logistics.sterile import rules
from hrp.logistics.sterile.models import (
    BackFlush,
    HazardEntry,
    LisCount,
    ReagentLog,
    ReagentNorm,
    ReagentVial,
)
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents import registry, services
from hrp.platform.documents.models import State
from hrp.platform.ledger.models import Fund

WORK, HAZARD = "logistics.reagent.work", "logistics.hazard.work"


@transaction.atomic
def open_vial(*, actor: User, instrument: str, batch: Batch) -> ReagentVial:
    """Open a kit on an instrument. A lot other than the one in use is logged as a change and waits for calibration."""
    scope.require(actor, WORK)
    norm = ReagentNorm.objects.filter(instrument=instrument.strip(), item=batch.item).order_by("pk").first()
    if norm is None:
        raise Invalid(
            f"{instrument} 没有 {batch.item} 的试剂定额", way_out="请先在 试剂定额 中登记。",
            problems=[Problem("没有定额", field="instrument")],
        )  # fmt: skip
    if batch.hold:
        raise Conflict(
            f"批号 {batch.lot} {batch.get_hold_display()}，不能开瓶",
            code="batch_held",
            way_out="请改用其他批号。",
        )
    day = clock.today()
    label = last_usable_day(batch.expiry, mode=ExpiryMode(batch.item.expiry_mode))
    if label < day:
        raise Conflict(
            f"批号 {batch.lot} 已于 {label} 过期，不能开瓶", code="expired", way_out="请改用其他批号并报损。"
        )
    last = ReagentVial.objects.filter(instrument=norm.instrument, item=batch.item).order_by("-pk").first()
    if last is not None and last.batch_id != batch.pk:
        write_log(
            actor=actor,
            kind="lot",
            instrument=norm.instrument,
            batch=batch,
            note=f"{last.batch.lot} → {batch.lot}",
        )
    return ReagentVial.objects.create(
        instrument=norm.instrument, item=batch.item, batch=batch, tests=norm.tests_per_kit, opened_on=day,
        opened_at=clock.now(), opened_by=actor,
        in_use_expiry=in_use_expiry(label, opened_on=day, stable_days=norm.open_days),
    )  # fmt: skip


@transaction.atomic
def close_vial(*, actor: User, vial: ReagentVial, closing: str) -> ReagentVial:
    """The kit is empty, or thrown away."""
    scope.require(actor, WORK)
    row = ReagentVial.objects.select_for_update().get(pk=vial.pk)
    if row.closing:
        raise Conflict(f"已登记{row.get_closing_display()}", way_out="请刷新页面。")
    if closing not in ReagentVial.Closing.values or not closing:
        raise Invalid("请选择结束原因", problems=[Problem("请选择", field="closing")], way_out="请选择。")
    row.closing, row.closed_at, row.closed_by = closing, clock.now(), actor
    row.save(update_fields=["closing", "closed_at", "closed_by"])
    return row


@transaction.atomic
def write_log(
    *, actor: User, kind: str, instrument: str, batch: Batch, passed: bool = True, note: str = ""
) -> ReagentLog:
    """A calibration or a control, or the change of a lot."""
    scope.require(actor, WORK)
    if kind not in ReagentLog.Kind.values or not instrument.strip():
        raise Invalid("请选择类型并填写仪器", problems=[Problem("请选择", field="kind")], way_out="请填写。")
    return ReagentLog.objects.create(
        kind=kind, instrument=instrument.strip()[:40], item_id=batch.item_id, batch=batch, passed=passed,
        note=note.strip()[:200], by=actor, at=clock.now(),
    )  # fmt: skip


def uncalibrated() -> list[ReagentVial]:
    """Kits in use of a lot that was changed to and not calibrated since."""
    found = []
    for vial in ReagentVial.objects.filter(closing="").select_related("item", "batch"):
        logs = ReagentLog.objects.filter(instrument=vial.instrument, batch=vial.batch)
        change = logs.filter(kind="lot").order_by("-pk").first()
        if change and not logs.filter(kind="calibration", passed=True, pk__gt=change.pk).exists():
            found.append(vial)
    return found


def overdue(on: dt.date) -> list[ReagentVial]:
    """Kits still in use past their stability."""
    return list(ReagentVial.objects.filter(closing="", in_use_expiry__lt=on).select_related("item", "batch"))


@dataclass(frozen=True)
class Row:
    """One reagent on one instrument in a period."""

    instrument: str
    item: Item
    variance: rules.Variance


def variances(first: dt.date, last: dt.date) -> list[Row]:
    """Counts × norm against kits opened, by instrument and reagent, in tests."""
    norms = list(ReagentNorm.objects.select_related("item").order_by("instrument", "item__code", "pk"))
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in LisCount.objects.filter(day__range=(first, last)):
        for place, value in enumerate((row.patients, row.controls, row.reruns)):
            counts[row.instrument, row.test_code][place] += value
    sums: dict[tuple[str, int], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    items = {}
    for norm in norms:
        items[norm.item_id] = norm.item
        said = counts[norm.instrument, norm.test_code]
        sums[norm.instrument, norm.item_id] = [
            so_far + rules.theoretical(count, norm.per_test)
            for so_far, count in zip(sums[norm.instrument, norm.item_id], said, strict=True)
        ]
    opened: dict[tuple[str, int], int] = defaultdict(int)
    for vial in ReagentVial.objects.filter(opened_on__range=(first, last)):
        opened[vial.instrument, vial.item_id] += vial.tests
    found = []
    for (instrument, item), (theoretical, control, rerun) in sums.items():
        taken = Decimal(opened[instrument, item])
        found.append(Row(instrument, items[item], rules.Variance(theoretical, control, rerun, taken)))
    return found


@transaction.atomic
def back_flush(*, actor: User, store: Store, org_unit_id: int, first: dt.date, last: dt.date) -> BackFlush:
    """Draft the 出库单 of what tests of a period consumed by norm (controls and re-runs too), in kits. Days only once."""
    scope.require(actor, WORK)
    Store.objects.select_for_update().get(pk=store.pk)
    if last < first:
        raise Invalid(
            "止日早于起日", problems=[Problem("早于起日", field="last_day")], way_out="请核对日期。"
        )
    for before in BackFlush.objects.filter(store=store, first_day__lte=last, last_day__gte=first):
        document = registry.load(before.source)
        if document is not None and document.state not in (State.VOID, State.REVERSED):
            raise Conflict(
                f"{before} 已倒冲（{document}）",
                code="flushed_twice",
                way_out="请改日期，或先作废、红冲那张出库单。",
            )
    per_kit = dict(ReagentNorm.objects.order_by("-pk").values_list("item_id", "tests_per_kit"))
    tests: dict[int, Decimal] = defaultdict(Decimal)
    for row in variances(first, last):
        tests[row.item.pk] += row.variance.theoretical + row.variance.control + row.variance.rerun
    lines: list[dict[str, Any]] = [
        {"item": item, "quantity": str(rules.kits(total, per_kit[item]))}
        for item, total in sorted(tests.items())
        if total
    ]
    if not lines:
        raise Conflict(
            "该期间没有可倒冲的测试数", code="nothing_to_flush", way_out="请核对 LIS 测试数与试剂定额。"
        )
    draft = services.save_draft(
        StockIssue, actor=actor, lines=lines,
        header={
            "campus": store.campus_id, "org_unit": org_unit_id, "business_date": min(last, clock.today()), "store": store.pk,
            "fund": Fund.objects.get(code="F1").pk, "note": f"试剂倒冲 {first}—{last}",
        },
    )  # fmt: skip
    return BackFlush.objects.create(
        store=store, first_day=first, last_day=last, source=draft.source, made_by=actor, made_at=clock.now()
    )


# -- hazardous goods -------------------------------------------------------------------------------------------


def hazard_balance(store_id: int, item_id: int) -> Decimal:
    """What lies under the two locks by the entries both people signed."""
    signed = HazardEntry.objects.filter(store_id=store_id, item_id=item_id).exclude(second=None)
    return sum(
        (
            quantity if kind == "in" else -quantity
            for kind, quantity in signed.exclude(kind="check").values_list("kind", "quantity")
        ),
        Decimal(0),
    )


@transaction.atomic
def enter_hazard(
    *, actor: User, store: Store, item: Item, kind: str, quantity: Decimal, purpose: str = ""
) -> HazardEntry:
    """The first person writes down what goes in or out, or was counted; nothing counts before the second signs."""
    scope.require(actor, HAZARD, store.org_unit_id)
    problems = []
    if not item.hazard:
        problems.append(Problem(f"{item} 不是危化品", field="item"))
    if kind not in HazardEntry.Kind.values:
        problems.append(Problem("请选择", field="kind"))
    if quantity < 0 or (kind != "check" and quantity == 0):
        problems.append(Problem("数量应大于零", field="quantity"))
    if kind == "out" and not purpose.strip():
        problems.append(Problem("领出须写明用途", field="purpose"))
    if problems:
        raise Invalid("危化品登记有误", problems=problems, way_out="请按标红处修改。")
    return HazardEntry.objects.create(
        store=store, item=item, kind=kind, day=clock.today(), quantity=quantity, purpose=purpose.strip()[:100], first=actor,
        first_at=clock.now(),
    )  # fmt: skip


@transaction.atomic
def confirm_hazard(*, actor: User, entry: HazardEntry) -> HazardEntry:
    """The second person, with the second key. A count that differs from the book is refused until it is cleared up."""
    scope.require(actor, HAZARD, entry.store.org_unit_id)
    Store.objects.select_for_update().get(pk=entry.store_id)
    row = HazardEntry.objects.select_for_update(of=("self",)).select_related("item", "first").get(pk=entry.pk)
    if row.second_id is not None:
        raise Conflict(f"已由 {row.second} 复核", way_out="请刷新页面。")
    if row.first_id == actor.pk:
        raise Forbidden("双人双锁：登记人不能自己复核。", way_out="请由另一位持钥匙的人复核。")
    before = hazard_balance(row.store_id, row.item_id)
    after = {"in": before + row.quantity, "out": before - row.quantity, "check": row.quantity}[row.kind]
    if after < 0:
        raise Conflict(f"{row.item} 结存只有 {before.normalize():f}", code="no_stock", way_out="请核对数量。")
    if row.kind == "check" and row.quantity != before:
        raise Conflict(
            f"{row.item} 盘点 {row.quantity.normalize():f}，账面 {before.normalize():f}，不符", code="hazard_differs",
            way_out="请立即查明原因并报告保卫部门；补登漏记的入柜或领出后重新盘点。",
        )  # fmt: skip
    row.second, row.second_at, row.balance = actor, clock.now(), after
    row.save(update_fields=["second", "second_at", "balance"])
    return row


def unchecked(on: dt.date) -> list[tuple[Store, Item]]:
    """Hazardous goods under lock that nobody counted, signed by two, on a day."""
    kept = HazardEntry.objects.exclude(second=None).values_list("store_id", "item_id").distinct().order_by()
    done = set(
        HazardEntry.objects.filter(kind="check", day=on)
        .exclude(second=None)
        .values_list("store_id", "item_id")
    )
    missing = [key for key in kept if key not in done and hazard_balance(*key) > 0]
    stores, items = _named(Store, (s for s, _ in missing)), _named(Item, (i for _, i in missing))
    return [(stores[store], items[item]) for store, item in missing]


def _named(model: Any, ids: Iterable[int]) -> dict[int, Any]:
    found: dict[int, Any] = model.objects.in_bulk(set(ids))
    return found
