"""The round of a pack, one scan a step; what must not happen yet is refused with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from hrp.logistics.sterile import rules
from hrp.logistics.sterile.models import (
    EmergencyRelease,
    ForeignSet,
    Load,
    LoadResult,
    Machine,
    Pack,
    PackStep,
    PackType,
)
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, sql
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from hrp.platform.org.models import Campus

WORK, RELEASE, USE = "logistics.pack.work", "logistics.pack.release", "logistics.pack.use"
State = rules.State
FOREIGN_FIELDS = ("supplier", "name", "contents", "pieces", "weight_g", "photo", "has_implant", "visit_no")


@dataclass(frozen=True)
class Station:
    """Where one scans: the step, and what stays the same from pack to pack."""

    step: str
    machine: Machine | None = None
    programme: str = ""
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
def start_load(*, actor: User, machine: Machine, programme: str) -> Load:
    """A new run of a steriliser; runs are numbered by machine and day."""
    scope.require(actor, WORK)
    if machine.kind != Machine.Kind.STERILISER or not machine.is_active:
        raise Invalid(
            f"{machine} 不是在用的灭菌器",
            problems=[Problem("请选择灭菌器", field="machine")],
            way_out="请选择灭菌器。",
        )
    Machine.objects.select_for_update().get(pk=machine.pk)
    day = clock.today()
    last = Load.objects.filter(machine=machine, day=day).aggregate(last=Max("number"))["last"] or 0
    return Load.objects.create(
        machine=machine,
        day=day,
        number=last + 1,
        programme=programme.strip()[:40],
        operator=actor,
        started_at=clock.now(),
    )


@transaction.atomic
def step(*, actor: User, station: Station, barcode: str) -> PackStep:
    """One scan at a station. Raises NotFound for an unknown code, Conflict with the reason when it may not be now."""
    scope.require(actor, USE if station.step == "use" else WORK)
    if station.step not in rules.SCANNED:
        raise Invalid("没有这个步骤", way_out="请选择步骤。")
    _require_station(station)
    pack = _locked(barcode)
    _require_ready(pack, station)
    return write(actor=actor, packs=[pack], station=station)[0]


def _require_station(station: Station) -> None:
    problems = []
    if station.step in rules.MACHINED and station.step != "sterilise" and station.machine is None:
        problems.append(Problem("请选择设备", field="machine"))
    if station.step == "sterilise" and station.load is None:
        problems.append(Problem("请先开锅次", field="load"))
    if station.step in ("issue", "recover") and station.org_unit_id is None:
        problems.append(Problem("请选择科室", field="org_unit"))
    if station.step == "use" and not station.visit_no.strip():
        problems.append(Problem("请扫患者腕带", field="visit_no"))
    if problems:
        raise Invalid("本步骤还缺信息", problems=problems, way_out="请按标红处填写。")


def _locked(barcode: str) -> Pack:
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
                load=None if to == State.SOILED and station.step != "fail" else load, org_unit_id=station.org_unit_id,
                visit_no=station.visit_no.strip()[:40], patient=_masked(station.patient),
                expiry=None if to == State.SOILED else expiry, price=pack.pack_type.price if station.step == "issue" else 0,
                by=actor, at=now, note=station.note[:200],
            )
        )  # fmt: skip
    return PackStep.objects.bulk_create(rows)


def _masked(name: str) -> str:
    name = "".join(name.split())
    return (name[:1] + "*" * max(1, len(name) - 1))[:20] if name else ""


# -- loads -----------------------------------------------------------------------------------------------------


def results_of(load: Load) -> rules.Results:
    """What the monitors of a load say so far."""
    said = dict(load.results.values_list("kind", "passed"))
    return rules.Results(said.get("physical"), said.get("chemical"), said.get("biological"))


@transaction.atomic
def record_result(*, actor: User, load: Load, kind: str, passed: bool, reading: str = "") -> LoadResult:
    """Read one monitor. A failed one takes every pack of the load that is still here back to be processed anew.

    A biological monitor that fails after packs were let go recalls the load.
    """
    scope.require(actor, RELEASE)
    row = Load.objects.select_for_update(of=("self",)).select_related("machine").get(pk=load.pk)
    if kind not in LoadResult.Kind.values:
        raise Invalid("请选择监测", problems=[Problem("请选择", field="kind")], way_out="请选择监测。")
    if row.results.filter(kind=kind).exists():
        raise Conflict(
            f"{row} 的{LoadResult.Kind(kind).label}已登记", way_out="监测结果不能修改；有疑问请召回该锅次。"
        )
    result = LoadResult.objects.create(
        load=row, kind=kind, passed=passed, reading=reading.strip()[:100], by=actor, at=clock.now()
    )
    if not passed:
        waiting = _packs(row, State.IN_LOAD)
        write(actor=actor, packs=waiting, station=Station("fail", load=row, note=str(result)))
        if _packs(row, State.STERILE, State.STORED, State.ISSUED, State.USED) and row.recalled_at is None:
            recall_load(actor=actor, load=row, reason=str(result))
    audit.record(
        actor=actor,
        act="logistics.pack.result",
        target=f"logistics.sterile_load:{row.pk}",
        summary=f"{row} {result}",
    )
    return result


def _packs(load: Load, *states: State) -> list[Pack]:
    """Packs that were last sterilised in a load, locked, in states."""
    return list(
        Pack.objects.select_for_update(of=("self",)).select_related("pack_type__material", "foreign_set")
        .filter(load=load, state__in=states).order_by("pk")
    )  # fmt: skip


def implants(pack: Pack) -> bool:
    return pack.pack_type.implant or bool(pack.foreign_set and pack.foreign_set.has_implant)


@transaction.atomic
def release(*, actor: User, load: Load) -> tuple[int, list[str]]:
    """放行 every pack of a load that may go; how many went, and why others stay."""
    scope.require(actor, RELEASE)
    Load.objects.select_for_update(of=("self",)).get(pk=load.pk)
    results = results_of(load)
    excepted = set(EmergencyRelease.objects.filter(load=load).values_list("pack_id", flat=True))
    going, staying = [], []
    for pack in _packs(load, State.IN_LOAD):
        why = rules.keeps_back(results, implant=implants(pack), excepted=pack.pk in excepted)
        if why:
            staying.append(f"{pack} {pack.pack_type}：{why}")
        else:
            going.append(pack)
    if not going:
        raise Conflict(
            f"{load} 没有可以放行的包", problems=[Problem(one) for one in staying[:20]], code="not_released",
            way_out="请先登记监测结果；植入物须等生物监测合格。",
        )  # fmt: skip
    write(actor=actor, packs=going, station=Station("release"))
    return len(going), staying


@transaction.atomic
def release_early(*, actor: User, pack: Pack, reason: str, indicator: str, visit_no: str) -> EmergencyRelease:
    """紧急放行 of a pack with an implant before its biological monitor; who loaded it does not let it go."""
    scope.require(actor, RELEASE)
    row = _locked(pack.barcode)
    if row.state != State.IN_LOAD or row.load is None:
        raise Conflict(f"{row} 现为“{row.get_state_display()}”，不需要紧急放行", way_out="请刷新页面。")
    if row.load.operator_id == actor.pk:
        raise Forbidden("灭菌操作人不能自己紧急放行。", way_out="请由另一位有放行权限的人办理。")
    problems = [
        Problem("请填写", field=name)
        for name, value in (("reason", reason), ("indicator", indicator), ("visit_no", visit_no))
        if not value.strip()
    ]
    if problems:
        raise Invalid("紧急放行须写明原因、五类指示物与患者", problems=problems, way_out="请填写。")
    results = results_of(row.load)
    why = rules.keeps_back(results, implant=False, excepted=True)
    if why:
        raise Conflict(
            f"{row} 不能紧急放行：{why}", code="not_released", way_out="请先登记物理与化学监测结果。"
        )
    found = EmergencyRelease.objects.create(
        pack=row, load=row.load, reason=reason.strip()[:200], indicator=indicator.strip()[:40],
        visit_no=visit_no.strip()[:40], by=actor, at=clock.now(),
    )  # fmt: skip
    write(actor=actor, packs=[row], station=Station("release", note=f"紧急放行 五类指示物 {found.indicator}"))
    return found


@transaction.atomic
def follow_up(*, actor: User, release: EmergencyRelease, text: str) -> None:
    """What the biological monitor said afterwards, and what was told to the theatre."""
    scope.require(actor, RELEASE)
    row = EmergencyRelease.objects.select_for_update().get(pk=release.pk)
    if row.followed_at is not None:
        raise Conflict("已追踪", way_out="请刷新页面。")
    if not text.strip() or not row.load.results.filter(kind="biological").exists():
        raise Invalid(
            "请在生物监测出结果后填写追踪",
            problems=[Problem("请填写", field="follow_up")],
            way_out="先登记生物监测结果。",
        )
    row.followed_at, row.follow_up = clock.now(), text.strip()[:200]
    row.save(update_fields=["followed_at", "follow_up"])


@transaction.atomic
def recall_load(*, actor: User, load: Load, reason: str) -> list[dict[str, Any]]:
    """召回 a load: packs not used yet are taken out of use; the list names every pack and every patient."""
    scope.require(actor, RELEASE)
    row = Load.objects.select_for_update(of=("self",)).select_related("machine").get(pk=load.pk)
    if row.recalled_at is not None:
        raise Conflict(f"{row} 已召回", way_out="请刷新页面。")
    if not reason.strip():
        raise Invalid(
            "召回必须写明原因", problems=[Problem("请填写", field="reason")], way_out="请填写原因。"
        )
    row.recalled_by, row.recalled_at, row.recall_reason = actor, clock.now(), reason.strip()[:200]
    row.save(update_fields=["recalled_by", "recalled_at", "recall_reason"])
    back = _packs(row, State.STERILE, State.STORED, State.ISSUED)
    write(actor=actor, packs=back, station=Station("recall", note=row.recall_reason))
    audit.record(
        actor=actor,
        act="logistics.pack.recall",
        target=f"logistics.sterile_load:{row.pk}",
        summary=f"召回 {row}：{reason}",
    )
    return whereabouts(row)


def whereabouts(load: Load) -> list[dict[str, Any]]:
    """Every pack that was in a load: where it is, and the patient it was used for in that round."""
    found = []
    for loaded in (
        load.steps.filter(step="sterilise").select_related("pack__pack_type", "pack__org_unit").order_by("pk")
    ):
        later = PackStep.objects.filter(pack=loaded.pack, round=loaded.round).select_related("org_unit")
        use = later.filter(step="use").order_by("-pk").first()
        issue = later.filter(step="issue").order_by("-pk").first()
        same = loaded.pack.round == loaded.round
        found.append(
            {
                "pack": loaded.pack.barcode, "type": str(loaded.pack.pack_type), "round": loaded.round,
                "state": loaded.pack.get_state_display() if same else "已进入下一循环",
                "org_unit": str(issue.org_unit) if issue and issue.org_unit else "",
                "visit_no": use.visit_no if use else "", "patient": use.patient if use else "", "used_at": use.at if use else None,
            }
        )  # fmt: skip
    return found


# -- foreign instruments ---------------------------------------------------------------------------------------


@transaction.atomic
def receive_foreign(*, actor: User, pk: int | None, values: dict[str, Any]) -> ForeignSet:
    """Take a set of a supplier in: listed, counted, weighed. Changed only until it goes back."""
    scope.require(actor, WORK)
    row = (
        ForeignSet(received_by=actor, received_at=clock.now())
        if pk is None
        else ForeignSet.objects.select_for_update().get(pk=pk)
    )
    if row.returned_at is not None:
        raise Conflict(f"{row} 已归还，不能修改", way_out="请另行登记。")
    for name in FOREIGN_FIELDS:
        if name in values:
            _take(row, name, values[name])
    problems = [
        Problem("请填写", field=name.removesuffix("_id"))
        for name in ("supplier_id", "name", "contents", "pieces", "weight_g", "visit_no")
        if not getattr(row, name)
    ]
    if problems:
        raise Invalid(
            "外来器械登记不完整", problems=problems, way_out="名称、清单、件数、重量、就诊号都要写。"
        )
    row.save()
    return row


def _take(row: ForeignSet, name: str, value: Any) -> None:
    field: Any = ForeignSet._meta.get_field(name)
    if name == "has_implant":
        value = value in (True, "on", "true", "True", "1")
    elif value == "" and name not in ("name", "contents", "photo", "visit_no"):
        value = None
    try:
        setattr(row, field.attname, field.to_python(value))
    except ValidationError:
        problem = Problem("应为整数", field=name)
        raise Invalid("外来器械登记有误", problems=[problem], way_out="请按标红处修改。") from None


@transaction.atomic
def give_back(*, actor: User, foreign_set: ForeignSet, pieces: int, note: str = "") -> ForeignSet:
    """Return a set to its supplier, counted; a difference is written down. Its packs must have been cleaned after use."""
    scope.require(actor, WORK)
    row = ForeignSet.objects.select_for_update().get(pk=foreign_set.pk)
    if row.returned_at is not None:
        raise Conflict(f"{row} 已归还", way_out="请刷新页面。")
    dirty = row.packs.filter(state__in=(State.USED, State.SOILED))
    if dirty.exists():
        raise Conflict(f"{row} 使用后尚未清洗", code="not_clean", way_out="请先回收并清洗消毒后归还。")
    if pieces != row.pieces and not note.strip():
        raise Invalid(
            f"收 {row.pieces} 件，还 {pieces} 件，请说明",
            problems=[Problem("请说明差异", field="note")],
            way_out="请填写说明。",
        )
    row.returned_by, row.returned_at, row.returned_pieces, row.return_note = (
        actor,
        clock.now(),
        pieces,
        note.strip()[:200],
    )
    row.save(update_fields=["returned_by", "returned_at", "returned_pieces", "return_note"])
    return row


def expiring(on: dt.date, days: int) -> int:
    """Sterile packs that expire within so many days."""
    return Pack.objects.filter(
        state__in=(State.STERILE, State.STORED), expiry__lte=on + dt.timedelta(days=days)
    ).count()
