"""The round of a pack, one scan a step; what must not happen yet is refused with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from hrp.logistics.sterile import rules
from hrp.logistics.sterile.models import EmergencyRelease, ForeignSet, Load, Machine, Pack, PackStep, PackType
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Problem
from hrp.platform.org.models import Campus

WORK, RELEASE, USE = "logistics.pack.work", "logistics.pack.release", "logistics.pack.use"
State = rules.State
STAYS = ("use", "recall")
"""Steps that leave a pack where it is."""


@dataclass(frozen=True)
class Station:
    """Where one scans: the step, and what stays the same from pack to pack."""

    step: str
    machine: Machine | None = None
    programme: str = ""
    cycle_no: str = ""
    load: Load | None = None
    org_unit_id: int | None = None
    visit_no: str = ""
    patient: str = ""
    passed: bool = True
    note: str = ""


@transaction.atomic
def register(
    *, actor: User, pack_type: PackType, count: int, campus: Campus, foreign_set: ForeignSet | None = None
) -> list[Pack]:
    """New packs with their bar codes."""
    scope.require(actor, WORK)
    if not 0 < count <= 200:
        raise Invalid(
            "数量应为 1 到 200", problems=[Problem("1 到 200", field="count")], way_out="请填写数量。"
        )
    rows = sql.rows("SELECT nextval('logistics_pack_code') FROM generate_series(1, %s)", [count])
    now = clock.now()
    return Pack.objects.bulk_create(
        Pack(
            barcode=f"XD{number:08d}",
            pack_type=pack_type,
            campus=campus,
            foreign_set=foreign_set,
            registered_at=now,
        )
        for (number,) in rows
    )


@transaction.atomic
def step(*, actor: User, station: Station, barcode: str) -> PackStep:
    """One scan at a station. Raises NotFound for an unknown code, Conflict with the reason when it may not be now."""
    scope.require(actor, USE if station.step == "use" else WORK)
    if station.step not in rules.SCANNED:
        raise Invalid("没有这个步骤", way_out="请选择步骤。")
    _require_station(station)
    pack = locked(barcode)
    if station.step == "use":
        scope.require(actor, USE, station.org_unit_id or pack.org_unit_id)
    _require_ready(pack, station)
    return write(actor=actor, packs=[pack], station=station)[0]


def _require_station(station: Station) -> None:
    problems = []
    if station.step in rules.MACHINED and station.step != "sterilise":
        if station.machine is None:
            problems.append(Problem("请选择设备", field="machine"))
        if not station.cycle_no.strip():
            problems.append(Problem("请填写设备锅次", field="cycle_no"))
    if station.step == "sterilise" and station.load is None:
        problems.append(Problem("请先开锅次", field="load"))
    if station.step in ("issue", "recover") and station.org_unit_id is None:
        problems.append(Problem("请选择科室", field="org_unit"))
    if station.step == "use" and not station.visit_no.strip():
        problems.append(Problem("请扫患者腕带", field="visit_no"))
    if problems:
        raise Invalid("本步骤还缺信息", problems=problems, way_out="请按标红处填写。")


def locked(barcode: str) -> Pack:
    pack = (
        Pack.objects.select_for_update(of=("self",))
        .select_related("pack_type__material", "foreign_set", "load__machine")
        .filter(barcode=barcode.strip())
        .first()
    )
    if pack is None:
        raise NotFound(
            f"没有登记过包条码 {barcode.strip()[:40]}",
            code="pack_unknown",
            way_out="请核对条码；新包请先登记。",
        )
    return pack


def _require_ready(pack: Pack, station: Station) -> None:
    title = rules.STEPS[station.step]
    if not rules.may(station.step, pack.state):
        last = pack.steps.select_related("by").order_by("-pk").first()
        by = (
            f"（{last.by.display_name} {clock.local(last.at):%m-%d %H:%M} {last.get_step_display()}）"
            if last
            else ""
        )
        raise Conflict(
            f"{pack} {pack.pack_type} 现为“{pack.get_state_display()}”{by}，不能{title}", code="pack_state",
            way_out="请按 回收→清洗→消毒→检查包装→灭菌→放行→储存→发放→使用 的顺序办理。",
        )  # fmt: skip
    if station.step == "sterilise" and station.load is not None and station.load.results.exists():
        raise Conflict(
            f"{station.load} 已登记监测结果，不能再装载", code="load_closed", way_out="请另开锅次。"
        )
    if station.step in ("store", "issue", "use") and pack.expiry is not None and pack.expiry < clock.today():
        raise Conflict(
            f"{pack} 已于 {pack.expiry} 失效，不能{title}", code="pack_expired", way_out="请回收重新处理。"
        )
    foreign = pack.foreign_set
    if station.step == "use" and foreign is not None and foreign.visit_no != station.visit_no.strip():
        raise Conflict(
            f"{pack} 是为就诊号 {foreign.visit_no} 送来的外来器械", code="pack_other", way_out="请核对患者。"
        )
    if station.step == "use" and pack.load is not None:
        early = EmergencyRelease.objects.filter(pack=pack, load=pack.load).first()
        unread = not pack.load.results.filter(kind="biological", passed=True).exists()
        if early is not None and unread and early.visit_no != station.visit_no.strip():
            raise Conflict(
                f"{pack} 是为就诊号 {early.visit_no} 紧急放行的，生物监测尚未出结果", code="pack_other",
                way_out="请核对患者；用于他人须等生物监测合格。",
            )  # fmt: skip


@transaction.atomic
def write(*, actor: User, packs: Sequence[Pack], station: Station) -> list[PackStep]:
    """The facts of one step for packs that are locked and judged."""
    now = clock.now()
    rows = []
    for pack in packs:
        sterilised = station.step == "sterilise"
        expiry = (
            rules.pack_expiry(clock.today(), pack.pack_type.material.shelf_days)
            if sterilised
            else pack.expiry
        )
        to = rules.leads_to(station.step, passed=station.passed)
        load = station.load if sterilised else pack.load
        rows.append(
            PackStep(
                pack=pack, round=pack.round + (station.step == "recover"), step=station.step, passed=station.passed,
                from_state=pack.state, to_state=to, machine=station.load.machine if sterilised and station.load else station.machine,
                programme=station.load.programme if sterilised and station.load else station.programme[:40],
                cycle_no=str(station.load.number) if sterilised and station.load else station.cycle_no.strip()[:20],
                load=None if to == State.SOILED and station.step != "fail" else load,
                org_unit_id=station.org_unit_id or (pack.org_unit_id if station.step in STAYS else None),
                visit_no=station.visit_no.strip()[:40], patient=_masked(station.patient),
                expiry=None if to == State.SOILED else expiry, price=pack.pack_type.price if station.step == "issue" else 0,
                by=actor, at=now, note=station.note[:200],
            )
        )  # fmt: skip
    return PackStep.objects.bulk_create(rows)


def _masked(name: str) -> str:
    name = "".join(name.split())
    return (name[:1] + "*" * max(1, len(name) - 1))[:20] if name else ""


def expiring(on: dt.date, days: int) -> int:
    """Sterile packs that expire within so many days."""
    return Pack.objects.filter(
        state__in=(State.STERILE, State.STORED), expiry__lte=on + dt.timedelta(days=days)
    ).count()
