"""锅次: a run of a steriliser, its monitors, what it lets go and what it calls back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max

from hrp.logistics.sterile import rules
from hrp.logistics.sterile.models import EmergencyRelease, Load, LoadResult, Machine, Pack, PackStep
from hrp.logistics.sterile.services.cycle import RELEASE, USE, WORK, Station, locked, write
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.notify import services as notify

State = rules.State
VIEW = "logistics.pack.view"
HIDDEN = "（他科患者）"


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
    if not programme.strip():
        raise Invalid(
            "请填写灭菌程序", problems=[Problem("请填写", field="programme")], way_out="请填写灭菌程序。"
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


def results_of(load: Load) -> rules.Results:
    """What the monitors of a load say so far."""
    said = dict(load.results.values_list("kind", "passed"))
    return rules.Results(said.get("physical"), said.get("chemical"), said.get("biological"))


@transaction.atomic
def record_result(*, actor: User, load: Load, kind: str, passed: bool, reading: str = "") -> LoadResult:
    """Read one monitor. A failed one takes every pack of the load that is still here back to be processed anew, and
    recalls the load when packs of it were let go before."""
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
        # packs used and recovered since are in another load by now; their patients were exposed all the same
        if row.recalled_at is None and row.steps.filter(step="release").exists():
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
def release_early(
    *, actor: User, pack: Pack, reason: str, indicator: str, indicator_passed: bool, visit_no: str
) -> EmergencyRelease:
    """紧急放行 of a pack with an implant before its biological monitor, for one patient, its class-5 indicator (``indicator``
    is its lot) having passed; who loaded it does not let it go."""
    scope.require(actor, RELEASE)
    row = locked(pack.barcode)
    if row.state != State.IN_LOAD or row.load is None:
        raise Conflict(f"{row} 现为“{row.get_state_display()}”，不需要紧急放行", way_out="请刷新页面。")
    if not implants(row):
        raise Conflict(f"{row} 不含植入物，不需要紧急放行", way_out="请直接放行该锅次。")
    if row.load.operator_id == actor.pk:
        raise Forbidden("灭菌操作人不能自己紧急放行。", way_out="请由另一位有放行权限的人办理。")
    problems = [
        Problem("请填写", field=name)
        for name, value in (("reason", reason), ("indicator", indicator), ("visit_no", visit_no))
        if not value.strip()
    ]
    if problems:
        raise Invalid("紧急放行须写明原因、五类指示物与患者", problems=problems, way_out="请填写。")
    if not indicator_passed:
        raise Conflict(
            f"{row} 的五类化学指示物不合格，不能紧急放行",
            code="indicator_failed",
            way_out="请登记化学监测不合格并重新处理。",
        )
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
    write(
        actor=actor,
        packs=[row],
        station=Station("release", note=f"紧急放行 五类指示物 {found.indicator} 合格"),
    )
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
    found = whereabouts(row)
    _tell(row, found)
    audit.record(
        actor=actor,
        act="logistics.pack.recall",
        target=f"logistics.sterile_load:{row.pk}",
        summary=f"召回 {row}：{reason}",
    )
    return found


def _tell(load: Load, found: list[dict[str, Any]]) -> None:
    """A notice to who uses packs in the departments that were given some, and to who releases."""
    units = {row["org_unit_id"] for row in found if row["org_unit_id"]}
    people = [
        person
        for person in User.objects.filter(is_active=True, is_machine=False, duty="business")
        if scope.has(person, RELEASE) or any(scope.has(person, USE, unit) for unit in units)
    ]
    used = sum(1 for row in found if row["visit_no"])
    if people:
        notify.notify(
            recipients=people, kind="logistics.sterile", title=f"召回 {load}",
            body=f"{load.recall_reason}。共 {len(found)} 个包，{used} 个已用于患者；未用的请立即停用并交回消毒供应中心。",
            url=f"/logistics/sterile-loads/{load.pk}", dedupe_key=f"sterile:recall:{load.pk}",
        )  # fmt: skip


def whereabouts(load: Load, *, reader: User | None = None) -> list[dict[str, Any]]:
    """Every pack that was in a load: where it is, and the patient it was used for in that round; to a ``reader`` patients
    of departments they do not see remain unnamed."""
    seen = scope.units(reader, VIEW) if reader is not None else None
    loaded = list(
        load.steps.filter(step="sterilise").select_related("pack__pack_type", "pack__foreign_set").order_by("pk")
    )  # fmt: skip
    last: dict[tuple[int, int, str], PackStep] = {
        (step.pack_id, step.round, step.step): step
        for step in PackStep.objects.filter(
            pack__in=[one.pack_id for one in loaded], step__in=("issue", "use")
        ).select_related("org_unit").order_by("pk")
    }  # fmt: skip
    found = []
    for one in loaded:
        issue, use = (last.get((one.pack_id, one.round, step)) for step in ("issue", "use"))
        place = use or issue
        is_named = use is not None and (seen is None or use.org_unit_id in seen)
        found.append(
            {
                "pack": one.pack.barcode, "type": str(one.pack.foreign_set or one.pack.pack_type), "round": one.round,
                "state": one.pack.get_state_display() if one.pack.round == one.round else "已进入下一循环",
                "org_unit": str(place.org_unit or "") if place else "", "org_unit_id": place.org_unit_id if place else None,
                "visit_no": (use.visit_no if is_named else HIDDEN) if use else "", "patient": use.patient if use and is_named else "",
                "used_at": use.at if use else None,
            }
        )  # fmt: skip
    return found
