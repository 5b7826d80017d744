"""Reagents in use: opened, changed of lot, calibrated, and what the laboratory should have consumed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BooleanField, Case, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from hrp.logistics.models import Batch, Item
from hrp.logistics.rules.expiry import ExpiryMode, in_use_expiry, last_usable_day
from hrp.logistics.sterile import rules
from hrp.logistics.sterile.models import BackFlush, LisCount, ReagentLog, ReagentNorm, ReagentVial
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import registry
from hrp.platform.documents.models import State

WORK, EDIT = "logistics.reagent.work", "logistics.reagent.edit"


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


def with_calibration(vials: QuerySet[ReagentVial]) -> QuerySet[Any]:
    """Kits with ``uncalibrated``: their lot was changed to on the instrument and not calibrated since."""
    logs = ReagentLog.objects.filter(instrument=OuterRef("instrument"), batch=OuterRef("batch"))
    change = logs.filter(kind="lot").order_by("-pk").values("pk")[:1]
    passed = logs.filter(kind="calibration", passed=True).order_by("-pk").values("pk")[:1]
    return vials.annotate(changed=Subquery(change), calibrated=Coalesce(Subquery(passed), 0)).annotate(
        uncalibrated=Case(
            When(changed__gt=F("calibrated"), then=True), default=False, output_field=BooleanField()
        )
    )  # fmt: skip


def uncalibrated() -> list[ReagentVial]:
    """Kits in use of a lot that was changed to and not calibrated since."""
    rows = with_calibration(ReagentVial.objects.filter(closing="").select_related("item", "batch"))
    return list(rows.filter(uncalibrated=True))


def overdue(on: dt.date) -> list[ReagentVial]:
    """Kits still in use past their stability."""
    return list(ReagentVial.objects.filter(closing="", in_use_expiry__lt=on).select_related("item", "batch"))


@dataclass(frozen=True)
class Row:
    """One reagent on one instrument in a period."""

    instrument: str
    item: Item
    variance: rules.Variance


def variances(first: dt.date, last: dt.date, *, store_id: int | None = None) -> list[Row]:
    """Counts × norm against kits opened, by instrument and reagent, in tests; of one store, those it serves."""
    rows = ReagentNorm.objects.select_related("item").order_by("instrument", "item__code", "pk")
    norms = list(rows if store_id is None else rows.filter(store=store_id))
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


# -- counts of the laboratory ------------------------------------------------------------------------------------


def flushed(day: dt.date, instrument: str) -> BackFlush | None:
    """The back-flush that stands over a day of an instrument, if there is one."""
    stores = ReagentNorm.objects.filter(instrument=instrument).values("store")
    rows = BackFlush.objects.filter(kind="reagent", store__in=stores, first_day__lte=day, last_day__gte=day)
    return next((row for row in rows if stands(row)), None)


def stands(row: BackFlush) -> bool:
    """Whether the 出库单 of a back-flush is neither void nor reversed."""
    document = registry.load(row.source)
    return document is not None and document.state not in (State.VOID, State.REVERSED)


@transaction.atomic
def save_count(*, actor: User, pk: int | None, values: dict[str, Any]) -> LisCount:
    """Take a day's tests of an instrument, typed or sent; the same key again corrects it. What was back-flushed stays."""
    scope.require(actor, EDIT)
    row = LisCount.objects.select_for_update().get(pk=pk) if pk is not None else LisCount()
    before = (row.instrument, row.day)
    for name in ("instrument", "test_code", "day", "patients", "controls", "reruns"):
        if name in values:
            _set(row, name, values[name])
    problems = [
        Problem("请填写", field=name) for name in ("instrument", "test_code", "day") if not getattr(row, name)
    ]
    if problems:
        raise Invalid("测试数登记不完整", problems=problems, way_out="请按标红处填写。")
    if pk is None:
        same = LisCount.objects.select_for_update().filter(
            instrument=row.instrument, test_code=row.test_code, day=row.day
        ).first()  # fmt: skip
        if same is not None:
            same.patients, same.controls, same.reruns = row.patients, row.controls, row.reruns
            row = same
    for instrument, day in {
        (row.instrument, row.day),
        before if pk is not None else (row.instrument, row.day),
    }:
        done = flushed(day, instrument)
        if done is not None:
            raise Conflict(
                f"{instrument} {day} 的测试数已倒冲（{done}），不能再改", code="flushed",
                way_out="请先作废或红冲那张出库单，更正后重新倒冲。",
            )  # fmt: skip
    row.save()
    return row


def _set(row: LisCount, name: str, value: Any) -> None:
    field: Any = LisCount._meta.get_field(name)
    try:
        setattr(
            row,
            name,
            field.to_python(value if value != "" else field.get_default() if name != "day" else None),
        )
        if name in ("patients", "controls", "reruns"):
            if getattr(row, name) is None:
                setattr(row, name, 0)
            field.run_validators(getattr(row, name))
    except ValidationError:
        raise Invalid(
            "测试数登记有误", problems=[Problem("看不懂", field=name)], way_out="数量为不小于零的整数，日期写成 2026-11-23。"
        ) from None  # fmt: skip
    if isinstance(getattr(row, name), str):
        setattr(row, name, getattr(row, name).strip())
