"""术中扫码: one piece opened for one patient. Refused where it must not be used, naming who used it and when."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction

from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import PatientUse, TraceUnit, UnitEvent, UseCancel
from hrp.logistics.highvalue.pieces import events, labels, memo
from hrp.logistics.highvalue.services import charging
from hrp.logistics.rules.expiry import ExpiryMode, last_usable_day
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.org import parameters
from hrp.platform.org.models import OrgUnit

USE, CANCEL = "logistics.theatre.use", "logistics.patient_use.cancel"
THEATRE = rules.THEATRE


@dataclass(frozen=True)
class Visit:
    """The patient on the table: the least that is kept. ``patient`` may be the full name; it is masked here."""

    visit_no: str
    patient: str
    operation: str
    operator: str
    org_unit_id: int
    diagnosis: str = ""

    def checked(self) -> Visit:
        """Raises Invalid naming what is missing."""
        needed = {"visit_no": "就诊号", "operation": "手术名称", "operator": "手术医生"}
        problems = [
            Problem(f"请填写{title}", field=name)
            for name, title in needed.items()
            if not getattr(self, name).strip()
        ]
        if problems:
            raise Invalid("请先扫患者腕带并填写手术", problems=problems, way_out="请按标红处填写。")
        return Visit(
            self.visit_no.strip()[:40], rules.mask(self.patient)[:20], self.operation.strip()[:100],
            self.operator.strip()[:50], self.org_unit_id, self.diagnosis.strip()[:100],
        )  # fmt: skip


def standing(unit: TraceUnit) -> rules.Standing:
    """What the verdict on a piece looks at."""
    batch = unit.batch
    until = last_usable_day(
        batch.expiry, sterile_expiry=batch.sterile_expiry, mode=ExpiryMode(unit.item.expiry_mode)
    )
    return rules.Standing(rules.State(unit.state), batch.hold, until, unit.visit_no)


@transaction.atomic
def use(
    *, actor: User, visit: Visit, code: str, site: str = "", client_key: uuid.UUID | None = None
) -> PatientUse:
    """Register that a scanned piece was used for a patient. The same ``client_key`` again returns the same use.

    Raises NotFound for an unknown code, Conflict ``unit_used`` (who, when), ``unit_stopped`` (expired, held, …).
    """
    scope.require(actor, USE, visit.org_unit_id)
    if client_key is not None:
        said = PatientUse.objects.filter(client_key=client_key).first()
        if said is not None and said.raw == code.strip()[:200]:
            return said
        client_key = client_key if said is None else None
    visit = visit.checked()
    found = labels.require(code)
    events.lock([found.pk])
    unit = TraceUnit.objects.select_related("item", "batch", "store").get(pk=found.pk)
    _judge(unit, visit)
    return write(actor=actor, visit=visit, unit=unit, raw=code, site=site, client_key=client_key)


def _judge(unit: TraceUnit, visit: Visit) -> None:
    verdict, words = rules.verdict(standing(unit), visit_no=visit.visit_no, on=clock.today())
    if verdict == rules.Verdict.DUPLICATE:
        raise used(unit)
    if verdict == rules.Verdict.STOP:
        raise Conflict(
            f"{unit.uid} {unit.item} {words}", code="unit_stopped",
            way_out="请立即更换一件，并把这一件交回库管员。",
        )  # fmt: skip


def used(unit: TraceUnit) -> Conflict:
    """The refusal of a piece that has its patient, naming who registered it and when."""
    last = PatientUse.objects.filter(unit=unit, cancel=None).select_related("nurse").order_by("-pk").first()
    if last is None:
        return Conflict(f"{unit.uid} 已使用", code="unit_used", way_out="一次性器械不得重复使用。")
    return Conflict(
        f"{unit.uid} 已由 {last.nurse.display_name} 于 {clock.local(last.used_at):%Y-%m-%d %H:%M:%S} 登记用于"
        f"就诊号 {last.visit_no}（{last.patient or '—'}）{last.operation}",
        code="unit_used", way_out="一次性器械不得重复使用；确属扫错的，请先撤销那一次登记。",
    )  # fmt: skip


def write(
    *, actor: User, visit: Visit, unit: TraceUnit, raw: str, site: str = "", emergency: bool = False,
    client_key: uuid.UUID | None = None,
) -> PatientUse:  # fmt: skip
    """The use itself: fact, event, memo ledger, charge to be made. The caller has judged and locked the piece."""
    place = OrgUnit.objects.get(pk=visit.org_unit_id)
    row = PatientUse.objects.create(
        unit=unit, visit_no=visit.visit_no, patient=visit.patient, operation=visit.operation, operator=visit.operator,
        diagnosis=visit.diagnosis, site=site.strip()[:50], campus_id=place.campus_id, org_unit=place, used_on=clock.today(),
        used_at=clock.now(), nurse=actor, raw=raw.strip()[:200], emergency=emergency, client_key=client_key,
    )  # fmt: skip
    source = f"{THEATRE}:{row.pk}"
    consigned = unit.owner == TraceUnit.Owner.SUPPLIER
    if consigned and unit.store_id is not None:
        memo.write([unit], -1, kind="use", source=source, on=row.used_on)
    step = events.Step(unit.pk, rules.State.USED, None if consigned else unit.store_id)
    events.record("use", [step], source=source, actor=actor, note=f"就诊号 {visit.visit_no}")
    charging.begin(row)
    audit.record(
        actor=actor, act="logistics.theatre.use", target=f"logistics.patient_use:{row.pk}",
        summary=f"使用 {unit.uid} {unit.item}，就诊号 {visit.visit_no}", unit_id=visit.org_unit_id,
    )  # fmt: skip
    return row


@transaction.atomic
def cancel(*, actor: User, use: PatientUse, reason: str) -> UseCancel:
    """It was scanned in error: the piece goes back to where it was. Only before it is booked.

    Its own nurse within some hours, or who may cancel any.
    """
    hours = parameters.value("highvalue.cancel_hours", clock.today())
    own = use.nurse_id == actor.pk and clock.now() - use.used_at <= dt.timedelta(hours=hours)
    if not (own and scope.has(actor, USE, use.org_unit_id)):
        if not scope.has(actor, CANCEL):
            raise Forbidden(
                "您不能撤销这次使用登记。",
                way_out=f"登记人可在 {hours} 小时内自行撤销；过后请护士长或物资会计办理。",
            )
        scope.check_object(actor, CANCEL, use)
    if not reason.strip():
        raise Invalid(
            "撤销必须写明原因", problems=[Problem("请填写", field="reason")], way_out="请填写原因。"
        )
    events.lock([use.unit_id])
    if UseCancel.objects.filter(use=use).exists():
        raise Conflict("这次使用已撤销", way_out="请刷新页面。")
    unit = TraceUnit.objects.get(pk=use.unit_id)
    if unit.state != rules.State.USED:
        raise Conflict(
            f"{unit.uid} 现为“{unit.get_state_display()}”，不能撤销使用", code="use_booked",
            way_out="请先红冲含有它的高值使用单（已结算的先红冲结算单）。",
        )  # fmt: skip
    row = UseCancel.objects.create(use=use, reason=reason.strip()[:200], actor=actor, at=clock.now())
    before = UnitEvent.objects.filter(unit=unit, act="use").order_by("-pk").first()
    if before is not None:
        source = f"{THEATRE}:{use.pk}"
        step = events.Step(unit.pk, before.from_state, before.from_store_id)
        events.record("unuse", [step], source=source, actor=actor, note=row.reason)
        unit.refresh_from_db()
        if unit.owner == TraceUnit.Owner.SUPPLIER and unit.store_id is not None:
            memo.write([unit], 1, kind="use_cancel", source=source, on=clock.today())
    charging.withdraw(use)
    audit.record(
        actor=actor, act="logistics.theatre.cancel", target=f"logistics.patient_use:{use.pk}",
        summary=f"撤销使用 {unit.uid}：{row.reason}", unit_id=use.org_unit_id,
    )  # fmt: skip
    return row
